package form

// Categories and types of ECS.
var (
	process        = []string{"process"}
	file           = []string{"file"}
	network        = []string{"network"}
	driver         = []string{"driver"}
	host           = []string{"host"}
	iam            = []string{"iam"}
	session        = []string{"session"}
	configuration  = []string{"configuration"}
	authenticating = []string{"authentication"}

	info       = []string{"info"}
	access     = []string{"access"}
	change     = []string{"change"}
	creation   = []string{"creation"}
	deletion   = []string{"deletion"}
	start      = []string{"start"}
	end        = []string{"end"}
	connection = []string{"connection"}
	connecting = []string{"connection", "start"}
)

// The calls whose arguments decide what they do.
var (
	openFile       = activity{"opened-file", file, access, fileActivity, 14, "opened", fileObject, informational, false}
	createFile     = activity{"opened-file", file, creation, fileActivity, 1, "created", fileObject, informational, false}
	writeFile      = activity{"opened-file", file, []string{"access", "change"}, fileActivity, 14, "opened for writing", fileObject, informational, false}
	signal         = activity{"killed-pid", process, end, processActivity, 2, "killed", processObject, informational, false}
	harmlessSignal = activity{"killed-pid", process, info, processActivity, 99, "signalled", processObject, informational, false}
)

// callActivities are what system calls do.
var callActivities = byName([]call{
	{&openFile, "open openat openat2 creat open_by_handle_at"},
	{&activity{"opened-file", file, change, fileActivity, 3, "changed the size of", fileObject, informational, false}, "truncate ftruncate truncate64 ftruncate64 fallocate"},
	{&activity{"opened-file", file, access, fileActivity, 2, "read the link", fileObject, informational, false}, "readlink readlinkat"},
	{&activity{"read-file", file, access, fileActivity, 2, "read", fileObject, informational, false}, "read pread64 readv preadv preadv2"},
	{&activity{"wrote-to-file", file, change, fileActivity, 3, "wrote to", fileObject, informational, false}, "write pwrite64 writev pwritev pwritev2"},
	{&activity{"changed-file-attributes-of", file, change, fileActivity, 6, "changed attributes of", fileObject, informational, false}, "setxattr lsetxattr fsetxattr setxattrat removexattr lremovexattr fremovexattr removexattrat file_setattr"},
	{&activity{"changed-file-permissions-of", file, change, fileActivity, 7, "changed the permissions of", fileObject, informational, false}, "chmod fchmod fchmodat fchmodat2"},
	{&activity{"changed-file-ownership-of", file, change, fileActivity, 7, "changed the owner of", fileObject, informational, false}, "chown fchown fchownat lchown chown32 fchown32 lchown32"},
	{&activity{"changed-timestamp-of", file, change, fileActivity, 6, "changed the times of", fileObject, informational, false}, "utime utimes futimesat utimensat utimensat_time64"},
	{&activity{"checked-metadata-of", file, access, fileActivity, 8, "looked at", fileObject, informational, false}, "access faccessat faccessat2 stat lstat fstat stat64 lstat64 fstat64 fstatat64 newfstatat statx getxattr lgetxattr fgetxattr getxattrat listxattr llistxattr flistxattr listxattrat"},
	{&activity{"checked-filesystem-metadata-of", file, access, fileActivity, 8, "looked at the file system of", fileObject, informational, false}, "statfs fstatfs statfs64 fstatfs64"},
	{&activity{"created-directory", file, creation, fileActivity, 1, "made the directory", fileObject, informational, false}, "mkdir mkdirat"},
	{&activity{"make-device", file, creation, fileActivity, 1, "made the node", fileObject, informational, false}, "mknod mknodat"},
	{&activity{"linked", file, creation, fileActivity, 1, "linked", fileObject, informational, false}, "link linkat"},
	{&activity{"symlinked", file, creation, fileActivity, 1, "made the symbolic link", fileObject, informational, false}, "symlink symlinkat"},
	{&activity{"renamed", file, change, fileActivity, 5, "renamed", fileObject, informational, false}, "rename renameat renameat2"},
	{&activity{"deleted", file, deletion, fileActivity, 4, "deleted", fileObject, informational, false}, "rmdir unlink unlinkat"},
	{&activity{"mounted", file, creation, fileActivity, 12, "mounted", fileObject, notice, false}, "mount move_mount fsmount open_tree"},
	{&activity{"unmounted", file, deletion, fileActivity, 13, "unmounted", fileObject, notice, false}, "umount umount2"},

	{&activity{"executed", process, start, processActivity, 1, "executed", programObject, informational, false}, "execve execveat"},
	{&activity{"forked", process, start, processActivity, 1, "forked", noObject, informational, false}, "fork vfork clone clone3"},
	{&activity{"end", process, end, processActivity, 2, "ended", noObject, informational, false}, "exit exit_group"},
	{&signal, "kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal"},
	{&activity{"changed-identity-of", process, change, processActivity, 5, "changed its identity", noObject, informational, false}, "setuid setreuid setresuid setfsuid setuid32 setreuid32 setresuid32 setfsuid32"},
	{&activity{"changed-identity-of", process, change, processActivity, 99, "changed its groups", noObject, informational, false}, "setgid setregid setresgid setfsgid setgroups setgid32 setregid32 setresgid32 setfsgid32 setgroups32"},
	{&activity{"changed-capabilities-of", process, change, processActivity, 99, "changed the capabilities of", noObject, informational, false}, "capset"},
	{&activity{"adjusted-scheduling-policy-of", process, change, processActivity, 99, "changed the scheduling of", noObject, informational, false}, "sched_setparam sched_setscheduler sched_setattr"},
	{&activity{"traced", process, access, processActivity, 3, "traced", processObject, notice, false}, "ptrace"},
	{&activity{"read-memory-of", process, access, processActivity, 3, "read the memory of", processObject, notice, false}, "process_vm_readv"},
	{&activity{"wrote-memory-of", process, change, processActivity, 4, "wrote to the memory of", processObject, notice, false}, "process_vm_writev"},
	{&activity{"entered-namespace", process, change, processActivity, 99, "entered a namespace", noObject, informational, false}, "setns unshare"},
	{&activity{"allocated-memory", process, info, baseEvent, 0, "allocated memory", noObject, informational, false}, "mmap mmap2 brk"},
	{&activity{"created-memory-file", process, info, baseEvent, 0, "made a file in memory", noObject, informational, false}, "memfd_create memfd_secret"},
	{&activity{"loaded-bpf-program", process, info, baseEvent, 0, "used bpf", noObject, notice, false}, "bpf"},

	{&activity{"connected-to", network, connecting, networkActivity, 1, "connected to", socketObject, informational, false}, "connect"},
	{&activity{"bound-socket", network, start, networkActivity, 7, "bound a socket to", socketObject, informational, false}, "bind"},
	{&activity{"listen-for-connections", network, start, networkActivity, 7, "listened", socketObject, informational, false}, "listen"},
	{&activity{"accepted-connection-from", network, connecting, networkActivity, 1, "accepted a connection from", socketObject, informational, false}, "accept accept4"},
	{&activity{"sent-to", network, connection, networkActivity, 6, "sent to", socketObject, informational, false}, "send sendto sendmsg sendmmsg"},
	{&activity{"received-from", network, connection, networkActivity, 6, "received from", socketObject, informational, false}, "recv recvfrom recvmsg recvmmsg"},

	{&activity{"loaded-kernel-module", driver, start, kernelExtensionActivity, 1, "loaded a kernel module", fileObject, notice, false}, "init_module finit_module create_module"},
	{&activity{"unloaded-kernel-module", driver, end, kernelExtensionActivity, 2, "unloaded a kernel module", fileObject, notice, false}, "delete_module"},
	{&activity{"loaded-kernel", driver, start, kernelActivity, 99, "loaded a kernel", noObject, warning, false}, "kexec_load kexec_file_load"},
	{&activity{"changed-system-time", host, change, kernelActivity, 99, "changed the time of the system", noObject, notice, false}, "settimeofday clock_settime clock_settime64 stime adjtimex clock_adjtime clock_adjtime64"},
	{&activity{"changed-system-name", host, change, kernelActivity, 99, "changed the name of the system", noObject, notice, false}, "sethostname setdomainname"},
	{&activity{"rebooted-system", host, end, kernelActivity, 99, "rebooted the system", noObject, warning, false}, "reboot"},
	{&activity{"changed-swap", host, change, kernelActivity, 99, "changed swap", noObject, notice, false}, "swapon swapoff"},
})

// call is what the system calls do that are named, with spaces between them.
type call struct {
	activity *activity
	names    string
}

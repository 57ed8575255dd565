package vm

// Files in the folder of a machine. Sockets have short names: their paths are limited to 107 bytes.
const (
	diskFile     = "disk.qcow2"
	stateFile    = "state"
	exchangeFile = "exchange"
	serialFile   = "serial.log"
	qemuFile     = "qemu.log"
	agentSocket  = "agent"
	qmpSocket    = "qmp"
)

// exchangeSize is that of the second disk, through which files come into the guest.
const exchangeSize = 256 << 20

// arguments are those of qemu in the machine's folder. A saved machine can only be resumed with the devices and the memory that it was saved
// with, so hack/vm/image.sh builds anew when this file changes. The processor is the simplest one: others cost half as much again to emulate.
//
// The guest's clock counts instructions (-icount, 8 ns each, which is about what they take). With one that follows the host's a busy host makes the guest's kernel measure
// its processor wrongly: on two cores with a load of 20 a minute lasted ten in the guest, and units failed because their time was up.
func arguments() []string {
	return []string{
		"-machine", "pc-i440fx-7.2", "-accel", "tcg,thread=single,tb-size=256", "-icount", "shift=3,sleep=on",
		"-cpu", "qemu64,-svm", "-smp", "1", "-m", "512",
		"-nodefaults", "-no-user-config", "-display", "none",
		"-drive", "file=" + diskFile + ",format=qcow2,if=virtio,cache=unsafe,discard=unmap",
		"-drive", "file=" + exchangeFile + ",format=raw,if=virtio,readonly=on",
		"-serial", "file:" + serialFile,
		"-qmp", "unix:" + qmpSocket + ",server=on,wait=off",
		"-device", "virtio-serial",
		"-chardev", "socket,id=agent,path=" + agentSocket + ",server=on,wait=off",
		"-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0",
		"-device", "virtio-rng-pci",
	}
}

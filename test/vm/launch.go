package vm

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
)

// launch starts qemu, which the kernel kills when this process ends, however that happens.
func (m *Machine) launch(more ...string) error {
	log, err := os.Create(filepath.Join(m.dir, qemuFile))
	if err != nil {
		return err
	}
	command := append([]string{"qemu-system-x86_64"}, append(arguments(), more...)...)
	if m.namespace != "" {
		command = append([]string{"nsenter", "--net=/run/netns/" + m.namespace, "--"}, command...)
	}
	started := make(chan error, 1)
	go func() {
		defer log.Close()
		runtime.LockOSThread() // the signal comes when the thread ends that started the process
		qemu := exec.Command(command[0], command[1:]...)
		qemu.Dir, qemu.Stdout, qemu.Stderr = m.dir, log, log
		qemu.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		err := qemu.Start()
		m.process = qemu.Process
		started <- err
		if err == nil {
			_ = qemu.Wait() // its log says why it ended
			close(m.ended)
		}
	}()
	return <-started
}

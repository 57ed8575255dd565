package enrichtest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// Inhabitant is a process that lives in a container and starts others there.
type Inhabitant struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

// Way is how a process comes to be.
type Way string

const (
	// Child is one whose parent lives on in the container.
	Child Way = "child"
	// Grandchild is one whose parent lives hardly longer than it does, and makes no event.
	Grandchild Way = "grandchild"
	// Visitor is one that comes from outside: it joins the container's groups and then runs the program, as `kubectl exec` has it.
	Visitor Way = "visitor"
)

// argument is what makes a program that calls Main an inhabitant.
const argument = "enrichtest-inhabitant"

// Main makes the running program an inhabitant where Inhabit has started it as one, and ends it then. TestMain calls it first.
func Main() {
	if len(os.Args) < 2 || os.Args[1] != argument {
		return
	}
	if err := inhabit(os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Inhabit starts an inhabitant: the running program, once more.
func (c Container) Inhabit() (*Inhabitant, error) {
	i := &Inhabitant{command: exec.Command("/proc/self/exe", append([]string{argument}, c.dirs...)...)}
	i.command.Stderr = os.Stderr
	in, err := i.command.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := i.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	i.in, i.out = in, bufio.NewReader(out)
	if err := i.command.Start(); err != nil {
		return nil, err
	}
	return i, i.wait()
}

// PID returns the inhabitant's.
func (i *Inhabitant) PID() int { return i.command.Process.Pid }

// Start starts a program in one of the first two ways and waits for its end. Arguments have no spaces and no newlines.
func (i *Inhabitant) Start(way Way, program string, args ...string) error {
	if _, err := fmt.Fprintln(i.in, way, program, strings.Join(args, " ")); err != nil {
		return err
	}
	return i.wait()
}

// wait reads the answer.
func (i *Inhabitant) wait() error {
	answer, err := i.out.ReadString('\n')
	if err != nil {
		return err
	}
	if answer = strings.TrimSpace(answer); answer != "ok" {
		return errors.New(answer)
	}
	return nil
}

// Close ends the inhabitant.
func (i *Inhabitant) Close() error {
	_ = i.in.Close()
	return i.command.Wait()
}

// inhabit is the inhabitant's whole life.
func inhabit(dirs []string) error {
	if err := join(dirs, os.Getpid()); err != nil {
		return err
	}
	fmt.Println("ok")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		words := strings.Fields(lines.Text())
		argv := words[1:]
		if Way(words[0]) == Grandchild {
			argv = []string{"/bin/sh", "-c", `"$@"; exit 0`, "sh"}
			argv = append(argv, words[1:]...)
		}
		if err := run(argv); err != nil {
			return err
		}
		fmt.Println("ok")
	}
	return nil
}

func run(argv []string) error {
	pid, err := syscall.ForkExec(argv[0], argv, &syscall.ProcAttr{})
	if err != nil {
		return fmt.Errorf("starting %s: %w", argv[0], err)
	}
	_, err = syscall.Wait4(pid, nil, 0, nil)
	return err
}

// Visit starts a program in the container from outside, and waits for its end.
func (c Container) Visit(program string, args ...string) error {
	script := `for dir in $1; do echo $$ >$dir/cgroup.procs || exit; done; shift; exec "$@"`
	argv := append([]string{"/bin/sh", "-c", script, "sh", strings.Join(c.dirs, " "), program}, args...)
	return run(argv)
}

// Name is what a container is called in the arguments of programs.
func Name(index int) string { return strconv.Itoa(index) }

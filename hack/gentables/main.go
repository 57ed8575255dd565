// Gentables writes the tables of names of api/rule: system calls of each architecture, record types and errors.
//
// It reads the constants of golang.org/x/sys and of go-libaudit at the versions in go.mod, from the module cache, and writes syscalls.txt and
// names.txt. It asks no kernel: what it writes depends on go.mod alone.
package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func main() {
	if err := run("api/rule"); err != nil {
		fmt.Fprintln(os.Stderr, "gentables:", err)
		os.Exit(1)
	}
}

func run(into string) error {
	sys, err := module("golang.org/x/sys")
	if err != nil {
		return err
	}
	libaudit, err := module("github.com/elastic/go-libaudit/v2")
	if err != nil {
		return err
	}
	calls, err := syscalls(sys)
	if err != nil {
		return err
	}
	words, err := names(sys, libaudit)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(into, "syscalls.txt"), []byte(calls), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(into, "names.txt"), []byte(words), 0o644)
}

// source is a module at its version.
type source struct{ path, version, dir string }

func module(path string) (source, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Version}} {{.Dir}}", path).Output()
	if err != nil {
		return source{}, fmt.Errorf("asking go for %s: %w", path, err)
	}
	version, dir, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if dir == "" {
		return source{}, fmt.Errorf("%s is not in the module cache: run `go mod download`", path)
	}
	return source{path, version, dir}, nil
}

// architectures are the names of uname -m with the name that Go has for each.
var architectures = []struct{ uname, goarch string }{
	{"x86_64", "amd64"},
	{"i386", "386"},
	{"aarch64", "arm64"},
	{"arm", "arm"},
	{"ppc64le", "ppc64le"},
	{"ppc", "ppc"},
	{"s390x", "s390x"},
	{"riscv64", "riscv64"},
	{"loongarch64", "loong64"},
}

var (
	syscallConstant = regexp.MustCompile(`(?m)^\tSYS_(\w+)\s*=\s*(\d+)`)
	messageConstant = regexp.MustCompile(`(?m)^\tAUDIT_(\w+)\s+AuditMessageType = (\d+)`)
	errnoConstant   = regexp.MustCompile(`(?m)^\t(E\w+)\s*=\s*syscall\.Errno\((0x[0-9a-f]+)\)`)
)

func syscalls(sys source) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "# The system calls of each architecture, from zsysnum_linux_*.go of %s %s. Made by hack/gentables; do not edit.\n", sys.path, sys.version)
	for _, a := range architectures {
		found, err := constants(syscallConstant, filepath.Join(sys.dir, "unix", "zsysnum_linux_"+a.goarch+".go"))
		if err != nil {
			return "", err
		}
		write(&b, a.uname, found, strings.ToLower)
	}
	return b.String(), nil
}

// later are record types that are newer than go-libaudit, from include/uapi/linux/audit.h of Linux 6.15.
var later = map[string]int64{"LANDLOCK_ACCESS": 1423, "LANDLOCK_DOMAIN": 1424}

func names(sys, libaudit source) (string, error) {
	messages, err := constants(messageConstant, filepath.Join(libaudit.dir, "auparse", "zaudit_msg_types.go"))
	if err != nil {
		return "", err
	}
	maps.DeleteFunc(messages, func(name string, _ int64) bool {
		return strings.HasPrefix(name, "FIRST_") || strings.HasPrefix(name, "LAST_")
	})
	maps.Copy(messages, later)
	errnos, err := constants(errnoConstant, filepath.Join(sys.dir, "unix", "zerrors_linux.go"), filepath.Join(sys.dir, "unix", "zerrors_linux_amd64.go"))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Names and numbers. message: record types (%s %s, include/uapi/linux/audit.h); errno: %s %s. Made by hack/gentables; do not edit.\n",
		libaudit.path, libaudit.version, sys.path, sys.version)
	keep := func(name string) string { return name }
	write(&b, "message", messages, keep)
	write(&b, "errno", errnos, keep)
	return b.String(), nil
}

func constants(pattern *regexp.Regexp, files ...string) (map[string]int64, error) {
	found := map[string]int64{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, match := range pattern.FindAllStringSubmatch(string(content), -1) {
			n, err := strconv.ParseInt(match[2], 0, 64)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			found[match[1]] = n
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s: no constants found", strings.Join(files, ", "))
	}
	return found, nil
}

// write writes a table in one line, by number, then by name.
func write(b *strings.Builder, table string, entries map[string]int64, name func(string) string) {
	b.WriteString(table)
	for _, key := range slices.SortedFunc(maps.Keys(entries), func(a, c string) int {
		return cmp.Or(cmp.Compare(entries[a], entries[c]), cmp.Compare(a, c))
	}) {
		fmt.Fprintf(b, " %s=%d", name(key), entries[key])
	}
	b.WriteByte('\n')
}

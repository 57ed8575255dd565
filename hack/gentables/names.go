package main

import (
	"fmt"
	"maps"
	"regexp"
	"strings"
)

var (
	kernelMessage = regexp.MustCompile(`(?m)^\tAUDIT_(\w+)\s+= (0x[0-9a-f]+)$`)
	userMessage   = regexp.MustCompile(`(?m)^\tAUDIT_(\w+)\s+AuditMessageType = (\d+)`)
	errnoConstant = regexp.MustCompile(`(?m)^\t(E\w+)\s*=\s*syscall\.Errno\((0x[0-9a-f]+)\)`)
	family        = regexp.MustCompile(`(?m)^\tAF_(\w+)\s+= (0x[0-9a-f]+)$`)
)

func names(sys, libaudit source, kernel string) (string, error) {
	messages, err := recordTypes(sys, libaudit)
	if err != nil {
		return "", err
	}
	errnos, err := sys.constants(errnoConstant, "unix/zerrors_linux.go", "unix/zerrors_linux_amd64.go")
	if err != nil {
		return "", err
	}
	small, err := families(sys)
	if err != nil {
		return "", err
	}
	header := fmt.Sprintf("# Names and numbers of %s, from %s. message: record types, with those of user space from %s; errno: errors;\n"+
		"# family: address families, of which max is none. Made by hack/gentables; do not edit.\n", kernel, sys, libaudit)
	return header + line("message", messages, map[string]int64{"AA": messages["APPARMOR"]}) + line("errno", errnos, nil) + line("family", small, nil), nil
}

func families(sys source) (map[string]int64, error) {
	found, err := sys.constants(family, "unix/zerrors_linux.go")
	small := map[string]int64{}
	for name, number := range found {
		small[strings.ToLower(name)] = number
	}
	return small, err
}

// recordTypes are those of include/uapi/linux/audit.h, and those that only programs write.
func recordTypes(sys, libaudit source) (map[string]int64, error) {
	found, err := libaudit.constants(userMessage, "auparse/zaudit_msg_types.go")
	if err != nil {
		return nil, err
	}
	kernels, err := sys.constants(kernelMessage, "unix/zerrors_linux.go")
	if err != nil {
		return nil, err
	}
	maps.Copy(found, kernels)
	maps.DeleteFunc(found, func(name string, number int64) bool {
		return strings.HasPrefix(name, "FIRST_") || strings.HasPrefix(name, "LAST_") || strings.HasSuffix(name, "_LAST_MSG") ||
			number < 1000 || number >= 3000
	})
	found["APPARMOR"] = found["AA"] // AUDIT_AA in the kernel, APPARMOR for auditctl
	delete(found, "AA")
	return found, nil
}

package boot

import "strings"

// lookAtOSTree tells of a deployment that is written to the boot loader only while the node shuts down: what stands there now is not what the
// next boot will read.
func lookAtOSTree(root FS, f *found) {
	if !root.has("/run/ostree/staged-deployment") {
		return
	}
	f.doubtful("a staged deployment will replace the entries when the node shuts down")
	f.findings = append(f.findings, Finding{
		ID: DeploymentStaged, Severity: Warning, File: "/run/ostree/staged-deployment",
		Message: "an update or a change of kernel arguments is staged; the boot loader gets it during shutdown, so its entries are not yet those of the next boot",
		Fix:     "see `rpm-ostree status` or `bootc status`; look again after the reboot",
	})
}

// isOSTree says whether entries belong to deployments of ostree, which rpm-ostree and bootc write.
func isOSTree(f found) bool {
	for _, e := range f.entries {
		if strings.Contains(e.Cmdline, "ostree=") {
			return true
		}
	}
	return false
}

// lookAtKexec tells of a kernel that is loaded to be started without firmware and boot loader, with its own command line.
func lookAtKexec(root FS, f *found) {
	text, err := root.read("/sys/kernel/kexec_loaded")
	if err != nil || strings.TrimSpace(string(text)) != "1" {
		return
	}
	f.doubtful("a kernel is loaded with kexec, and its command line cannot be read")
	f.findings = append(f.findings, Finding{
		ID: KexecLoaded, Severity: Warning, File: "/sys/kernel/kexec_loaded",
		Message: "a kernel is loaded with kexec: the next reboot may start it and pass by the boot loader",
		Fix:     "unload it with `kexec -u`, or look again after the reboot",
	})
}

package boot

import (
	"slices"
	"strings"
)

// images are systems that are not configured by the files of a boot loader, with what can be known of them and how they are changed.
var images = map[string]struct{ known, fix string }{
	"talos": {
		"Talos: the running command line is certain; the image of the next boot is on a partition that is mounted only while Talos writes it",
		"put audit=1 and audit_backlog_limit=8192 into the extra kernel arguments of the image (extraKernelArgs of its schematic) and upgrade to it; machine.install.extraKernelArgs is left out where Talos boots a unified kernel image",
	},
	"bottlerocket": {
		"Bottlerocket: the running command line is certain; that of the next boot is made from the setting boot.kernel-parameters",
		"set settings.boot.kernel-parameters with audit = [\"1\"] and audit_backlog_limit = [\"8192\"], and settings.boot.reboot-to-reconcile = true",
	},
	"cos": {
		"Container-Optimized OS: the running command line is certain; the boot loader's configuration belongs to the image, and updates replace it",
		"change the node image or its template; no supported setting is known",
	},
	"flatcar": {
		"Flatcar: kernel parameters of this node stand in the grub.cfg of the OEM partition, which GRUB leaves out under Secure Boot",
		"add `set linux_append=\"$linux_append audit=1 audit_backlog_limit=8192\"` to /oem/grub.cfg (older releases: /usr/share/oem/grub.cfg)",
	},
}

// lookAtImage tells what is special about systems that come as an image.
func lookAtImage(root FS, f *found) {
	system, known := images[osID(root)]
	if !known {
		return
	}
	f.findings = append(f.findings, Finding{ID: ImageManaged, Severity: Info, File: "/etc/os-release", Message: system.known, Fix: system.fix})
	// Nobody mounts their partitions by hand.
	f.findings = slices.DeleteFunc(f.findings, func(f Finding) bool { return f.ID == LoaderMissing })
}

// osID is the ID of os-release(5).
func osID(root FS) string {
	for _, file := range []string{"/etc/os-release", "/usr/lib/os-release"} {
		text, err := root.read(file)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			if value, ok := strings.CutPrefix(strings.TrimSpace(line), "ID="); ok {
				return strings.ToLower(unquote(value))
			}
		}
	}
	return ""
}

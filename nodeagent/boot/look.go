package boot

import "strings"

// loaders are the boot loaders whose files are looked for.
var loaders = []func(FS) found{lookForGRUB, lookForSystemdBoot, lookForUnifiedKernels, lookForExtlinux, lookForZipl}

// look reads the files of the boot loader that this node uses. Where that is open, those of all loaders that are there count.
func look(root FS, running string) found {
	var present []found
	for _, lookFor := range loaders {
		if f := lookFor(root); f.present {
			present = append(present, f)
		}
	}
	f := choose(present, evidence(root, running))
	if f.loader == NoLoader {
		f.doubtful("no file of a boot loader is to be seen")
	}
	lookAtOSTree(root, &f)
	lookAtKexec(root, &f)
	lookAtImage(root, &f)
	return f
}

// evidence tells which loader has started the running kernel, as far as one can say. Empty if it cannot.
func evidence(root FS, running string) Loader {
	info := efiText(root, "LoaderInfo")
	stub := efiText(root, "StubInfo")
	switch {
	case strings.HasPrefix(info, "systemd-boot"):
		return SystemdBoot
	case strings.HasPrefix(info, "GRUB"):
		return GRUB
	case info == "" && stub != "":
		return UnifiedKernel
	}
	kernel, _ := parameters(running)
	for _, p := range kernel {
		if p.name == "BOOT_IMAGE" && len(p.value) > 1 { // one digit is the number of a zipl entry
			return bootImage(root)
		}
	}
	return ""
}

// bootImage is who has written BOOT_IMAGE into the command line: GRUB does, and the syslinux family.
func bootImage(root FS) Loader {
	if lookForExtlinux(root).present && !lookForGRUB(root).present {
		return Extlinux
	}
	return GRUB
}

// choose takes the loader that the evidence names, or the only one.
func choose(present []found, named Loader) found {
	for _, f := range present {
		if f.loader == named {
			return f
		}
	}
	switch {
	case named != "" && named != GRUB || named == GRUB && len(present) == 0:
		f := found{loader: named}
		f.doubtful("the files of the boot loader are not to be seen")
		f.findings = append(f.findings, Finding{
			ID: LoaderMissing, Severity: Error,
			Message: "the running kernel was started by " + string(named) + ", whose files are not to be seen",
			Fix:     "mount the partition that has them, such as the EFI system partition, below /boot or /efi, and look again",
		})
		return f
	case len(present) == 0:
		return found{loader: NoLoader}
	case len(present) == 1:
		return present[0]
	default:
		return all(present)
	}
}

// all joins several loaders, each of which may be the one that boots.
func all(present []found) found {
	joined := found{loader: AnyLoader}
	var names []string
	for _, f := range present {
		names = append(names, string(f.loader))
		for _, e := range f.entries {
			e.Default, e.Once = false, false
			joined.entries = append(joined.entries, e)
		}
		joined.findings = append(joined.findings, f.findings...)
		joined.bls = joined.bls || f.bls
		if f.doubt != "" {
			joined.doubtful(f.doubt)
		}
	}
	joined.findings = append(joined.findings, Finding{
		ID: SeveralLoaders, Severity: Warning,
		Message: "there are files of several boot loaders (" + strings.Join(names, ", ") + "), and nothing says which one starts this node; the entries of all count",
		Fix:     "remove the files of those that are not used",
	})
	return joined
}

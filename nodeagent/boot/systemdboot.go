package boot

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// lookForSystemdBoot reads systemd-boot: its entries on the EFI system partition and on the one for boot loader files (XBOOTLDR), unified
// kernel images, and which of them is the default.
func lookForSystemdBoot(root FS) found {
	f := found{loader: SystemdBoot, present: hasSystemdBoot(root)}
	if !f.present {
		return f
	}
	var entries []candidate
	wanted := ""
	for _, esp := range esps {
		if text, err := root.read(esp + "/loader/loader.conf"); err == nil {
			wanted = cmp.Or(wanted, loaderDefault(text))
		} else if !missing(err) {
			f.unreadable(esp+"/loader/loader.conf", err)
		}
		entries = append(entries, typeOne(root, esp, &f)...)
		entries = append(entries, typeTwo(root, esp, &f)...)
	}
	slices.SortStableFunc(entries, asSystemdBoot)
	markDefault(root, entries, wanted, &f)
	for _, c := range entries {
		f.entries = append(f.entries, c.Entry)
	}
	return f
}

// hasSystemdBoot looks for the loader or its configuration. Entries alone may be GRUB's.
func hasSystemdBoot(root FS) bool {
	for _, esp := range esps {
		if root.has(esp + "/loader/loader.conf") {
			return true
		}
		if files, _ := root.glob(esp+"/EFI/systemd", "systemd-boot*.efi"); len(files) > 0 {
			return true
		}
	}
	return false
}

// candidate is an entry with what it is sorted by.
type candidate struct {
	Entry
	snippet
}

func typeOne(root FS, esp string, f *found) []candidate {
	all, err := snippets(root, esp+"/loader/entries")
	if err != nil {
		f.unreadable(esp+"/loader/entries", err)
	}
	var entries []candidate
	for _, s := range all {
		e := Entry{Title: s.name(), ID: s.id + ".conf", File: s.file, Kernel: s.linux}
		switch {
		case s.linux != "":
			e = e.judged(s.options)
		case s.uki != "":
			e = linked(root, esp, s, e)
		case s.efi != "":
			e.Other, e.Doubt = true, noLinux
			e = e.judged()
		default:
			f.withoutKernel(s)
			continue
		}
		entries = append(entries, candidate{e, s})
		f.bls = true
	}
	return entries
}

// linked is an entry that names a unified kernel image.
func linked(root FS, esp string, s snippet, e Entry) Entry {
	images := unifiedImage(root, path.Join(esp, s.uki))
	if len(images) == 0 {
		e.doubtful("the image that it starts, " + s.uki + ", is not to be found")
		return e.judged()
	}
	images[0].Title, images[0].ID = e.Title, e.ID
	return images[0]
}

func typeTwo(root FS, esp string, f *found) []candidate {
	files, err := root.glob(esp+"/EFI/Linux", "*.efi")
	if err != nil {
		f.unreadable(esp+"/EFI/Linux", err)
	}
	var entries []candidate
	for _, file := range files {
		id, used := withoutTries(strings.TrimSuffix(path.Base(file), ".efi"))
		for _, e := range unifiedImage(root, file) {
			entries = append(entries, candidate{e, snippet{id: id, version: id, triesUsedUp: used}})
		}
	}
	return entries
}

// asSystemdBoot is the order of the menu: entries that have used up their tries last, those with a sort key first, newest first.
func asSystemdBoot(a, b candidate) int {
	last := func(used bool) int {
		if used {
			return 1
		}
		return 0
	}
	return cmp.Or(
		last(a.triesUsedUp)-last(b.triesUsedUp),
		last(a.sortKey == "")-last(b.sortKey == ""),
		strings.Compare(a.sortKey, b.sortKey),
		compareVersions(b.version, a.version),
		compareVersions(b.id, a.id),
	)
}

// loaderDefault returns the default of loader.conf, a pattern of entry ids.
func loaderDefault(text []byte) string {
	wanted := ""
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "default" {
			wanted = fields[1]
		}
	}
	return wanted
}

// markDefault chooses as systemd-boot does: the variable for one boot, the variable that bootctl sets, loader.conf, the first entry.
func markDefault(root FS, entries []candidate, wanted string, f *found) {
	if wanted == "@saved" {
		wanted = efiText(root, "LoaderEntryLastBooted")
	}
	lasting := efiText(root, "LoaderEntryDefault")
	once := efiText(root, "LoaderEntryOneShot")
	for _, pattern := range []string{once, lasting, wanted} {
		i := slices.IndexFunc(entries, func(c candidate) bool { return pattern != "" && matches(pattern, c.ID) })
		if i >= 0 {
			entries[i].Default, entries[i].Once = true, pattern == once
			return
		}
		if pattern != "" && strings.HasPrefix(pattern, "auto-") {
			f.doubtful("the default entry, " + pattern + ", is one that systemd-boot finds by itself")
		}
	}
	if len(entries) > 0 {
		entries[0].Default = true
	}
}

func matches(pattern, id string) bool {
	ok, err := path.Match(strings.ToLower(pattern), strings.ToLower(id))
	return err == nil && ok
}

func (f *found) withoutKernel(s snippet) {
	f.findings = append(f.findings, Finding{
		ID: EntryWithoutKernel, Severity: Info, File: s.file, Message: "this entry names no kernel, so the boot loader leaves it out",
		Fix: "remove the file, or complete it",
	})
}

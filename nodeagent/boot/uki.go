package boot

import (
	"debug/pe"
	"errors"
	"fmt"
	"path"
	"strings"
)

// cmdlineLimit is more than a kernel reads of a command line.
const cmdlineLimit = 1 << 16

// lookForUnifiedKernels reads unified kernel images that no systemd-boot stands before: the firmware starts one of them itself.
func lookForUnifiedKernels(root FS) found {
	f := found{loader: UnifiedKernel}
	if hasSystemdBoot(root) {
		return f
	}
	for _, esp := range esps {
		for _, c := range typeTwo(root, esp, &f) {
			f.entries = append(f.entries, c.Entry)
		}
	}
	f.present = len(f.entries) > 0
	return f
}

// unifiedImage returns the entries that an image gives: one, or one for each of its profiles. Without an image there is none.
func unifiedImage(root FS, file string) []Entry {
	e := Entry{Title: path.Base(file), ID: path.Base(file), File: file, Kernel: path.Base(file)}
	lines, err := imageCmdlines(root, file)
	if missing(err) {
		return nil
	}
	if err != nil {
		e.doubtful(err.Error())
		return []Entry{e.judged()}
	}
	added, err := addons(root, file)
	if err != nil {
		e.doubtful(fmt.Sprintf("an addon of the image: %v", err))
	}
	var entries []Entry
	for i, line := range lines {
		profile := e
		if i > 0 {
			profile.ID = fmt.Sprintf("%s@%d", e.ID, i)
			profile.Title = profile.ID
		}
		entries = append(entries, profile.judged(withAddons(root, line, added)...))
	}
	return entries
}

// withAddons returns what the command line may become. Under Secure Boot an addon without a good signature is left out, and signatures are
// not checked here.
func withAddons(root FS, line string, added []string) []string {
	if len(added) == 0 {
		return []string{line}
	}
	whole := line + " " + strings.Join(added, " ")
	if on, known := secureBoot(root); known && !on {
		return []string{whole}
	}
	return []string{whole, line}
}

// imageCmdlines returns the command line of an image, or those of its profiles: sections behind a .profile belong to it, and what it lacks it
// has from those before the first.
func imageCmdlines(root FS, file string) ([]string, error) {
	image, err := root.open(file)
	if err != nil {
		return nil, err
	}
	defer image.Close()
	binary, err := pe.NewFile(image)
	if err != nil {
		return nil, fmt.Errorf("%s is not an EFI image: %w", file, err)
	}
	base, profiles, err := cmdlineSections(binary.Sections)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", file, err)
	case len(profiles) == 0 && base == nil:
		return nil, errors.New("the image has no command line of its own: the firmware or the boot loader gives it one")
	case len(profiles) == 0:
		return []string{*base}, nil
	}
	var lines []string
	for _, p := range profiles {
		if p == nil {
			p = base
		}
		if p == nil {
			return nil, errors.New("a profile of the image has no command line")
		}
		lines = append(lines, *p)
	}
	return lines, nil
}

func cmdlineSections(sections []*pe.Section) (base *string, profiles []*string, err error) {
	for _, s := range sections {
		switch s.Name {
		case ".profile":
			profiles = append(profiles, nil)
		case ".cmdline":
			text, err := sectionText(s)
			if err != nil {
				return nil, nil, err
			}
			if n := len(profiles); n > 0 {
				profiles[n-1] = &text
			} else {
				base = &text
			}
		}
	}
	return base, profiles, nil
}

// sectionText is a section up to the padding of the file.
func sectionText(s *pe.Section) (string, error) {
	if s.Size > cmdlineLimit {
		return "", errTooLarge
	}
	data, err := s.Data()
	if err != nil {
		return "", fmt.Errorf("reading the command line: %w", err)
	}
	data = data[:min(len(data), int(s.VirtualSize))]
	text, _, _ := strings.Cut(string(data), "\x00")
	return strings.TrimSpace(text), nil
}

// addons returns the command lines that addons append: those of the image, and those of all images of the partition.
func addons(root FS, file string) ([]string, error) {
	dirs := []string{file + ".extra.d"}
	if i := strings.Index(strings.ToLower(file), "/efi/linux/"); i >= 0 {
		dirs = append(dirs, file[:i]+"/loader/addons")
	}
	var lines []string
	for _, dir := range dirs {
		files, err := root.glob(dir, "*.addon.efi")
		if err != nil {
			return nil, err
		}
		for _, addon := range files {
			added, err := imageCmdlines(root, addon)
			if err != nil {
				return nil, err
			}
			lines = append(lines, added...)
		}
	}
	return lines, nil
}

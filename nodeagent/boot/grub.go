package boot

import (
	"path"
	"slices"
	"strings"

	"github.com/nodeaudit/nodeaudit/nodeagent/boot/grub"
)

// esps are where the EFI system partition, or the partition for boot loader files beside it, is mounted.
var esps = []string{"/efi", "/boot/efi", "/boot"}

// grubConfigs are where distributions write the configuration of GRUB. Flatcar's can be in an archive, which GRUB has in its memory disk.
var grubConfigs = []string{"/boot/grub2/grub.cfg", "/boot/grub/grub.cfg", "/boot/flatcar/grub/grub.cfg"}

// lookForGRUB reads GRUB 2: grub.cfg with everything it reads, the environment block and entries of the Boot Loader Specification.
func lookForGRUB(root FS) found {
	f := found{loader: GRUB}
	var main []*grub.Menu
	for _, file := range grubConfigs {
		if menu := runGRUB(root, file, &f); menu != nil {
			main = append(main, menu)
		}
	}
	vendor := vendorMenus(root, &f)
	if !f.present {
		main = append(main, otherwise(root, &f)...)
	}
	for _, menu := range chooseMenus(root, main, vendor) {
		f.take(root, menu)
	}
	return f
}

// otherwise finds configurations that are not in a file of their own.
func otherwise(root FS, f *found) []*grub.Menu {
	menus := []*grub.Menu{archivedGRUB(root, f)}
	if !f.present {
		menus = append(menus, impliedGRUB(root, f))
	}
	return slices.DeleteFunc(menus, func(m *grub.Menu) bool { return m == nil })
}

// runGRUB reads one configuration, nil where there is none.
func runGRUB(root FS, file string, f *found) *grub.Menu {
	text, err := root.read(file)
	if missing(err) {
		return nil
	}
	f.present = true
	if err != nil {
		f.unreadable(file, err)
		return nil
	}
	return readGRUB(root, file, text)
}

func readGRUB(root FS, file string, text []byte) *grub.Menu {
	dir := path.Dir(file)
	return grub.Read(file, text, map[string]string{"prefix": dir, "config_directory": dir}, grubHost{root, dir})
}

// vendorMenus reads the configurations beside the loader on the EFI system partition. Where they have a menu of their own GRUB on EFI never
// reads the one below /boot; most only hand over to it.
func vendorMenus(root FS, f *found) []*grub.Menu {
	var menus []*grub.Menu
	for _, esp := range esps {
		dirs, err := root.glob(esp+"/EFI", "*")
		if err != nil {
			f.unreadable(esp+"/EFI", err)
		}
		for _, dir := range dirs {
			if menu := runGRUB(root, dir+"/grub.cfg", f); menu != nil {
				menus = append(menus, menu)
			}
		}
	}
	return menus
}

// chooseMenus leaves out what the firmware of this node does not start. Where that is not known all menus count.
func chooseMenus(root FS, main, vendor []*grub.Menu) []*grub.Menu {
	own := slices.DeleteFunc(slices.Clone(vendor), func(m *grub.Menu) bool {
		handsOver := slices.ContainsFunc(m.Files[1:], func(file string) bool { return strings.HasSuffix(file, "/grub.cfg") })
		return len(main) > 0 && (handsOver || len(m.Entries) == 0)
	})
	switch {
	case len(own) == 0:
		return main
	case root.has("/sys/firmware/efi"):
		return own
	case root.has("/sys/firmware") && len(main) > 0:
		return main
	default:
		return append(slices.Clone(main), own...)
	}
}

// impliedGRUB is for nodes whose entries and environment block are readable while grub.cfg is not there.
func impliedGRUB(root FS, f *found) *grub.Menu {
	for _, dir := range []string{"/boot/grub2", "/boot/grub"} {
		if !root.has(dir+"/grubenv") || !root.has("/boot/loader/entries") {
			continue
		}
		f.present = true
		f.findings = append(f.findings, Finding{
			ID: FileMissing, Severity: Warning, File: dir + "/grub.cfg",
			Message: "there is no grub.cfg; entries are read as one that only has blscfg would",
			Fix:     "look whether grub.cfg is elsewhere, for example on an EFI system partition that is not mounted",
		})
		return readGRUB(root, dir+"/grub.cfg", []byte(blscfgOnly))
	}
	return nil
}

// blscfgOnly is what grub2-mkconfig of Fedora and its relatives comes down to.
const blscfgOnly = `load_env
if [ "${next_entry}" ]; then set default="${next_entry}"; else set default="${saved_entry}"; fi
blscfg
`

// take adds the entries of a menu.
func (f *found) take(root FS, menu *grub.Menu) {
	if menu.Doubt != "" {
		f.doubtful("the configuration of GRUB cannot be followed: " + menu.Doubt)
	}
	chosen := menu.Default()
	for _, e := range menu.Entries {
		if e.Submenu && len(e.Lines) == 0 {
			continue
		}
		entry := grubEntry(root, e)
		entry.Default = e == chosen
		entry.Once = entry.Default && menu.Once
		f.bls = f.bls || strings.HasSuffix(e.File, ".conf")
		f.entries = append(f.entries, entry)
	}
}

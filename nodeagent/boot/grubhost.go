package boot

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/nodeaudit/nodeaudit/nodeagent/boot/grub"
)

// grubHost finds the files that a configuration of GRUB names. GRUB counts paths from the root of a partition, which may be mounted at /, at
// /boot or at the place of the EFI system partition.
type grubHost struct {
	root FS
	dir  string // of the configuration
}

// searched are the labels of partitions that are mounted where esps say; the empty one stands for a search by id.
var searched = map[string]bool{"": true, "boot": true, "root": true, "efi-system": true, "esp": true}

// places returns where a path of GRUB can be on the node. Elsewhere is true where it may also be on a partition that is not looked at.
func (h grubHost) places(name string) (places []string, elsewhere bool) {
	device, rest := "", name
	if strings.HasPrefix(name, "(") {
		device, rest, _ = strings.Cut(name[1:], ")")
	}
	device = strings.Trim(device, "\x01") // what is left is a device by name, or the label of one that was searched
	if device == "OEM" {                  // Flatcar's partition for the cloud it runs in
		return []string{path.Join("/oem", rest), path.Join("/usr/share/oem", rest)}, false
	}
	if device == "" && strings.HasPrefix(rest, h.dir+"/") {
		return []string{path.Clean(rest)}, false
	}
	for _, mount := range append([]string{"/"}, esps...) {
		places = append(places, path.Join(mount, rest))
	}
	return places, !searched[strings.ToLower(device)]
}

// Read returns the first file that is there.
func (h grubHost) Read(name string) ([]byte, error) {
	places, elsewhere := h.places(name)
	for _, place := range places {
		if text, err := h.root.read(place); !missing(err) {
			return text, err
		}
	}
	if elsewhere {
		return nil, fmt.Errorf("%s is not to be found on the partitions that are mounted", strings.ReplaceAll(name, "\x01", ""))
	}
	return nil, fs.ErrNotExist
}

// Exists looks for a file without reading it.
func (h grubHost) Exists(name string) grub.Truth {
	places, elsewhere := h.places(name)
	for _, place := range places {
		_, err := h.root.stat(place)
		if err == nil {
			return grub.Yes
		}
		elsewhere = elsewhere || !missing(err)
	}
	if elsewhere {
		return grub.Maybe
	}
	return grub.No
}

// Entries reads the entries of the Boot Loader Specification.
func (h grubHost) Entries(dir string) ([]grub.BLS, error) {
	if dir == "" {
		dir = "/loader/entries"
	}
	places, _ := h.places(dir)
	for _, place := range places {
		all, err := snippets(h.root, place)
		if err != nil {
			return nil, err
		}
		newestFirst(all)
		var entries []grub.BLS
		for _, s := range all {
			if s.linux != "" {
				entries = append(entries, grub.BLS{
					ID: s.id, Title: s.name(), Linux: s.linux, Options: s.options, HasOptions: s.hasOptions, File: s.file,
				})
			}
		}
		if len(all) > 0 {
			return entries, nil
		}
	}
	return nil, nil
}

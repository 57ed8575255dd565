package boot

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/nodeaudit/nodeaudit/nodeagent/boot/grub"
)

// grubEntry judges an entry of GRUB's menu.
func grubEntry(root FS, e *grub.Entry) Entry {
	entry := Entry{Title: strings.Join(append(slices.Clip(e.Parents), e.Title), " > "), ID: e.ID, File: e.File, Doubt: e.Doubt}
	if len(e.Lines) == 0 {
		return withoutLinux(root, entry, e)
	}
	var lines []string
	for _, line := range e.Lines {
		lines = append(lines, line.Cmdline)
		if !line.Sure {
			entry.doubtful("its command line has parts that only GRUB knows")
		}
	}
	entry.Kernel = e.Lines[0].Kernel
	if strings.Contains(path.Base(entry.Kernel), "memtest") {
		entry.Other = true
		entry.doubtful(noLinux)
	}
	return entry.judged(lines...)
}

// withoutLinux is a memory test, the setup of the firmware or another system; or a unified kernel image, which has its own command line.
func withoutLinux(root FS, entry Entry, e *grub.Entry) Entry {
	if strings.Contains(strings.ToLower(e.Chain), "/efi/linux/") {
		for _, esp := range esps {
			if images := unifiedImage(root, path.Join(esp, e.Chain[strings.IndexByte(e.Chain, ')')+1:])); len(images) > 0 {
				images[0].Title, images[0].ID = entry.Title, entry.ID
				return images[0]
			}
		}
		entry.doubtful("the image that it starts, " + e.Chain + ", is not to be found")
	}
	entry.Other = e.Doubt == "" && entry.Doubt == ""
	if entry.Other {
		entry.Doubt = noLinux
	}
	return entry.judged()
}

// archivedGRUB reads Flatcar's configuration, which stands in an archive that GRUB has as its memory disk.
func archivedGRUB(root FS, f *found) *grub.Menu {
	for _, esp := range esps {
		name := esp + "/flatcar/grub/grub.cfg.tar"
		archive, err := root.read(name)
		if missing(err) {
			continue
		}
		f.present = true
		text, err := fromArchive(archive, err)
		if err != nil {
			f.unreadable(name, err)
			continue
		}
		return readGRUB(root, esp+"/flatcar/grub/grub.cfg", text)
	}
	return nil
}

func fromArchive(archive []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	members := tar.NewReader(bytes.NewReader(archive))
	for {
		header, err := members.Next()
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the archive has no grub.cfg")
		}
		if err != nil {
			return nil, fmt.Errorf("reading the archive: %w", err)
		}
		if path.Base(header.Name) == "grub.cfg" {
			return io.ReadAll(io.LimitReader(members, textLimit))
		}
	}
}

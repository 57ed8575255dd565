package boot

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// The owners of EFI variables: systemd's Boot Loader Interface, which GRUB follows in part, and the EFI specification.
const (
	loaderGUID = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
	globalGUID = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
)

// efiVariable returns the value of an EFI variable, behind the four bytes of attributes that efivarfs puts before it.
func efiVariable(root FS, owner, name string) ([]byte, bool) {
	text, err := root.read("/sys/firmware/efi/efivars/" + name + "-" + owner)
	if err != nil || len(text) < 4 {
		return nil, false
	}
	return text[4:], true
}

// efiText returns a variable of the Boot Loader Interface that has text, which EFI writes in UTF-16. One
// that is not there is empty.
func efiText(root FS, name string) string {
	value, _ := efiVariable(root, loaderGUID, name)
	return strings.TrimRight(utf16Text(value), "\x00")
}

func utf16Text(value []byte) string {
	units := make([]uint16, len(value)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(value[2*i:])
	}
	return string(utf16.Decode(units))
}

// secureBoot says whether the firmware verifies what it starts. Known is false where that cannot be read.
func secureBoot(root FS) (on, known bool) {
	value, ok := efiVariable(root, globalGUID, "SecureBoot")
	return ok && len(value) == 1 && value[0] == 1, ok
}

package file

import (
	"path/filepath"
	"strconv"
	"strings"
)

const (
	// maxNumber is the largest number of a rotated file. A file with a larger one, as a date, is somebody else's.
	maxNumber = 1000
	// packed is the end of a packed file's name.
	packed = ".gz"
)

// rotated is a rotated file: audit.log.1, or audit.log.1.gz.
type rotated struct {
	number int
	packed bool
}

// name returns the file's name, for the current file's name base.
func (r rotated) name(base string) string {
	name := base + "." + strconv.Itoa(r.number)
	if r.packed {
		name += packed
	}
	return name
}

// parseName is the inverse of name. It refuses whatever name would not write.
func parseName(base, name string) (rotated, bool) {
	digits, ok := strings.CutPrefix(name, base+".")
	if !ok {
		return rotated{}, false
	}
	digits, isPacked := strings.CutSuffix(digits, packed)
	number, err := strconv.Atoi(digits)
	file := rotated{number: number, packed: isPacked}
	if err != nil || number < 1 || number > maxNumber || file.name(base) != name {
		return rotated{}, false
	}
	return file, true
}

// pathOf returns where a rotated file is.
func (a *archive) pathOf(file rotated) string {
	return filepath.Join(a.dir, file.name(a.base))
}

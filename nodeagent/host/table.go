package host

import (
	"bufio"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// table is the names in a file of the form name:password:id:…, see passwd(5) and group(5).
type table struct {
	file  string
	state fs.FileInfo
	ids   map[string]uint32
}

// refresh reads the file again where it is not the one that was read before. Tools replace these files by renaming, so size, time and inode
// tell.
func (t *table) refresh(path string) {
	file, err := os.Open(path)
	if err != nil {
		t.state, t.ids = nil, nil
		return
	}
	defer file.Close()
	state, err := file.Stat()
	if err != nil {
		t.state, t.ids = nil, nil
		return
	}
	if t.state != nil && os.SameFile(t.state, state) && t.state.ModTime().Equal(state.ModTime()) && t.state.Size() == state.Size() {
		return
	}
	t.state, t.ids = state, parse(bufio.NewScanner(file))
}

// parse takes the first line of a name, as the C library does, and leaves out lines that are none.
func parse(lines *bufio.Scanner) map[string]uint32 {
	ids := map[string]uint32{}
	for lines.Scan() {
		fields := strings.SplitN(lines.Text(), ":", 4)
		if len(fields) < 3 || fields[0] == "" {
			continue
		}
		id, err := strconv.ParseUint(fields[2], 10, 32)
		if _, taken := ids[fields[0]]; err != nil || taken {
			continue
		}
		ids[fields[0]] = uint32(id)
	}
	return ids
}

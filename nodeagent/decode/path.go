package decode

import (
	"strconv"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// pathOrder is the order in which the kernel writes the fields of a file: audit_log_name. Some may be left out.
var pathOrder = []string{
	"item=", "name=", "inode=", "dev=", "mode=", "ouid=", "ogid=", "rdev=", "obj=", "nametype=", "cap_fp=", "cap_fi=", "cap_fe=", "cap_fver=", "cap_frootid=",
}

// readPath appends the file of a PATH record.
func (d *Decoder) readPath(s *scanner) {
	d.event.Paths = append(d.event.Paths, event.Path{})
	p := &d.event.Paths[len(d.event.Paths)-1]
	for _, name := range pathOrder {
		if s.expect(name) && !s.absent() {
			d.takePath(p, s)
		}
	}
	for s.next() {
		if !s.absent() {
			d.takePath(p, s)
		}
	}
	d.nameUser(&p.OUIDName, p.OUID)
	d.nameGroup(&p.OGIDName, p.OGID)
}

// takePath puts a field of a PATH record where it belongs.
func (d *Decoder) takePath(p *event.Path, s *scanner) {
	switch s.key {
	case "name":
		p.Name = d.made.text(s)
	case "nametype":
		p.Nametype = s.raw
	case "inode":
		p.Inode = s.raw
	case "dev":
		p.Dev = s.raw
	case "mode":
		p.Mode = s.raw
		p.ModeName = d.modeName(s.raw)
	case "rdev":
		p.Rdev = s.raw
	case "ouid":
		setID(&p.OUID, s)
	case "ogid":
		setID(&p.OGID, s)
	case "obj":
		p.Obj = s.raw
	case "cap_fp":
		p.CapPermitted = d.capabilities(s.raw)
	case "cap_fi":
		p.CapInheritable = d.capabilities(s.raw)
	case "cap_fe":
		p.CapEffective = s.raw == "1"
	case "OUID":
		setName(&p.OUIDName, p.OUID, s)
	case "OGID":
		setName(&p.OGIDName, p.OGID, s)
	}
}

// modeText is a mode that was made words of before.
type modeText struct {
	mode uint64
	text string
}

// modeName says a mode in words, or nothing where there is none.
func (d *Decoder) modeName(raw string) string {
	mode, err := strconv.ParseUint(raw, 8, 32)
	if err != nil {
		return ""
	}
	last := &d.modes[(mode^mode>>9)%uint64(len(d.modes))]
	if last.text == "" || last.mode != mode {
		*last = modeText{mode, modeWords(mode)}
	}
	return last.text
}

// modeWords are the type, the special bits and the permissions, as ausearch has them.
func modeWords(mode uint64) string {
	words := ""
	switch mode & 0o170000 {
	case 0o140000:
		words = "socket,"
	case 0o120000:
		words = "link,"
	case 0o100000:
		words = "file,"
	case 0o060000:
		words = "block,"
	case 0o040000:
		words = "dir,"
	case 0o020000:
		words = "character,"
	case 0o010000:
		words = "fifo,"
	}
	if mode&0o4000 != 0 {
		words += "suid,"
	}
	if mode&0o2000 != 0 {
		words += "sgid,"
	}
	if mode&0o1000 != 0 {
		words += "sticky,"
	}
	permissions := strconv.FormatUint(mode&0o777, 8)
	return words + "000"[len(permissions):] + permissions
}

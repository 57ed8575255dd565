package kerneltest

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// Numbers of struct audit_rule_data, include/uapi/linux/audit.h. They are written down here once more on purpose: a double that used the
// codec under test would agree with its mistakes.
const (
	fieldArch  = 11
	fieldWatch = 105
	fieldPerm  = 106
	fieldDir   = 107
	fieldExe   = 112
	fieldKey   = 210

	opEqual     = 0x40000000
	permWA      = 2 | 8
	listExit    = 4
	prepend     = 0x10
	always      = 2
	archX8664   = 0xC000003E
	archAArch64 = 0xC00000B7

	offsetFields = 12 + 4*64
	offsetValues = offsetFields + 4*64
	offsetOps    = offsetValues + 4*64
	headerSize   = offsetOps + 4*64 + 4
)

// Watch returns the bytes of `-w path -p wa -k key` for a path that is no directory.
func Watch(path, key string) rule.Wire { return pathRule(fieldWatch, path, key) }

// Dir returns the bytes of `-w path -p wa -k key` for a directory.
func Dir(path, key string) rule.Wire { return pathRule(fieldDir, path, key) }

// Exe returns the bytes of `-a always,exit -F arch=b64 -S number -F exe=path -k key`.
func Exe(number int, path, key string) rule.Wire {
	b := newBuilder()
	b.call(number)
	b.number(fieldArch, arch())
	b.text(fieldExe, path)
	b.text(fieldKey, key)
	return b.wire()
}

// Syscall returns the bytes of `-a always,exit -F arch=b64 -S number -k key`.
func Syscall(number int, key string) rule.Wire {
	b := newBuilder()
	b.call(number)
	b.number(fieldArch, arch())
	b.text(fieldKey, key)
	return b.wire()
}

// First returns the same rule with the flag that puts it at the beginning of its list, auditctl -A.
func First(w rule.Wire) rule.Wire {
	data := []byte(w)
	binary.NativeEndian.PutUint32(data, flagsOf(w)|prepend)
	return rule.Wire(data)
}

func arch() uint32 {
	var name unix.Utsname
	if unix.Uname(&name) == nil && unix.ByteSliceToString(name.Machine[:]) == "aarch64" {
		return archAArch64
	}
	return archX8664
}

func pathRule(field uint32, path, key string) rule.Wire {
	b := newBuilder()
	for i := 12; i < offsetFields; i++ {
		b.data[i] = 0xff // all system calls, with the bits of the classes, as auditctl does
	}
	b.text(field, path)
	b.number(fieldPerm, permWA)
	b.text(fieldKey, key)
	return b.wire()
}

type builder struct {
	data    []byte
	strings []byte
	count   uint32
}

func newBuilder() *builder {
	b := &builder{data: make([]byte, headerSize)}
	binary.NativeEndian.PutUint32(b.data, listExit)
	binary.NativeEndian.PutUint32(b.data[4:], always)
	return b
}

func (b *builder) call(number int) {
	binary.NativeEndian.PutUint32(b.data[12+4*(number/32):], 1<<(number%32))
}

func (b *builder) number(field, value uint32) {
	at := int(4 * b.count)
	binary.NativeEndian.PutUint32(b.data[offsetFields+at:], field)
	binary.NativeEndian.PutUint32(b.data[offsetValues+at:], value)
	binary.NativeEndian.PutUint32(b.data[offsetOps+at:], opEqual)
	b.count++
}

func (b *builder) text(field uint32, text string) {
	b.number(field, uint32(len(text)))
	b.strings = append(b.strings, text...)
}

func (b *builder) wire() rule.Wire {
	binary.NativeEndian.PutUint32(b.data[8:], b.count)
	binary.NativeEndian.PutUint32(b.data[headerSize-4:], uint32(len(b.strings)))
	return rule.Wire(b.data) + rule.Wire(b.strings)
}

// normal is what the kernel makes of a rule: without the flag of -A and without the bits of the system call classes, the last 16.
func normal(w rule.Wire) rule.Wire {
	data := []byte(w)
	binary.NativeEndian.PutUint32(data, listOf(w))
	last := data[offsetFields-4:]
	binary.NativeEndian.PutUint32(last, binary.NativeEndian.Uint32(last)&0xffff)
	return rule.Wire(data)
}

func word(w rule.Wire, offset int) uint32 {
	return binary.NativeEndian.Uint32([]byte(w[offset : offset+4]))
}

func flagsOf(w rule.Wire) uint32 { return word(w, 0) }

func listOf(w rule.Wire) uint32 { return flagsOf(w) &^ prepend }

// pathOf returns the first field with a path, and the path.
func pathOf(w rule.Wire) (field uint32, path string) {
	text := string(w[headerSize:])
	for i := range int(word(w, 8)) {
		field, length := word(w, offsetFields+4*i), int(word(w, offsetValues+4*i))
		switch {
		case !isText(field):
			continue
		case field == fieldWatch || field == fieldDir || field == fieldExe:
			return field, text[:length]
		}
		text = text[length:]
	}
	return 0, ""
}

// isText says whether the value of a field is the length of a string: subj_* 13-17, obj_* 19-23, paths and keys.
func isText(field uint32) bool {
	return field >= 13 && field <= 17 || field >= 19 && field <= 23 ||
		field == fieldWatch || field == fieldDir || field == fieldExe || field == fieldKey
}

package grub

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// disk is a Host of files by their path without a device.
type disk struct {
	files   map[string]string
	entries []BLS
}

func (d disk) path(name string) string {
	if i := strings.IndexByte(name, ')'); i > 0 {
		return name[i+1:]
	}
	return name
}

func (d disk) Read(name string) ([]byte, error) {
	if text, ok := d.files[d.path(name)]; ok {
		return []byte(text), nil
	}
	return nil, fs.ErrNotExist
}

func (d disk) Exists(name string) Truth {
	_, err := d.Read(name)
	return truth(err == nil)
}

func (d disk) Entries(string) ([]BLS, error) { return d.entries, nil }

// told is a menu in lines: place, title, command lines; the default has a star, an uncertain line a question mark.
func told(m *Menu) string {
	var b strings.Builder
	if m.Doubt != "" {
		b.WriteString("doubt: " + m.Doubt + "\n")
	}
	chosen := m.Default()
	for _, e := range m.Entries {
		b.WriteString(strings.Join(append(e.Parents, e.Title), " > "))
		if e == chosen {
			b.WriteString(" *")
		}
		if e.Doubt != "" {
			b.WriteString(" doubt: " + e.Doubt)
		}
		if e.Chain != "" {
			b.WriteString(" chain: " + e.Chain)
		}
		b.WriteString("\n")
		for _, l := range e.Lines {
			mark := "  "
			if !l.Sure {
				mark = "? "
			}
			b.WriteString(mark + l.Kernel + " " + l.Cmdline + "\n")
		}
	}
	return b.String()
}

const grubenv = "# GRUB Environment Block\n"

func TestTheMenuIsWhatGRUBWouldShow(t *testing.T) {
	for name, test := range map[string]struct {
		text    string
		files   map[string]string
		entries []BLS
		want    string
	}{
		"one entry": {
			text: "menuentry 'A' --class x $menuentry_id_option 'a' {\n linux /vmlinuz root=/dev/sda1 audit=1\n initrd /i\n}",
			want: "A *\n  /vmlinuz root=/dev/sda1 audit=1\n",
		},
		"a remark at the end of a line, words joined by a backslash, a second kernel": {
			text: "menuentry A {\n linux /k a \\\n b # c\n linux16 /k2 d#e\n}",
			want: "A *\n  /k2 d#e\n",
		},
		"single and double quotes": {
			text: "x=1\nmenuentry \"A\" { linux /k 'a=$x' \"b=$x\" \"audit=1\" c\\ d \"e f\" \"\\$x\" \"\\n\" }",
			want: "A *\n  /k a=$x b=1 audit=1 \"c d\" \"e f\" $x \\\\n\n",
		},
		"a variable outside of quotes is split, inside it is not": {
			text: "set x=\"a b\"\nmenuentry A { linux /k $x \"$x\" y$x }",
			want: "A *\n  /k a b \"a b\" ya b\n",
		},
		"set takes one word, an assignment all": {
			text: "v='1 2'\nset x=$v\ny=$v\nmenuentry A { linux /k $x - $y }",
			want: "A *\n  /k 1 - 1 2\n",
		},
		"a variable has the value of the end of the configuration": {
			text: "set x=1\nmenuentry A { linux /k $x }\nset x=2",
			want: "A *\n  /k 2\n",
		},
		"a default by number, id, title and place in a submenu": {
			text: "set default=\"s>b\"\nmenuentry A { linux /k a }\nsubmenu S --id s { menuentry B --id b { linux /k b } }",
			want: "A\n  /k a\nS\nS > B *\n  /k b\n",
		},
		"a default that is a submenu boots its first entry": {
			text: "set default=1\nmenuentry A { linux /k a }\nsubmenu S { menuentry B { linux /k b }\nmenuentry C { linux /k c } }",
			want: "A\n  /k a\nS\nS > B *\n  /k b\nS > C\n  /k c\n",
		},
		"a default that is not there is the first entry": {
			text: "set default=nothing\nmenuentry A { linux /k a }",
			want: "A *\n  /k a\n",
		},
		"an entry chosen for once": {
			text:  "load_env\nif [ \"${next_entry}\" ] ; then\n set default=\"${next_entry}\"\n set next_entry=\nelse\n set default=0\nfi\nmenuentry A { linux /k a }\nmenuentry B { linux /k b }",
			files: map[string]string{"/boot/grub/grubenv": grubenv + "next_entry=B\n"},
			want:  "A\n  /k a\nB *\n  /k b\n",
		},
		"what only the platform decides gives both command lines": {
			text: "if [ $grub_platform = efi ]; then x=audit=1; else x=quiet; fi\nmenuentry A { linux /k $x }",
			want: "A *\n  /k audit=1\n  /k quiet\n",
		},
		"elif, and, or, not": {
			text: "if [ -n \"$a\" ]; then x=1; elif [ ! -z b -a 1 -lt 2 ]; then x=2; else x=3; fi\nif [ a = b -o c == c ]; then y=1; fi\nmenuentry A { linux /k $x $y }",
			want: "A *\n  /k 2 1\n",
		},
		"a function with an argument and a return": {
			text: "function f {\n set x=\"$1\"\n return\n set x=never\n}\nf 'a=1'\nmenuentry A { linux /k $x }",
			want: "A *\n  /k a=1\n",
		},
		"a loop over words": {
			text: "for i in a b; do x=\"$x $i\"; done\nmenuentry A { linux /k $x }",
			want: "A *\n  /k a b\n",
		},
		"another file": {
			text:  "if [ -f $prefix/custom.cfg ]; then source $prefix/custom.cfg; fi\nmenuentry A { linux /k $x }",
			files: map[string]string{"/boot/grub/custom.cfg": "x=audit=1\nmenuentry B { linux /k b }"},
			want:  "B *\n  /k b\nA\n  /k audit=1\n",
		},
		"handing over": {
			text:  "search.fs_uuid abc root\nset prefix=($root)'/boot/grub'\nconfigfile $prefix/grub.cfg",
			files: map[string]string{"/boot/grub/grub.cfg": "menuentry A { linux /k a }"},
			want:  "A *\n  /k a\n",
		},
		"handing over to what is not there": {text: "configfile /x.cfg", want: "doubt: it hands over to /x.cfg, which is not there\n"},
		"an id of a device within a parameter": {
			text: "search --no-floppy --set=root --label X\nprobe --set=u --fs-uuid $root\nmenuentry A { linux /k root=UUID=$root audit=1 }\nmenuentry B { linux /k root=UUID=$u audit=1 }\nmenuentry C { linux /k audit=$root }",
			want: "A *\n  /k root=UUID=X audit=1\nB\n? /k root=UUID=? audit=1\nC\n? /k audit=X\n",
		},
		"entries of the Boot Loader Specification": {
			text: "load_env\nset default=\"${saved_entry}\"\nblscfg",
			files: map[string]string{
				"/boot/grub/grubenv": grubenv + "saved_entry=b\nkernelopts=root=x ro audit=1\n#######",
			},
			entries: []BLS{
				{ID: "a", Title: "A", Linux: "/a", Options: "$kernelopts $tuned_params", HasOptions: true},
				{ID: "b", Title: "B", Linux: "/b", Options: "quiet", HasOptions: true},
				{ID: "c", Title: "C", Linux: "/c"},
			},
			want: "A\n  /a root=x ro audit=1\nB *\n  /b quiet\nC\n  /c \n",
		},
		"Xen starts Linux as a module": {
			text: "menuentry A {\n multiboot2 /xen.gz placeholder\n module2 /vmlinuz-6 placeholder root=x audit=1\n module2 --nounzip /initrd\n}",
			want: "A *\n  /vmlinuz-6 root=x audit=1\n",
		},
		"another loader": {
			text: "menuentry A { chainloader /EFI/Linux/a.efi }", want: "A * chain: /EFI/Linux/a.efi\n",
		},
		"a kernel without a menu":        {text: "linux /k audit=1\nboot", want: "(without a menu) *\n  /k audit=1\n"},
		"a command that runs text":       {text: "eval \"$x\"\nmenuentry A { linux /k }", want: "doubt: the command eval runs what only GRUB knows\nA *\n  /k \n"},
		"a quote that is not closed":     {text: "menuentry 'A { }", want: "doubt: /boot/grub/grub.cfg: a quote is not closed\n"},
		"a brace on a line of its own":   {text: "menuentry A\n{ linux /k }", want: "doubt: /boot/grub/grub.cfg: a block is not closed, or closed twice\n"},
		"a block that is not closed":     {text: "menuentry A { linux /k", want: "doubt: /boot/grub/grub.cfg: a block is not closed, or closed twice\n"},
		"a sign that GRUB does not know": {text: "a | b", want: "doubt: /boot/grub/grub.cfg: " + errSign.Error() + "\n"},
		"a function without an end":      {text: "function f { f; }\nf", want: "doubt: functions call each other without an end\n"},
		"a loop without an end":          {text: "while true; do x=1; done", want: "doubt: a loop whose end only GRUB knows\n"},
	} {
		t.Run(name, func(t *testing.T) {
			m := Read("/boot/grub/grub.cfg", []byte(test.text), map[string]string{"prefix": "/boot/grub"}, disk{test.files, test.entries})
			if diff := cmp.Diff(test.want, told(m)); diff != "" {
				t.Error("(-want +got)", diff)
			}
		})
	}
}

func TestAnEnvironmentBlockIsReadAsGRUBReadsIt(t *testing.T) {
	for name, test := range map[string]struct {
		block string
		want  map[string]string
	}{
		"variables and padding":       {grubenv + "a=1\nb=x=y\n###", map[string]string{"a": "1", "b": "x=y"}},
		"a remark":                    {grubenv + "# WARNING: a=1\n", map[string]string{}},
		"a newline and a backslash":   {grubenv + "a=1\\\n2\\\\3\nb=4\n", map[string]string{"a": "1\n2\\3", "b": "4"}},
		"without the signature":       {"a=1\n", nil},
		"a value with a strange sign": {grubenv + "a=\x00\n", map[string]string{}},
	} {
		if diff := cmp.Diff(test.want, Environment([]byte(test.block))); diff != "" {
			t.Errorf("%s (-want +got) %s", name, diff)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("set default=0\nif [ -s $prefix/grubenv ]; then load_env; fi\nmenuentry 'A' --id a { linux /k \"a $b\" ${c} }\nsubmenu S { source x }")
	f.Add("function f { while [ $1 -lt 2 ]; do break; done; }\nf 1; for i in a b; do $i; done; blscfg; configfile /boot/grub/grub.cfg")
	f.Fuzz(func(t *testing.T, text string) {
		d := disk{map[string]string{"/boot/grub/grub.cfg": text, "/boot/grub/grubenv": text, "x": text}, []BLS{{ID: text, Linux: text, Options: text}}}
		m := Read("/boot/grub/grub.cfg", []byte(text), map[string]string{"prefix": "/boot/grub"}, d)
		m.Default()
		for _, e := range m.Entries {
			for _, l := range e.Lines {
				if isOpen(l.Cmdline) || isOpen(l.Kernel) {
					t.Errorf("an open value in %+v", l)
				}
			}
		}
	})
}

func FuzzEnvironment(f *testing.F) {
	f.Add(grubenv + "a=1\\\n2\n###")
	f.Fuzz(func(_ *testing.T, text string) { Environment([]byte(text)) })
}

package rule

import (
	"reflect"
	"testing"
)

// seeds are texts with something of everything.
var seeds = []string{
	"-w /etc/passwd -p wa -k identity", "-a always,exit -F arch=b64 -S execve,openat -F auid>=1000 -F auid!=unset -F key=x",
	"-a never,exclude -F msgtype=CWD", "-a never,exit -C auid!=uid", "-b 8192\n-f 1\r\n# x\n-e 2", `-w "/a b" -p x -k "c d"`,
	`-w /a\ b\\c -k d \` + "\n -p r", "\ufeff-A always,io_uring -S openat,64 -F exit=-EACCES", "-a never,filesystem -F fstype=cgroup2 -k \u00a0x",
	"-a always,exit -S all -F path=@privileged -F perm=x", "-w /etc\n-W /etc\n-D\n-d always,exit -F uid=0",
	"-a always,exit -F arch=b32 -F arch=b64 -S all -F a0&=0x3 -F filetype=link -F dir=/x/ -F exe!=/y -F saddr_fam=10 -F sessionid=unset -F key=#\"",
}

// FuzzParse looks for texts that stop the parser, and for rules that are printed as another.
func FuzzParse(f *testing.F) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	host := debian{map[string]bool{"/etc": true}}
	f.Fuzz(func(t *testing.T, text string) {
		file, problems := Parse(text)
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.Message == "" {
				t.Errorf("a problem of %q has no place or says nothing: %+v", text, p)
			}
		}
		for _, r := range file.Rules {
			printed, problems := Parse(r.String())
			if len(printed.Rules) != 1 {
				t.Fatalf("%q is printed as %q, which is not a rule: %v", text, r, problems)
			}
			if printed.Rules[0].String() != r.String() {
				t.Fatalf("%q is printed as %q, which is printed as %q", text, r, printed.Rules[0])
			}
			wire, err := r.Encode(host)
			again, againErr := printed.Rules[0].Encode(host)
			if again != wire || (err == nil) != (againErr == nil) {
				t.Fatalf("%q is printed as %q, which is another rule (%v, %v)", text, r, err, againErr)
			}
			if err == nil {
				checkWire(t, r, wire, host)
			}
		}
	})
}

// checkWire checks that the bytes of a rule are the rule.
func checkWire(t *testing.T, r Rule, wire Wire, host Host) {
	t.Helper()
	parts, err := wire.Open()
	if err != nil || parts.Wire() != wire {
		t.Errorf("%s is another rule when it is put together again (%v)", r, err)
	}
	listed, err := Decode(wire)
	if err != nil {
		t.Fatalf("%s cannot be decoded: %v", r, err)
	}
	if again, err := listed.Encode(host); again.Canonical() != wire.Canonical() {
		t.Errorf("%s is listed as %s, which is another rule (%v)", r, listed, err)
	}
}

// addWires adds the bytes of the seeds.
func addWires(f *testing.F, host Host) {
	f.Helper()
	for _, seed := range seeds {
		file, _ := Parse(seed)
		for _, r := range file.Rules {
			if wire, err := r.Encode(host); err == nil {
				f.Add([]byte(wire))
			}
		}
	}
}

// FuzzDecode looks for bytes that stop the reader, and for rules that change when what was read is encoded and read again.
func FuzzDecode(f *testing.F) {
	host := debian{map[string]bool{"/etc": true}}
	addWires(f, host)
	f.Fuzz(func(t *testing.T, bytes []byte) {
		r, err := Decode(Wire(bytes))
		if err != nil {
			return
		}
		_ = r.String()
		wire, err := r.Encode(host)
		if err != nil {
			return
		}
		checkWire(t, r, wire, host)
		again, err := Decode(wire)
		if err != nil || again.String() != r.String() {
			t.Errorf("%s is %s when it is encoded and read (%v)", r, again, err)
		}
	})
}

// FuzzOpen looks for bytes that taking apart and putting together changes more than once.
func FuzzOpen(f *testing.F) {
	addWires(f, debian{map[string]bool{"/etc": true}})
	f.Fuzz(func(t *testing.T, bytes []byte) {
		wire := Wire(bytes)
		if canonical := wire.Canonical(); canonical.Canonical() != canonical {
			t.Error("the canonical form of the canonical form is another")
		}
		parts, err := wire.Open()
		if err != nil {
			return
		}
		_ = parts.Keys()
		again, err := parts.Wire().Open()
		if err != nil || !reflect.DeepEqual(parts, again) {
			t.Errorf("%+v is %+v when it is put together and taken apart (%v)", parts, again, err)
		}
	})
}

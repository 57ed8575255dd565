package rule

import "testing"

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"-w /etc/passwd -p wa -k identity", "-a always,exit -F arch=b64 -S execve,openat -F auid>=1000 -F auid!=unset -F key=x",
		"-a never,exclude -F msgtype=CWD", "-C auid!=uid", "-b 8192\n-f 1\r\n# x\n-e 2", `-w "/a b" -p x -k "c d"`, `-w /a\ b\\c -k d \` + "\n -p r",
	} {
		f.Add(seed)
	}
	host := debian{map[string]bool{"/etc": true}}
	f.Fuzz(func(t *testing.T, text string) {
		file, _ := Parse(text)
		for _, r := range file.Rules {
			wire, err := r.Encode(host)
			if err != nil {
				continue
			}
			printed, problems := Parse(r.String())
			if len(printed.Rules) != 1 {
				t.Fatalf("%q is printed as %q, which is not a rule: %v", text, r, problems)
			}
			if again, _ := printed.Rules[0].Encode(host); again != wire {
				t.Fatalf("%q is printed as %q, which is another rule", text, r)
			}
		}
	})
}

func FuzzDecode(f *testing.F) {
	host := debian{map[string]bool{"/etc": true}}
	file, _ := Parse("-w /etc -p wa -k identity\n-a always,exit -F arch=b64 -S execve -F a0&3 -C auid!=uid -k x -k y")
	for _, r := range file.Rules {
		wire, err := r.Encode(host)
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(wire))
	}
	f.Fuzz(func(_ *testing.T, wire []byte) {
		if r, err := Decode(Wire(wire)); err == nil {
			_ = r.String()
			_, _ = r.Encode(host)
		}
		_ = Wire(wire).Canonical()
	})
}

func BenchmarkParseAndEncode(b *testing.B) {
	host := debian{map[string]bool{"/etc": true}}
	b.ReportAllocs()
	for b.Loop() {
		file, _ := Parse("-a always,exit -F arch=b64 -S execve,execveat -F auid>=1000 -F auid!=unset -k exec")
		if _, err := file.Rules[0].Encode(host); err != nil {
			b.Fatal(err)
		}
	}
}

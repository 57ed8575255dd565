package rule

import "testing"

func TestOnAMachineOnlyWhatItsProgramsCanDoIsLeft(t *testing.T) {
	for _, row := range []struct{ text, machine, want string }{
		{"-a always,exit -F arch=b64 -S open,openat -k x", "x86_64", "-a always,exit -F arch=b64 -S open,openat -F key=x"},
		{"-a always,exit -F arch=b64 -S open,openat -k x", "aarch64", "-a always,exit -F arch=b64 -S openat -F key=x"},
		{"-a always,exit -F arch=b64 -S open -k x", "aarch64", ""},
		{"-a always,exit -F arch=b32 -S openat -k x", "riscv64", ""},
		{"-a always,exit -F arch=b32 -S openat -k x", "loongarch64", ""},
		{"-a always,exit -F arch=b32 -F uid=0 -k x", "loongarch64", ""},
		{"-a always,exit -F arch=b32 -F uid=0 -k x", "x86_64", "-a always,exit -F arch=b32 -S all -F uid=0 -F key=x"},
		{"-a always,exit -F arch=b64 -S 2,openat -k x", "aarch64", "-a always,exit -F arch=b64 -S 2,openat -F key=x"},
		{"-a always,exit -S open,openat -k x", "aarch64", "-a always,exit -S openat -F key=x"},
		{"-a always,exit -F arch=b64 -S open -k x", "", "-a always,exit -F arch=b64 -S open -F key=x"},
		{"-a always,exit -F arch=x86_64 -S open -k x", "aarch64", ""},
		{"-a always,exit -F arch=x86_64 -S open -k x", "x86_64", "-a always,exit -F arch=x86_64 -S open -F key=x"},
		{"-w /etc -p wa -k x", "aarch64", "-w /etc -p wa -k x"},
	} {
		file, problems := Parse(row.text)
		if len(file.Rules) != 1 {
			t.Fatal(row.text, problems)
		}
		before := file.Rules[0].String()
		got := ""
		if r, any := file.Rules[0].On(row.machine); any {
			got = r.String()
		}
		if got != row.want {
			t.Errorf("%s on %q is %q, want %q", row.text, row.machine, got, row.want)
		}
		if file.Rules[0].String() != before {
			t.Errorf("%s was changed", row.text)
		}
	}
}

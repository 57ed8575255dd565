package rule

import (
	"errors"
	"testing"
)

func TestAPlaceholderStandsBehindPathOnly(t *testing.T) {
	const known = "write @privileged, or a path from the root on"
	check(t, []row{
		{
			"the programs that raise rights", "-a always,exit -F arch=b64 -S execve -F path=@privileged -F auid>=1000 -k p",
			[]string{"-a always,exit -F arch=b64 -S execve -F path=@privileged -F auid>=1000 -F key=p"},
			nil,
		},
		{"another name", "-a always,exit -F path=@all", nil, wrong(24, `unknown placeholder "@all"`, known)},
		{"another spelling", "-a always,exit -F path=@Privileged", nil, wrong(24, `unknown placeholder "@Privileged"`, known)},
		{"a directory", "-a always,exit -F dir=@privileged", nil, wrong(23, "@privileged stands behind -F path= only",
			"write -a always,exit -F path=@privileged")},
		{"a program", "-a always,exit -F exe=@privileged", nil, wrong(23, "@privileged stands behind -F path= only",
			"write -a always,exit -F path=@privileged")},
		{"a watch", "-w @privileged -p x", nil, wrong(4, "@privileged stands behind -F path= only",
			"write -a always,exit -F path=@privileged")},
		{"a comparison otherwise", "-a always,exit -F path!=@privileged", nil, wrong(25, "path takes = only", "write path=@privileged")},
		{"two of them", "-a always,exit -F path=@privileged -F path=@privileged", nil, wrong(44, "a rule has one path or dir", "write a rule for each path")},
	})
}

func TestAPlaceholderIsEncodedOnlyWithAPathInItsPlace(t *testing.T) {
	host := newDebian(t)
	open, _ := Parse("-a always,exit -S all -F perm=x -F path=@privileged -F auid>=1000 -F auid!=unset -k privileged")
	closed, _ := Parse("-a always,exit -S all -F perm=x -F path=/usr/bin/su -F auid>=1000 -F auid!=unset -k privileged")
	r := open.Rules[0]

	_, err := r.Encode(host)
	if unexpanded := (*PlaceholderError)(nil); !errors.As(err, &unexpanded) || unexpanded.Name != Privileged {
		t.Errorf("a rule for several paths is encoded: %v", err)
	}
	if name, ok := r.Placeholder(); name != Privileged || !ok {
		t.Errorf("placeholder %q, %v", name, ok)
	}
	if paths := r.Paths(); len(paths) > 0 {
		t.Errorf("paths %q", paths)
	}

	su := r.WithPath("/usr/bin/su")
	got, err := su.Encode(host)
	want, wantErr := closed.Rules[0].Encode(host)
	if err != nil || wantErr != nil || got != want {
		t.Errorf("%s gives other bytes than %s: %v, %v", su, closed.Rules[0], err, wantErr)
	}
	if name, ok := su.Placeholder(); ok {
		t.Errorf("%s has the placeholder %s", su, name)
	}
	if name, _ := r.Placeholder(); name != Privileged {
		t.Errorf("the path went into %s as well", r)
	}
	if again := su.WithPath("/bin/mount"); again.String() != su.String() {
		t.Errorf("a path went into a rule without a placeholder: %s", again)
	}
}

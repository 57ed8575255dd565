package rule

import "testing"

func TestDeletionsTakeAwayWhatStandsAbove(t *testing.T) {
	const nothing = "no rule above is the same, so nothing is deleted"
	at := func(line int, problems []Problem) []Problem {
		problems[0].Line = line
		return problems
	}
	check(t, []row{
		{"a watch", "-w /etc -p wa -k x\n-w /usr\n-W /etc/ -p aw -k x", []string{"-w /usr -p rwxa"}, nil},
		{"a watch without permissions", "-w /etc\n-W /etc", nil, nil},
		{"a watch with another key", "-w /etc -k x\n-W /etc -k y", []string{"-w /etc -p rwxa -k x"}, at(2, doubtful(1, nothing))},
		{"a rule, written in another way", "-A exit,always -F arch=b64 -S open,close -F uid=0 -k x\n-d always,exit -F arch=b64 -S close -S open -F uid=0x0 -F key=x", nil, nil},
		{
			"a rule with fields in another order", "-a never,exit -F uid=0 -F gid=0\n-d never,exit -F gid=0 -F uid=0",
			[]string{"-a never,exit -S all -F uid=0 -F gid=0"},
			at(2, doubtful(1, nothing)),
		},
		{
			"rules of two architectures", "-a always,exit -F arch=b32 -S open\n-a always,exit -F arch=b64 -S open\n-d always,exit -F arch=b64 -S open",
			[]string{"-a always,exit -F arch=b32 -S open"},
			nil,
		},
		{"what stands below stays", "-W /etc\n-w /etc", []string{"-w /etc -p rwxa"}, doubtful(1, nothing)},
		{
			"an error in a deletion", "-w /etc\n-W etc",
			[]string{"-w /etc -p rwxa"},
			at(2, wrong(4, `path "etc" does not begin with /`, "write it from the root on, for example /etc/passwd")),
		},
		{
			"everything", "-b 1\n-w /etc\n-w /usr\n-D\n-w /bin",
			[]string{"-w /bin -p rwxa"},
			at(4, doubtful(1, "-D deletes 2 of the rules above: put it first if they shall stay")),
		},
		{
			"everything with a key", "-w /etc -k a -k b\n-w /usr -k c\n-D -k b",
			[]string{"-w /usr -p rwxa -k c"},
			at(3, doubtful(1, "-D deletes 1 of the rules above: put it first if they shall stay")),
		},
		{
			"a key that no rule has", "-w /etc -k a\n-D -k b",
			[]string{"-w /etc -p rwxa -k a"},
			at(2, doubtful(1, "no rule above has the key, so nothing is deleted")),
		},
	})
}

package lint

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

func TestDigestIsOneLineForEachCheckTheMostImportantFirst(t *testing.T) {
	file, problems := rule.Parse(`-w /a -p w -k a # remark
-w /b -p w -k a # remark
-w /c	-p w -k a
-w x
-a always,exit -F arch=b64 -S bind -F uid=0 -k a
-a always,exit -F arch=b64 -F arch=b32 -S openat -k a
-a always,exit -F arch=b64 -S bind -F uid=1 -k a
-a always,exit -F arch=b64 -S bind -F uid=2
-a always,exit -F arch=b64 -S bind -F uid=3 -k a
-a always,exit -F arch=b64 -S bind -F uid=4 -k a
-a always,exit -F arch=b64 -S bind -F uid=5 -k a
-a always,exit -F arch=b64 -S bind -F uid=6 -k a
-a task,never
`)
	remark := "auditctl refuses a comment behind a rule; here it is left out"
	want := []string{
		"line 13, column 1: no process that starts from now on is audited, whatever the other rules say: remove it (silences-all)",
		"line 6, column 1: every program calls openat all the time, and each call is recorded: add a path, a user or success=0 (hot-rule)",
		"line 5, column 1: 32-bit programs escape it: write it once more with arch=b32; also lines 7, 8, 9, 10, 11 and 1 more (missing-b32)",
		"line 1, column 17: " + remark + "; also line 2",
		"line 3, column 6: auditctl takes a tab or a no-break space for a part of the word; here it is a space",
	}
	if diff := cmp.Diff(want, Digest(append(problems, Rules(file.Rules, "")...))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := Digest(nil); got != nil {
		t.Errorf("of nothing: %q", got)
	}
}

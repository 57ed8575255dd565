package boot

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTheCommandLineIsReadAsTheKernelReadsIt(t *testing.T) {
	for line, want := range map[string]string{
		"":                                   "off",
		"quiet":                              "off",
		"audit=1":                            "on",
		"audit=on":                           "on",
		"audit=ON":                           "on",
		"audit=2":                            "on", // "invalid 'audit' parameter value (2)", and on: seen on Linux 6.1
		"audit=0x1":                          "on",
		"audit=00":                           "on", // only the text 0 is off
		"audit=":                             "on",
		"audit=yes":                          "on",
		"audit=0":                            "off",
		"audit=off":                          "off",
		"audit=OFF":                          "off",
		"audit=0 audit=1":                    "off", // seen on Linux 6.1, both orders
		"audit=1 audit=0":                    "off",
		"audit=1 audit=off audit=on":         "off",
		"audit":                              "off", // seen on Linux 6.1: an unknown parameter
		"AUDIT=1":                            "off",
		"xaudit=1 audit1 audit.x=1":          "off",
		`"audit=1"`:                          "on",
		`audit="1"`:                          "on",
		`"audit=1 quiet"`:                    "on", // with a complaint: the value is "1 quiet"
		`x="audit=1"`:                        "off",
		`x="a b" audit=1`:                    "on",
		`x="a audit=1`:                       "off", // the quote is never closed
		"quiet -- audit=1":                   "off",
		`audit=1 "--" audit=0`:               "on",
		"--x audit=1":                        "on",
		"--= audit=1":                        "on",
		"audit=1\taudit_backlog_limit=9\n":   "on 9",
		"\u00a0audit=1":                      "on", // its second byte in UTF-8 is a space to the kernel
		"\xa0audit=1":                        "on",
		"audit-backlog-limit=5 audit=1":      "on 5",
		"audit=1 audit_backlog_limit=8192":   "on 8192",
		"audit=1 audit_backlog_limit=0x2000": "on 8192",
		"audit=1 audit_backlog_limit=020000": "on 8192",
		"audit=1 audit_backlog_limit=+8192":  "on 8192",
		"audit=1 audit_backlog_limit=0":      "on 0",
		"audit=1 audit_backlog_limit=1 audit_backlog_limit=2":    "on 2",
		"audit=1 audit_backlog_limit=1 audit_backlog_limit=many": "on 1",
		"audit=1 audit_backlog_limit=-1":                         "on",
		"audit=1 audit_backlog_limit=+-1":                        "on",
		"audit=1 audit_backlog_limit=4294967295":                 "on 4294967295",
		"audit=1 audit_backlog_limit=4294967296":                 "on",
		"audit=1 audit_backlog_limit=8k":                         "on",
		"audit=1 audit_backlog_limit=0b1":                        "on",
		"audit=1 audit_backlog_limit=1_000":                      "on",
		"audit=1 audit_backlog_limit=0x":                         "on",
		"audit=1 audit_backlog_limit=08":                         "on",
		"audit=1 audit_backlog_limit=":                           "on",
		"audit=1 audit_backlog_limit":                            "on",
	} {
		r := readCmdline(line)
		if got := value(r.audit, r.backlog); got != want {
			t.Errorf("%q is %s, want %s", line, got, want)
		}
	}
}

func TestMistakesInACommandLineAreTold(t *testing.T) {
	for line, want := range map[string][]ID{
		"audit=1 audit_backlog_limit=8192": nil,
		"audit=on":                         {ValueOdd},
		"audit AUDIT=1":                    {ParameterIgnored, ParameterIgnored},
		"audit=1 audit_backlog_limit=many": {BacklogIgnored},
		"-- audit=1 AUDIT_BACKLOG_LIMIT=1": {ParameterForInit, ParameterForInit},
	} {
		var got []ID
		for _, f := range details(readCmdline(line), "", "") {
			got = append(got, f.ID)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got) %s", line, diff)
		}
	}
}

func TestTheBeginningOfABootIsJudged(t *testing.T) {
	early, late := time.Unix(100, 0), time.Unix(200, 0)
	for name, test := range map[string]struct {
		beginning Beginning
		want      Coverage
	}{
		"records before the first service":   {Beginning{On, early, late, 0}, FromTheStart},
		"at the same time":                   {Beginning{On, early, early, 0}, FromTheStart},
		"records lost":                       {Beginning{On, early, late, 1}, WithGaps},
		"records after the first service":    {Beginning{On, late, early, 0}, TooLate},
		"early records, but without audit=1": {Beginning{Off, early, late, 0}, TooLate},
		"no record known":                    {Beginning{On, time.Time{}, late, 0}, NotKnown},
		"no service known":                   {Beginning{On, early, time.Time{}, 0}, NotKnown},
		"no command line known":              {Beginning{Unknown, early, late, 0}, NotKnown},
	} {
		if got := test.beginning.Coverage(); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

func FuzzCmdline(f *testing.F) {
	f.Add(`BOOT_IMAGE=/vmlinuz "audit=1" x="a b" audit_backlog_limit=0x40 -- audit=0`)
	f.Fuzz(func(t *testing.T, line string) {
		r := readCmdline(line)
		if r.audit != On && r.audit != Off {
			t.Errorf("%q gives %q", line, r.audit)
		}
		// One audit=0 before everything wins over the rest, whatever it is.
		if got := readCmdline("audit=0 " + line).audit; got != Off {
			t.Errorf("audit=0 before %q gives %q", line, got)
		}
	})
}

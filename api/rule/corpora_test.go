package rule

import (
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// oracleLine is what the real auditctl made of a line, see testdata/corpora/README.md.
type oracleLine struct {
	Line     string
	Accepted bool
	Kernel   string
}

// choices are the accepted lines that mean something else here on purpose; docs/rules.md lists them.
var choices = []string{
	"\u00a0",                            // a no-break space is a space and no part of the key
	"-F arch=b64 -F arch=b32 -S openat", // a rule for each architecture, where auditctl makes one that never matches
	"-F perm=w -F perm=a",               // the last one counts, where the kernel wants both at once
	"saddr_fam=inet", "filetype=FILE",   // auditctl reads an unknown word as 0
	"a0=0xffffffffffffffff", "a0=4294967296", "inode=123456789012", // auditctl cuts numbers to 32 bits
	"-S 059", "-S 2032", "-S 2047", "-S 4294967296", // octal, class bits, and again cut to 32 bits
	"auid=1000,1001", "auid=1000-2000", // auditctl reads the first number and forgets the rest
}

func chosen(line string) bool {
	for _, c := range choices {
		if strings.Contains(line, c) {
			return true
		}
	}
	return false
}

// debian is the host on which the oracle was made.
type debian struct{ directories map[string]bool }

func newDebian(t *testing.T) debian {
	t.Helper()
	content, err := os.ReadFile("testdata/corpora/directories.txt")
	if err != nil {
		t.Fatal(err)
	}
	h := debian{map[string]bool{"/": true, "/etc": true, "/proc/self": true, "/sys/kernel": true}}
	for line := range strings.Lines(string(content)) {
		h.directories[strings.TrimRight(strings.TrimSpace(line), "/")] = true
	}
	return h
}

func (h debian) IsDir(path string) bool { return h.directories[path] }
func (debian) Machine() string          { return "x86_64" }

func (debian) UserID(name string) (uint32, bool) {
	id, found := map[string]uint32{
		"root": 0, "daemon": 1, "bin": 2, "sys": 3, "games": 5, "man": 6, "mail": 8, "www-data": 33, "backup": 34, "list": 38, "_apt": 42, "nobody": 65534,
	}[name]
	return id, found
}

func (debian) GroupID(name string) (uint32, bool) {
	id, found := map[string]uint32{"root": 0, "daemon": 1, "adm": 4, "shadow": 42, "nogroup": 65534}[name]
	return id, found
}

func readOracle(t *testing.T, name string) []oracleLine {
	t.Helper()
	file, err := os.Open("testdata/corpora/" + name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var found []oracleLine
	for decoder := json.NewDecoder(unzipped); decoder.More(); {
		var line oracleLine
		if err := decoder.Decode(&line); err != nil {
			t.Fatal(err)
		}
		found = append(found, line)
	}
	return found
}

func TestCorporaGiveTheRulesThatAuditctlGives(t *testing.T) {
	host := newDebian(t)
	for _, name := range []string{"oracle.jsonl.gz", "grammar-oracle.jsonl.gz"} {
		var accepted, identical, onPurpose, refused, more int
		for _, line := range readOracle(t, name) {
			wire, problems, err := encodeLine(line.Line, host)
			kernel, _ := hex.DecodeString(line.Kernel)
			switch {
			case !line.Accepted && wire == "":
				refused++
			case !line.Accepted:
				more++
			case wire.Canonical() == Wire(kernel).Canonical():
				accepted, identical = accepted+1, identical+1
			case chosen(line.Line):
				accepted, onPurpose = accepted+1, onPurpose+1
			default:
				accepted++
				t.Errorf("%s: the kernel has another rule (%v, %v)", line.Line, problems, err)
			}
		}
		t.Logf("%s: auditctl accepts %d: identical %d, different on purpose %d; it refuses %d: refused %d, taken as meant %d",
			name, accepted, identical, onPurpose, refused+more, refused, more)
	}
}

func TestPrintingAndListingKeepTheRule(t *testing.T) {
	host := newDebian(t)
	for _, line := range readOracle(t, "oracle.jsonl.gz") {
		file, _ := Parse(line.Line)
		for _, r := range file.Rules {
			wire, err := r.Encode(host)
			if err != nil {
				continue
			}
			printed, problems := Parse(r.String())
			if len(printed.Rules) != 1 {
				t.Errorf("%s: printed as %s, which is not a rule: %v", line.Line, r, problems)
				continue
			}
			if again, err := printed.Rules[0].Encode(host); again != wire || printed.Rules[0].String() != r.String() {
				t.Errorf("%s: printed as %s, which is another rule (%v)", line.Line, r, err)
			}
			listed, err := Decode(wire)
			if err != nil {
				t.Errorf("%s: decoding what was encoded: %v", line.Line, err)
				continue
			}
			if again, err := listed.Encode(host); again.Canonical() != wire.Canonical() {
				t.Errorf("%s: listed as %s, which is another rule (%v)", line.Line, listed, err)
			}
		}
	}
}

func encodeLine(line string, host Host) (Wire, []Problem, error) {
	file, problems := Parse(line)
	if len(file.Rules) == 0 {
		return "", problems, nil
	}
	wire, err := file.Rules[0].Encode(host)
	return wire, problems, err
}

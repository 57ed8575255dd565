package host

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// chmod gives files below the root their modes.
func chmod(t *testing.T, root *Root, modes map[string]fs.FileMode) {
	t.Helper()
	for name, mode := range modes {
		path := filepath.Join(root.Path(), name)
		if _, err := os.Lstat(path); err != nil {
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
}

func TestProgramsThatRaiseRightsAreFound(t *testing.T) {
	root := tree(t, map[string]string{"bin": "-> usr/bin", "usr/bin/link": "-> su", "var/lib/docker": "-> /data/docker", "data/docker": ""})
	chmod(t, root, map[string]fs.FileMode{
		"usr/bin/su":                     0o755 | fs.ModeSetuid,
		"usr/bin/crontab":                0o711 | fs.ModeSetgid,
		"opt/with space/x":               0o755 | fs.ModeSetuid,
		"usr/bin/ls":                     0o755,
		"usr/bin/no-execution":           0o644 | fs.ModeSetuid,
		"usr/bin/line\n-a never,exit":    0o755 | fs.ModeSetuid,
		"var/lib/kubelet/pods/x/bin/su":  0o755 | fs.ModeSetuid,
		"data/docker/image/su":           0o755 | fs.ModeSetuid,
		"srv/storage/overlay2/1/diff/su": 0o755 | fs.ModeSetuid,
		"home/a/containers/storage/x/su": 0o755 | fs.ModeSetuid,
	})
	if diff := cmp.Diff([]string{"/opt/with space/x", "/usr/bin/crontab", "/usr/bin/su"}, root.Privileged()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := New(filepath.Join(root.Path(), "missing")).Privileged(); len(got) > 0 {
		t.Errorf("without a root directory %q are found", got)
	}
}

func TestProgramsWithCapabilitiesAreFound(t *testing.T) {
	root := tree(t, map[string]string{})
	chmod(t, root, map[string]fs.FileMode{"ping": 0o755, "ls": 0o755})
	capability := make([]byte, 20) // struct vfs_cap_data, revision 2: CAP_NET_RAW
	binary.LittleEndian.PutUint32(capability, 0x02000001)
	binary.LittleEndian.PutUint32(capability[4:], 1<<unix.CAP_NET_RAW)
	if err := unix.Setxattr(filepath.Join(root.Path(), "ping"), "security.capability", capability, 0); err != nil {
		if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOTSUP) {
			t.Skipf("needs CAP_SETFCAP and a file system with extended attributes below %s: %v", os.TempDir(), err)
		}
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/ping"}, root.Privileged()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestARuleAboutPrivilegedProgramsBecomesOneForEach(t *testing.T) {
	root := tree(t, map[string]string{})
	file, problems := rule.Parse("-w /a -p w\n-a always,exit -F path=@privileged -F perm=x -k p\n-w /b -p w\n")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	texts := func() (all []string) {
		for _, r := range New(root.Path()).Expand(file.Rules) {
			all = append(all, r.String())
		}
		return all
	}
	if diff := cmp.Diff([]string{"-w /a -p w", "-w /b -p w"}, texts()); diff != "" {
		t.Errorf("without such programs (-want +got):\n%s", diff)
	}
	chmod(t, root, map[string]fs.FileMode{"su": 0o755 | fs.ModeSetuid, "cron": 0o755 | fs.ModeSetgid})
	want := []string{
		"-w /a -p w", "-a always,exit -S all -F path=/cron -F perm=x -F key=p", "-a always,exit -S all -F path=/su -F perm=x -F key=p", "-w /b -p w",
	}
	if diff := cmp.Diff(want, texts()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTheListIsKeptForAnHour(t *testing.T) {
	root := tree(t, map[string]string{})
	chmod(t, root, map[string]fs.FileMode{"su": 0o755 | fs.ModeSetuid})
	root.Privileged()
	chmod(t, root, map[string]fs.FileMode{"sudo": 0o755 | fs.ModeSetuid})
	if got := root.Privileged(); len(got) != 1 {
		t.Errorf("searched again at once: %q", got)
	}
	root.search.ended = root.search.ended.Add(-searchEvery)
	if got := root.Privileged(); len(got) != 1 {
		t.Errorf("waited for the search: %q", got)
	}
	for deadline := time.Now().Add(20 * time.Second); len(root.Privileged()) != 2; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the new program is not found")
		}
	}
}

func TestProgramsOfRootComeFirstWhereThereAreTooMany(t *testing.T) {
	found := []program{{"/usr/bin/su", true}}
	for i := range mostPrivileged {
		found = append(found, program{fmt.Sprintf("/home/u/%04d", i), false})
	}
	got := choose(found)
	if len(got) != mostPrivileged || got[len(got)-1] != "/usr/bin/su" || got[len(got)-2] != "/home/u/0998" {
		t.Errorf("%d programs, the last are %q", len(got), got[len(got)-2:])
	}
}

func TestMountsOfOthersAreForeign(t *testing.T) {
	const table = `23 28 0:22 / /proc rw,nosuid,nodev,noexec,relatime shared:12 - proc proc rw
28 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 28 8:2 / /srv/with\040space rw,relatime - xfs /dev/sdb1 rw
31 28 8:3 / /home rw,nosuid,relatime shared:3 - ext4 /dev/sdb2 rw
32 28 0:40 / /mnt/share rw,relatime - nfs4 server:/x rw
33 28 0:41 / /mnt/automatic rw,relatime - autofs systemd-1 rw
34 28 0:42 / /var/lib/docker/overlay2/x/merged rw,relatime - overlay overlay rw
35 28 0:43 / /mnt/twice rw,nosuid - ext4 /dev/sdc1 rw
36 35 0:44 / /mnt/twice rw - ext4 /dev/sdc2 rw
37 28 0:45 / /mnt/like rw,nosuidx - ext4 /dev/sdc3 rw
short line
`
	want := map[string]bool{
		"/proc": true, "/": false, "/srv/with space": false, "/home": true, "/mnt/share": true, "/mnt/automatic": true,
		"/var/lib/docker/overlay2/x/merged": true, "/mnt/twice": false, "/mnt/like": false,
	}
	if diff := cmp.Diff(want, foreignMounts(strings.NewReader(table))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func BenchmarkPrivileged(b *testing.B) {
	for b.Loop() {
		New("/").Privileged()
	}
}

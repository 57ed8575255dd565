package receive

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

func TestCheckNamespace(t *testing.T) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	var own unix.Stat_t
	if err := unix.Fstat(fd, &own); err != nil {
		t.Fatal(err)
	}
	const header = "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n"
	const row = "00000000aaaaaaaa 9   1          00000001 0        0        0     2        0        "
	tests := []struct {
		name string
		list string
		want error
	}{
		{"our socket is in the list of process 1", header + row + "1\n" + row + strconv.FormatUint(own.Ino, 10) + "\n", nil},
		{"it is not: another network namespace", header + row + "1\n", ErrNamespace},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			list := filepath.Join(t.TempDir(), "netlink")
			if err := os.WriteFile(list, []byte(test.list), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := checkNamespace(fd, list); !errors.Is(err, test.want) {
				t.Errorf("checkNamespace = %v, want %v", err, test.want)
			}
		})
	}
	t.Run("without a list nothing is said", func(t *testing.T) {
		if err := checkNamespace(fd, filepath.Join(t.TempDir(), "none")); err != nil {
			t.Errorf("checkNamespace = %v, want nil", err)
		}
	})
}

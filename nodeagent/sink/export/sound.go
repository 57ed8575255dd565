package export

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

var errDamaged = errors.New("the file is damaged")

// sound reads the files of a queue to their ends and says whether one of them is damaged, as a power cut leaves it where pages were written in another order than
// they were made. bbolt notices that too, but in a goroutine of its own: no panic there can be caught, and the agent would end each time that it starts.
func sound(dir string) error {
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, file := range files {
		if isQueue(file) {
			err = errors.Join(err, readWhole(filepath.Join(dir, file.Name())))
		}
	}
	return err
}

// isQueue says whether a file in a queue's folder has events for the next agent.
func isQueue(file fs.DirEntry) bool {
	ending := filepath.Ext(file.Name())
	return file.Type().IsRegular() && file.Name() != UnnamedFile && ending != ".damaged" && ending != ".backup" && !strings.HasPrefix(file.Name(), filestorage.TempDbPrefix)
}

// readWhole touches every page that is in use, and the last byte of each item, which may go over several. A file that cannot be read for another reason is not
// damaged: whoever opens it to write will see.
func readWhole(name string) error {
	var before []byte
	var touched byte
	err := view(name, func(key, value []byte) error {
		if before != nil && bytes.Compare(before, key) >= 0 {
			return fmt.Errorf("%s: %w: item %q comes after %q", name, errDamaged, key, before)
		}
		before = append(before[:0], key...)
		if len(value) > 0 {
			touched ^= value[len(value)-1]
		}
		return nil
	})
	if errors.Is(err, errDamaged) {
		return err
	}
	return nil
}

// view reads a file of a queue, and finds out when it is damaged.
func view(name string, each func(key, value []byte) error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true)) // a page may be behind the end of the file
	defer func() {
		if found := recover(); found != nil {
			err = fmt.Errorf("%s: %w: %v", name, errDamaged, found)
		}
	}()
	db, err := bolt.Open(name, 0o600, &bolt.Options{ReadOnly: true, Timeout: time.Second})
	if errors.Is(err, berrors.ErrInvalid) || errors.Is(err, berrors.ErrChecksum) || errors.Is(err, berrors.ErrVersionMismatch) {
		err = errors.Join(errDamaged, err)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer db.Close() //nolint:errcheck // it was read
	return db.View(func(tx *bolt.Tx) error {
		items := tx.Bucket(bucket)
		if items == nil {
			return nil
		}
		return items.ForEach(each)
	})
}

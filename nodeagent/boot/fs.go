package boot

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"

	securejoin "github.com/cyphar/filepath-securejoin"
	"golang.org/x/sys/unix"
)

// Sizes beyond which a file is not what it claims to be. The largest grub.cfg of a machine with dozens of kernels stays far below.
const (
	textLimit = 1 << 20
	listLimit = 4096
)

var (
	errTooLarge   = errors.New("the file is larger than such a file ever is")
	errNotRegular = errors.New("it is not a regular file")
)

// FS is the files of a node below its root directory. Symbolic links are followed within the root: a link to /etc means the node's /etc.
type FS struct{ root string }

// Below returns the files of the node whose root directory is dir.
func Below(dir string) FS { return FS{root: dir} }

// read returns the text of a regular file, at most textLimit bytes of it. A file that is not there gives fs.ErrNotExist.
func (f FS) read(name string) ([]byte, error) {
	file, err := f.open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, textLimit+1))
	if err == nil && len(text) > textLimit {
		err = errTooLarge
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return text, nil
}

// open opens a regular file, and nothing else: opening a device or a pipe may have effects or wait.
func (f FS) open(name string) (*os.File, error) {
	inside, err := securejoin.SecureJoin(f.root, name)
	if err != nil {
		return nil, named(name, err)
	}
	file, err := os.OpenFile(inside, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, named(name, err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errNotRegular
	}
	if err != nil {
		file.Close()
		return nil, named(name, err)
	}
	return file, nil
}

// named says the path as the node knows it, without the root below which it is read.
func named(name string, err error) error {
	if inner, ok := errors.AsType[*fs.PathError](err); ok {
		err = inner.Err
	}
	if errors.Is(err, unix.ENOTDIR) {
		err = fs.ErrNotExist
	}
	return fmt.Errorf("reading %s: %w", name, err)
}

// glob returns the paths in a directory whose names match, in the order of their bytes. A directory that is not there has none.
func (f FS) glob(dir, pattern string) ([]string, error) {
	inside, err := securejoin.SecureJoin(f.root, dir)
	if err != nil {
		return nil, named(dir, err)
	}
	handle, err := os.OpenFile(inside, os.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		if err = named(dir, err); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, err
	}
	defer handle.Close()
	names, err := handle.Readdirnames(listLimit)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, named(dir, err)
	}
	if len(names) == listLimit {
		return nil, named(dir, errTooLarge)
	}
	slices.Sort(names)
	var paths []string
	for _, name := range names {
		if ok, _ := path.Match(pattern, name); ok {
			paths = append(paths, path.Join(dir, name))
		}
	}
	return paths, nil
}

// stat looks at what a path leads to.
func (f FS) stat(name string) (fs.FileInfo, error) {
	inside, err := securejoin.SecureJoin(f.root, name)
	if err != nil {
		return nil, named(name, err)
	}
	info, err := os.Lstat(inside)
	if err != nil {
		return nil, named(name, err)
	}
	return info, nil
}

// has says whether there is something at the path, as far as one may look.
func (f FS) has(name string) bool {
	_, err := f.stat(name)
	return err == nil
}

func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

package export

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.opentelemetry.io/collector/exporter/exporterhelper/xexporterhelper"
)

// Left is what a queue on disk holds that nobody has opened.
type Left struct {
	// Events wait, and are as large as Bytes.
	Events, Bytes int64
	// SetAside are files that were damaged and that people may want to look at.
	SetAside int
}

// bucket is where the Collector's storage keeps everything.
var bucket = []byte("default")

// Look reads what the queue in the folder holds. It opens no destination and changes nothing; nobody else may have the queue open.
func Look(dir string) (Left, error) {
	var left Left
	files, err := os.ReadDir(dir)
	if err != nil {
		return left, fmt.Errorf("looking at a queue: %w", err)
	}
	for _, file := range files {
		switch ext := filepath.Ext(file.Name()); {
		case ext == ".damaged" || ext == ".backup":
			left.SetAside++
		case isQueue(file):
			err = errors.Join(err, left.read(filepath.Join(dir, file.Name())))
		}
	}
	return left, err
}

// UnnamedFile is a file in a queue's folder that is not the queue's.
const UnnamedFile = "unnamed"

func (l *Left) read(name string) error {
	encoding := xexporterhelper.NewLogsQueueBatchSettings().Encoding
	err := view(name, func(key, value []byte) error {
		if len(key) == 0 || key[0] < '0' || key[0] > '9' { // what the queue notes of itself
			return nil
		}
		_, request, err := encoding.Unmarshal(value)
		if err != nil {
			return fmt.Errorf("item %q: %w", key, err)
		}
		l.Events += int64(request.ItemsCount())
		l.Bytes += int64(len(value))
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("looking at a queue: %w", err)
	}
	return nil
}

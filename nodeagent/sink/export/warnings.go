package export

import (
	"log/slog"

	"go.uber.org/zap/zapcore"
)

// warnings is the log of the Collector's storage: it tells when a file is damaged. What it says below a warning nobody needs.
type warnings struct{ log *slog.Logger }

// Enabled is zapcore.Core.Enabled.
func (w warnings) Enabled(level zapcore.Level) bool { return level >= zapcore.WarnLevel }

// With is zapcore.Core.With.
func (w warnings) With([]zapcore.Field) zapcore.Core { return w }

// Check is zapcore.Core.Check.
func (w warnings) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if w.Enabled(entry.Level) {
		return checked.AddCore(entry, w)
	}
	return checked
}

// Write is zapcore.Core.Write.
func (w warnings) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	values := zapcore.NewMapObjectEncoder()
	for _, field := range fields {
		field.AddTo(values)
	}
	w.log.Warn("the queue on disk", "reason", entry.Message, "details", values.Fields)
	return nil
}

// Sync is zapcore.Core.Sync.
func (w warnings) Sync() error { return nil }

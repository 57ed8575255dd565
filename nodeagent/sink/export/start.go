package export

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	berrors "go.etcd.io/bbolt/errors"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/pdata/plog"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"
)

const (
	// flushAfter is how long a record waits for others. It is little beside the time that a person takes to look, and much beside a request.
	flushAfter = 200 * time.Millisecond
	// minBatch is how many bytes do not wait for others. There is no upper bound, because exporterhelper's throws away a record that is larger
	// than it, and tells nobody: a push is at most this and one batch of Write more, and what is too large for a receiver is halved.
	minBatch = 256 << 10
	// An open file of the queue stays as large as it ever was until it is compacted, which is done when more than reboundFrom MiB of it are
	// allocated and less than reboundTo are used.
	reboundFrom = 64
	reboundTo   = 16
	// sizeMetric is exporterhelper's name for the size of the queue, here in bytes.
	sizeMetric = "otelcol_exporter_queue_size"
)

var (
	componentType = component.MustNewType("nodeaudit")
	storageType   = component.MustNewType("file_storage")
	sizer         plog.ProtoMarshaler
)

// start joins the queue, the retries and the push. All of them are exporterhelper's but the push.
func (s *Sink) start(ctx context.Context) (r running, err error) {
	r.reader = sdkmetric.NewManualReader()
	telemetry := component.TelemetrySettings{
		Logger: zap.NewNop(), TracerProvider: noop.NewTracerProvider(), MeterProvider: sdkmetric.NewMeterProvider(
			sdkmetric.WithReader(r.reader),
			sdkmetric.WithView(only(sizeMetric))),
	}
	host := extensions{}
	queue := s.queue()
	if !s.options.Settings.Memory {
		id := component.NewIDWithName(storageType, s.options.Name)
		if err := sound(s.options.Dir); err != nil {
			return running{}, s.damaged(err)
		}
		if r.storage, err = s.openStorage(ctx, id, telemetry); err != nil {
			return running{}, err
		}
		host[id] = r.storage
		queue.StorageID = &id
	}
	if err := confmap.Validate(&queue); err != nil {
		return running{}, err
	}
	settings := exporter.Settings{ID: component.NewIDWithName(componentType, s.options.Name), TelemetrySettings: telemetry}
	r.exporter, err = exporterhelper.NewLogs(ctx, settings, &queue, s.push,
		exporterhelper.WithQueue(configoptional.Some(queue)),
		exporterhelper.WithRetry(s.retry()),
		exporterhelper.WithTimeout(exporterhelper.TimeoutConfig{Timeout: s.options.Settings.Timeout}))
	if err == nil {
		err = r.exporter.Start(ctx, host)
	}
	if errors.Is(err, berrors.ErrInvalid) || errors.Is(err, berrors.ErrChecksum) || errors.Is(err, berrors.ErrVersionMismatch) {
		err = s.damaged(err)
	}
	if err != nil && r.storage != nil {
		err = errors.Join(err, r.storage.Shutdown(ctx))
	}
	return r, err
}

// queue has one consumer, because two would change the order.
func (s *Sink) queue() exporterhelper.QueueBatchConfig {
	return exporterhelper.QueueBatchConfig{
		Sizer: exporterhelper.RequestSizerTypeBytes, QueueSize: s.options.Settings.MaxSize, NumConsumers: 1,
		// Who waits is sink.Queue, in its own goroutine: the only place that drops is in front of it.
		BlockOnOverflow: true,
		Batch: configoptional.Some(exporterhelper.BatchConfig{
			FlushTimeout: cmp.Or(s.options.Settings.BatchAge, flushAfter), Sizer: exporterhelper.RequestSizerTypeBytes,
			// What is in a batch is in the queue still: a batch as large as the queue would never be full.
			MinSize: min(cmp.Or(s.options.Settings.BatchSize, minBatch), s.options.Settings.MaxSize/2),
		}),
	}
}

// retry never gives up: by default records are dropped after five minutes.
func (s *Sink) retry() configretry.BackOffConfig {
	config := configretry.NewDefaultBackOffConfig()
	config.InitialInterval, config.MaxInterval = s.options.Settings.FirstPause, s.options.Settings.LongestPause
	config.Multiplier, config.MaxElapsedTime = 2, 0
	return config
}

func (s *Sink) openStorage(ctx context.Context, id component.ID, telemetry component.TelemetrySettings) (extension.Extension, error) {
	dir := s.options.Dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of the queue: %w", err)
	}
	factory := filestorage.NewFactory()
	config := factory.CreateDefaultConfig().(*filestorage.Config)
	config.Directory, config.Timeout, config.FSync = dir, 2*time.Second, s.options.Settings.Fsync
	config.Recreate = true // a file that is damaged is set aside, with the ending .backup
	config.Compaction.Directory = filepath.Clean(dir)
	config.Compaction.OnRebound, config.Compaction.CleanupOnStart = true, true
	config.Compaction.ReboundNeededThresholdMiB, config.Compaction.ReboundTriggerThresholdMiB = reboundFrom, reboundTo
	if err := confmap.Validate(config); err != nil {
		return nil, err
	}
	telemetry.Logger = zap.New(warnings{s.options.Log.With("sink", s.options.Name)})
	storage, err := factory.Create(ctx, extension.Settings{ID: id, TelemetrySettings: telemetry}, config)
	if err != nil {
		return nil, err
	}
	return storage, storage.Start(ctx, extensions{})
}

// only keeps the metric of this name and drops the others, which nobody reads.
func only(name string) sdkmetric.View {
	return func(instrument sdkmetric.Instrument) (sdkmetric.Stream, bool) {
		stream := sdkmetric.Stream{Name: instrument.Name, Description: instrument.Description, Unit: instrument.Unit}
		if instrument.Name != name {
			stream.Aggregation = sdkmetric.AggregationDrop{}
		}
		return stream, true
	}
}

// damaged makes room for a queue in the place of one that cannot be read. What waited in it is lost, unless a person reads it.
func (s *Sink) damaged(err error) error {
	s.options.Log.Warn("the queue on disk was damaged and is set aside: what waited in it is not sent", "sink", s.options.Name, "err", err)
	return errors.Join(fmt.Errorf("the queue on disk was damaged and is set aside: %w", err), setAside(s.options.Dir))
}

// setAside gives the files in the folder other names, under which people may look at them.
func setAside(dir string) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, file := range files {
		if name := filepath.Join(dir, file.Name()); isQueue(file) {
			errs = append(errs, os.Rename(name, name+".damaged"))
		}
	}
	return errors.Join(errs...)
}

// extensions is the host that exporterhelper looks for its storage in.
type extensions map[component.ID]component.Component

// GetExtensions is component.Host.GetExtensions.
func (e extensions) GetExtensions() map[component.ID]component.Component { return e }

// waiting returns how many bytes are in the queue.
func (r running) waiting() int64 {
	var metrics metricdata.ResourceMetrics
	if r.reader == nil || r.reader.Collect(context.Background(), &metrics) != nil {
		return 0
	}
	for _, scope := range metrics.ScopeMetrics {
		for _, metric := range scope.Metrics {
			if gauge, is := metric.Data.(metricdata.Gauge[int64]); is && metric.Name == sizeMetric && len(gauge.DataPoints) > 0 {
				return gauge.DataPoints[0].Value
			}
		}
	}
	return 0
}

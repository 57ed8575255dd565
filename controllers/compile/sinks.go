package compile

import (
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// Defaults of a file sink. They are those of the API's schema, which does not reach into a union member that is left out, nor into files that
// an agent alone on a host reads.
const (
	defaultPath     = "/var/log/nodeaudit/audit.log"
	defaultMaxSize  = "100Mi"
	defaultMaxFiles = 5
)

// defaulted fills in what the spec of a sink leaves open.
func defaulted(spec v1alpha1.AuditSinkSpec) v1alpha1.AuditSinkSpec {
	full := *spec.DeepCopy()
	if full.Type != v1alpha1.SinkTypeFile {
		return full
	}
	if full.File == nil {
		full.File = &v1alpha1.FileSink{}
	}
	if full.File.Path == "" {
		full.File.Path = defaultPath
	}
	if full.File.MaxSize == nil {
		full.File.MaxSize = new(resource.MustParse(defaultMaxSize))
	}
	if full.File.MaxFiles == 0 {
		full.File.MaxFiles = defaultMaxFiles
	}
	if full.File.Compress == nil {
		full.File.Compress = new(true)
	}
	return full
}

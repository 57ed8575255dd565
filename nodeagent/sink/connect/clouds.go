package connect

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/aws"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/cloudwatch"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/googlecloud"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/s3"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/web"
)

func (r *opening) s3(_ context.Context) (export.Destination, error) {
	spec := r.spec.S3
	if spec == nil {
		return nil, missing(r.spec.Type)
	}
	options := s3.Options{
		Bucket: spec.Bucket, Endpoint: spec.Endpoint, PathStyle: spec.InPath(), Prefix: cmp.Or(spec.Prefix, program),
		Zstd: spec.Compression == v1alpha1.S3Zstd, AWS: r.aws(cmp.Or(spec.Region, v1alpha1.DefaultRegion), spec.Auth, spec.TLS),
	}
	if e := spec.Encryption; e != nil {
		options.Encryption, options.KMSKey = "AES256", e.KMSKeyID
		if e.Type == v1alpha1.S3EncryptionKMS {
			options.Encryption = "aws:kms"
		}
	}
	return s3.New(options)
}

func (r *opening) cloudwatch(_ context.Context) (export.Destination, error) {
	spec := r.spec.CloudWatch
	if spec == nil {
		return nil, missing(r.spec.Type)
	}
	return cloudwatch.New(cloudwatch.Options{
		Group: spec.LogGroup, Stream: cmp.Or(r.Node, program), Endpoint: spec.Endpoint, AWS: r.aws(spec.Region, spec.Auth, spec.TLS),
	})
}

func (r *opening) aws(region string, auth *v1alpha1.AWSAuth, tls *v1alpha1.SinkTLS) aws.Options {
	options := aws.Options{Region: region, Web: web.Options{TLS: r.tls(tls), Dial: r.Dial}, Identity: r.tls(nil), OwnKeys: r.Tenant}
	if auth != nil {
		options.KeyID, options.Key = text(r.secret(&auth.AccessKeyIDSecretRef)), text(r.secret(&auth.SecretAccessKeySecretRef))
	}
	return options
}

// text leaves out the line feed with which files of keys often end: signatures would be wrong with it, and no word of the service would say why.
func text(value []byte) string { return strings.TrimSpace(string(value)) }

func (r *opening) googleCloud(_ context.Context) (export.Destination, error) {
	spec := r.spec.GoogleCloud
	if spec == nil {
		return nil, missing(r.spec.Type)
	}
	options := googlecloud.Options{
		Project: spec.Project, Log: cmp.Or(spec.LogName, program), Location: spec.Location, Cluster: spec.Cluster, Endpoint: spec.Endpoint,
		Credentials: r.secret(spec.CredentialsSecretRef), Web: web.Options{TLS: r.tls(spec.TLS)}, Identity: web.Options{TLS: r.tls(nil)},
	}
	if spec.CredentialsSecretRef != nil && r.err != nil {
		return nil, r.err
	}
	r.hideKey(options.Credentials)
	return googlecloud.New(options)
}

// hideKey hides the parts of a service account's file that are secret, for no error would quote it whole.
func (r *opening) hideKey(credentials []byte) {
	var file struct {
		Key string `json:"private_key"`
		ID  string `json:"private_key_id"`
	}
	if json.Unmarshal(credentials, &file) != nil {
		return
	}
	r.hide([]byte(file.ID))
	r.hideLines([]byte(file.Key))
}

// Package s3 puts events into a bucket of Amazon S3, or of what is compatible with it.
//
// A batch of records comes in and goes out as objects of lines, one for each hour that the batch has events of. An object's name is made of its content: a
// batch that is sent twice is stored once.
package s3

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // S3's own check of what arrives, and what buckets with a lock on their objects ask for
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/aws"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/web"
)

// Options are where to put objects.
type Options struct {
	// Bucket is the bucket's name.
	Bucket string
	// Endpoint is the server's address. Empty: Amazon's for the region.
	Endpoint string
	// PathStyle names the bucket in the path, otherwise it is part of the host's name.
	PathStyle bool
	// Prefix comes before the names of objects.
	Prefix string
	// Zstd packs with zstd, otherwise it is gzip.
	Zstd bool
	// Encryption is the header x-amz-server-side-encryption: AES256, aws:kms. Empty: what the bucket does by itself.
	Encryption string
	// KMSKey is the key for aws:kms. Empty: the account's own.
	KMSKey string
	// AWS is how to speak with the server.
	AWS aws.Options
}

// New checks the options.
func New(options Options) (export.Destination, error) {
	options.AWS.Service = "s3"
	client, err := aws.New(options.AWS)
	if err != nil {
		return nil, err
	}
	base := &url.URL{Scheme: "https", Host: v1alpha1.AmazonHost("s3", options.AWS.Region)}
	if options.Endpoint != "" {
		if base, err = url.Parse(options.Endpoint); err != nil || base.Host == "" {
			return nil, errors.New("s3.endpoint is no URL: correct it")
		}
	}
	if options.PathStyle {
		base = base.JoinPath(options.Bucket)
	} else {
		base.Host = options.Bucket + "." + base.Host
	}
	return &bucket{options: options, client: client, base: base}, nil
}

type bucket struct {
	options Options
	client  *aws.Client
	base    *url.URL
}

// Push is export.Destination.Push.
func (b *bucket) Push(ctx context.Context, logs plog.Logs) error {
	records := export.Records(logs)
	for at := 0; at < len(records); {
		next := at + sameFolder(records[at:])
		if err := b.put(ctx, records[at:next]); err != nil {
			return export.Taken(at, err)
		}
		at = next
	}
	return nil
}

func (b *bucket) put(ctx context.Context, records []export.Record) error {
	object, err := b.object(records)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, b.url(object.name).String(), bytes.NewReader(object.body))
	if err != nil {
		return errors.New("s3: the address is no URL: correct endpoint, bucket and prefix")
	}
	request.URL = b.url(object.name)
	sum := md5.Sum(object.body) //nolint:gosec // see the import
	request.Header.Set("Content-Md5", base64.StdEncoding.EncodeToString(sum[:]))
	request.Header.Set("Content-Type", object.kind)
	if b.options.Encryption != "" {
		request.Header.Set("X-Amz-Server-Side-Encryption", b.options.Encryption)
	}
	if b.options.KMSKey != "" {
		request.Header.Set("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id", b.options.KMSKey)
	}
	if _, err := b.client.Send(ctx, request, object.body); err != nil {
		return fmt.Errorf("putting an object into bucket %s: %w", b.options.Bucket, judge(err))
	}
	return nil
}

// url is the object's. S3 signs a path in which all but letters, digits and -._~/ is escaped.
func (b *bucket) url(name string) *url.URL {
	address := *b.base
	address.Path = path.Join("/", b.base.Path, name)
	var raw strings.Builder
	for _, c := range []byte(address.Path) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~/", c) >= 0 {
			raw.WriteByte(c)
		} else {
			fmt.Fprintf(&raw, "%%%02X", c)
		}
	}
	address.RawPath = raw.String()
	return &address
}

// judge puts the server's own word in the place of its XML. Only one is the records' fault; the rest passes, or a person mends it.
func judge(err error) error {
	var status *web.StatusError
	if !errors.As(err, &status) {
		return err
	}
	var answer struct {
		Code, Message string
	}
	if xml.Unmarshal(status.Answer, &answer) == nil && answer.Code != "" {
		status.Answer = []byte(answer.Code + ": " + answer.Message)
	}
	if status.Code == http.StatusRequestEntityTooLarge || answer.Code == "EntityTooLarge" {
		return export.Refuse(err)
	}
	if status.Code == http.StatusMovedPermanently || status.Code == http.StatusTemporaryRedirect {
		return fmt.Errorf("%w: the bucket is in another region: correct s3.region", err)
	}
	return web.Wait(err)
}

// Close is export.Destination.Close.
func (b *bucket) Close() error { return b.client.Close() }

package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// gateway is versitygw: a server of the S3 protocol, whose buckets are folders.
func gateway(dir string) (receiver, error) {
	path, err := peer("versitygw")
	if err != nil {
		return nil, err
	}
	root := filepath.Join(dir, "buckets")
	if err := os.MkdirAll(filepath.Join(root, bucket), 0o700); err != nil {
		return nil, err
	}
	for name, text := range map[string]string{"access-key": "auditor", "secret-key": "swordfish"} {
		if err := put(dir, filepath.Join(secretName, name), []byte(text)); err != nil {
			return nil, err
		}
	}
	at, err := free()
	return &objects{program{at: at, ready: listens(at), command: func() (*exec.Cmd, error) {
		return exec.Command(path, "--port", at, "--access", "auditor", "--secret", "swordfish", "--region", "us-east-1", "--quiet", "posix", root), nil
	}}, filepath.Join(root, bucket)}, err
}

const bucket = "audit"

type objects struct {
	program

	bucket string
}

// got reads the objects by their names, as everybody does who lists a bucket.
func (o *objects) got() []int {
	var list []int
	_ = filepath.WalkDir(o.bucket, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasSuffix(path, ".gz") {
			list = append(list, numbers(unpacked(path))...)
		}
		return nil
	})
	return list
}

func unpacked(path string) []byte {
	packed, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil
	}
	text, _ := io.ReadAll(reader)
	return text
}

// toS3 puts an object every two seconds, so that there are many.
func toS3(at string) v1alpha1.AuditSinkSpec {
	key := func(name string) v1alpha1.SecretKey { return v1alpha1.SecretKey{Name: secretName, Key: name} }
	return v1alpha1.AuditSinkSpec{Type: v1alpha1.SinkTypeS3, S3: &v1alpha1.S3Sink{
		Bucket: bucket, Endpoint: "http://" + at, Batch: &v1alpha1.S3Batch{MaxAge: &metav1.Duration{Duration: 2 * time.Second}},
		Auth: &v1alpha1.AWSAuth{AccessKeyIDSecretRef: key("access-key"), SecretAccessKeySecretRef: key("secret-key")},
	}}
}

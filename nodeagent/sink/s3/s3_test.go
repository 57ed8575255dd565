package s3_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/aws"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/dial"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/dial/dialtest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export/exporttest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/s3"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// gateway is versitygw: a server of the S3 protocol, whose buckets are folders.
type gateway struct {
	dir, address string
	tls          *dialtest.Authority
	arguments    []string
}

func newGateway(t *testing.T) *gateway {
	t.Helper()
	if _, err := exec.LookPath("versitygw"); err != nil {
		t.Skip("needs the servers of make receivers: versitygw")
	}
	g := &gateway{dir: t.TempDir(), address: exporttest.Address(t)}
	if err := os.MkdirAll(filepath.Join(g.dir, "audit"), 0o700); err != nil {
		t.Fatal(err)
	}
	return g
}

// withTLS gives it a certificate.
func (g *gateway) withTLS(t *testing.T) {
	t.Helper()
	g.tls = dialtest.NewAuthority(t)
	cert, key := g.tls.Sign(t, "127.0.0.1", time.Hour)
	dir := t.TempDir()
	for name, text := range map[string][]byte{"cert": cert, "key": key} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	g.arguments = []string{"--cert", filepath.Join(dir, "cert"), "--key", filepath.Join(dir, "key")}
}

// start starts it, and returns what ends it.
func (g *gateway) start(t *testing.T) (stop func()) {
	t.Helper()
	arguments := append([]string{"--port", g.address, "--access", "auditor", "--secret", "swordfish", "--region", "eu-test-1", "--quiet"}, g.arguments...)
	return exporttest.Run(t, exec.CommandContext(t.Context(), "versitygw", append(arguments, "posix", g.dir)...), exporttest.Listens(g.address))
}

func (g *gateway) options() s3.Options {
	o := s3.Options{
		Bucket: "audit", Endpoint: "http://" + g.address, PathStyle: true, Prefix: "node audit (1)",
		AWS: aws.Options{Region: "eu-test-1", KeyID: "auditor", Key: "swordfish"},
	}
	if g.tls != nil {
		o.Endpoint, o.AWS.Web = "https://"+g.address, web.Options{TLS: dial.TLS{CA: g.tls.PEM}}
	}
	return o
}

// objects are the names in the bucket, in their order.
func (g *gateway) objects(t *testing.T) []string {
	t.Helper()
	var names []string
	root := filepath.Join(g.dir, "audit")
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.Contains(path, ".sgwtmp") {
			return err
		}
		name, err := filepath.Rel(root, path)
		names = append(names, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

func (g *gateway) read(t *testing.T, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(g.dir, "audit", name))
	if err != nil {
		t.Fatal(err)
	}
	var reader io.Reader = bytes.NewReader(body)
	if strings.HasSuffix(name, ".zst") {
		decoder, err := zstd.NewReader(reader)
		if err != nil {
			t.Fatal(err)
		}
		defer decoder.Close()
		reader = decoder
	} else if reader, err = gzip.NewReader(reader); err != nil {
		t.Fatal(err)
	}
	lines, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func open(options s3.Options) exporttest.Open {
	return func(context.Context) (export.Destination, error) { return s3.New(options) }
}

func deliver(t *testing.T, options s3.Options, batches ...[]*event.Event) export.Delivery {
	t.Helper()
	s := exporttest.New(t, open(options))
	for _, events := range batches {
		exporttest.Write(t, s, events)
		exporttest.Delivered(t, s)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	return s.Delivery()
}

func TestAnObjectHasAPlaceMadeOfItsEvents(t *testing.T) {
	for name, test := range map[string]struct {
		zstd   bool
		tls    bool
		ending string
	}{
		"gzip": {ending: "gz"}, "zstd over TLS": {zstd: true, tls: true, ending: "zst"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGateway(t)
			if test.tls {
				g.withTLS(t)
			}
			g.start(t)
			events := sinktest.Events(500)
			for _, e := range events[300:] {
				e.Time = e.Time.Add(time.Hour)
			}
			options := g.options()
			options.Zstd = test.zstd
			if d := deliver(t, options, events); d.Written != 500 {
				t.Errorf("delivery %+v", d)
			}
			got := g.objects(t)
			want := regexp.MustCompile(`^node audit \(1\)/dt=2023-11-14/hour=2[23]/node=node-1/20231114T2[23]1320.\d00Z-[0-9a-f]{16}.ndjson.` + test.ending + `$`)
			if len(got) != 2 || !want.MatchString(got[0]) || !want.MatchString(got[1]) {
				t.Fatalf("objects %q", got)
			}
			sinktest.Compare(t, g.read(t, got[0]), sinktest.Lines(t, events[:300]))
			sinktest.Compare(t, g.read(t, got[1]), sinktest.Lines(t, events[300:]))
		})
	}
}

// Answers are lost between the server, which has the object, and the agent.
func TestABatchThatIsPutTwiceIsOneObject(t *testing.T) {
	g := newGateway(t)
	g.start(t)
	lossy := &lossy{next: http.DefaultTransport, lose: 2, to: "http://" + g.address}
	address := lossy.listen(t)
	options := g.options()
	options.Endpoint = "http://" + address
	events := sinktest.Events(100)
	if d := deliver(t, options, events); d.Written != 100 || d.Retries != 2 {
		t.Errorf("delivery %+v", d)
	}
	got := g.objects(t)
	if len(got) != 1 {
		t.Fatalf("objects %q", got)
	}
	sinktest.Compare(t, g.read(t, got[0]), sinktest.Lines(t, events))
}

func TestAServerThatWasAwayGetsEverything(t *testing.T) {
	g := newGateway(t)
	stop := g.start(t)
	s := exporttest.New(t, open(g.options()))
	events := sinktest.Events(30)
	exporttest.Write(t, s, events[:10])
	exporttest.Delivered(t, s)
	stop()
	exporttest.Write(t, s, events[10:20])
	exporttest.Eventually(t, func() string { return "no error" }, func() bool { return strings.Contains(s.Delivery().LastError, "nobody listens there") })
	g.start(t)
	exporttest.Write(t, s, events[20:])
	exporttest.Delivered(t, s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	lines := map[string]bool{}
	for _, name := range g.objects(t) {
		for line := range strings.Lines(string(g.read(t, name))) {
			lines[line] = true
		}
	}
	for line := range strings.Lines(string(sinktest.Lines(t, events))) {
		if !lines[line] {
			t.Errorf("lost: %s", line)
		}
	}
}

func TestWhatAPersonCanMendWaits(t *testing.T) {
	g := newGateway(t)
	g.start(t)
	for name, test := range map[string]struct {
		change func(*s3.Options)
		want   string
	}{
		"the key is wrong":         {func(o *s3.Options) { o.AWS.Key = "haddock" }, "SignatureDoesNotMatch"},
		"nobody knows the key":     {func(o *s3.Options) { o.AWS.KeyID = "nobody" }, "access key ID"},
		"the bucket is not there":  {func(o *s3.Options) { o.Bucket = "other" }, "NoSuchBucket"},
		"the region is another":    {func(o *s3.Options) { o.AWS.Region = "eu-test-2" }, "eu-test-1"},
		"the endpoint is wrong":    {func(o *s3.Options) { o.Endpoint = "http://127.0.0.1:1" }, "nobody listens there"},
		"the server speaks no TLS": {func(o *s3.Options) { o.Endpoint = "https://" + g.address }, "does not speak TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			options := g.options()
			test.change(&options)
			s := exporttest.New(t, open(options))
			exporttest.Write(t, s, sinktest.Events(3))
			exporttest.Eventually(t, func() string { return s.Delivery().LastError }, func() bool { return s.Delivery().Retries > 1 })
			d := s.Delivery()
			if d.Dropped != 0 || d.Queued != 3 || !strings.Contains(d.LastError, test.want) || strings.Contains(d.LastError, "swordfish") {
				t.Errorf("delivery %+v", d)
			}
			t.Log(d.LastError)
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestEncryptionIsAskedFor(t *testing.T) {
	headers := make(chan http.Header, 1)
	server := &lossy{answer: func(w http.ResponseWriter, r *http.Request) {
		headers <- r.Header
		w.WriteHeader(http.StatusOK)
	}}
	options := s3.Options{
		Bucket: "audit", Endpoint: "http://" + server.listen(t), PathStyle: true, Encryption: "aws:kms", KMSKey: "arn:aws:kms:eu-test-1:1:key/2",
		AWS: aws.Options{Region: "eu-test-1", KeyID: "auditor", Key: "swordfish"},
	}
	deliver(t, options, sinktest.Events(1))
	got := <-headers
	signed := got.Get("Authorization")
	for name, want := range map[string]string{"x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": options.KMSKey} {
		if got.Get(name) != want || !strings.Contains(signed, name) {
			t.Errorf("%s is %q, want %q; signed: %s", name, got.Get(name), want, signed)
		}
	}
}

// What the machine or the service account gives is used where the sink has no keys, and what is missing is named.
func TestKeysOfTheSurroundings(t *testing.T) {
	g := newGateway(t)
	g.start(t)
	options := g.options()
	options.AWS.KeyID, options.AWS.Key = "", ""
	for _, name := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
		t.Setenv(name, filepath.Join(t.TempDir(), "none"))
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	destination, err := s3.New(options)
	if err != nil {
		t.Fatal(err)
	}
	logs := exporttest.Logs(t, sinktest.Events(1))
	if err := destination.Push(t.Context(), logs); err == nil || !strings.Contains(err.Error(), "give the sink keys with auth, or the service account of the agents or the machine a role") {
		t.Errorf("without keys: %v", err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "auditor")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "swordfish")
	if destination, err = s3.New(options); err != nil {
		t.Fatal(err)
	}
	if err := destination.Push(t.Context(), logs); err != nil {
		t.Errorf("with keys of the environment: %v", err)
	}
	_ = destination.Close()
}

func TestAddressesOfAmazon(t *testing.T) {
	for region, want := range map[string]string{"eu-central-1": "s3.eu-central-1.amazonaws.com", "cn-north-1": "s3.cn-north-1.amazonaws.com.cn"} {
		if got := v1alpha1.AmazonHost("s3", region); got != want {
			t.Errorf("%s: %s, want %s", region, got, want)
		}
	}
}

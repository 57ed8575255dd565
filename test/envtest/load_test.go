package envtest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// writing counts writes that were answered as they should.
type writing struct {
	count, handshakes atomic.Int64
	stop              func()
}

// load changes a policy, and tries to create a broken one, again and again until the test or stop ends it. Each answer must come from the
// webhook: the first is taken, the second refused with the compiler's words. The API server keeps its connections, so somebody else opens new
// ones beside it, as another API server would.
func load(t *testing.T, port int) *writing {
	t.Helper()
	w := &writing{}
	ctx, cancel := context.WithCancel(context.Background())
	var workers sync.WaitGroup
	for worker := range 3 {
		name := fmt.Sprintf("load-%d", worker)
		create(t, policy(name, passwd))
		workers.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				patch := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"priority":`+strconv.Itoa(i%1000)+`}}`))
				if err := admin.Patch(context.Background(), policy(name, ""), patch); err != nil {
					t.Errorf("write %d of %s: %v", i, name, err)
				}
				if err := refuses(context.Background(), "no-"+name); err != nil {
					t.Errorf("refusal %d of %s: %v", i, name, err)
				}
				w.count.Add(2)
			}
		})
	}
	workers.Go(func() {
		for ctx.Err() == nil {
			if err := handshake(port); err != nil {
				t.Errorf("a new connection: %v", err)
			}
			w.handshakes.Add(1)
		}
	})
	w.stop = func() {
		cancel()
		workers.Wait()
	}
	t.Cleanup(w.stop)
	return w
}

// handshake trusts whom the webhook's configuration says.
func handshake(port int) error {
	c := configuration()
	if err := admin.Get(context.Background(), client.ObjectKeyFromObject(c), c); err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(c.Webhooks[0].ClientConfig.CABundle)
	dialer := tls.Dialer{Config: &tls.Config{RootCAs: roots, ServerName: names()[0]}}
	connection, err := dialer.DialContext(context.Background(), "tcp", fmt.Sprintf("localhost:%d", port))
	if err != nil {
		return err
	}
	return connection.Close()
}

func atLeast(count *atomic.Int64, want int64) error {
	if got := count.Load(); got < want {
		return fmt.Errorf("%d writes so far, want %d", got, want)
	}
	return nil
}

package envtest

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/nodeaudit/nodeaudit/controllers"
	"github.com/nodeaudit/nodeaudit/controllers/admit"
	"github.com/nodeaudit/nodeaudit/controllers/admit/certificate"
)

const day = 24 * time.Hour

// Everything is renewed while policies are written: the serving certificate, then the authority, then what it signs. The API server calls with
// failurePolicy Fail, so a handshake that failed would be a write that failed.
func TestNoWriteFailsWhileCertificatesAreRenewed(t *testing.T) {
	clean(t)
	p := policy("p", passwd)
	create(t, p)
	w := installWebhook(t)
	now := time.Now()
	// An authority that becomes due today, and a serving certificate that it signed two days ago.
	var clock atomic.Pointer[time.Time]
	clock.Store(new(now.Add(-2 * day)))
	seed(t, now.Add(-2*365*day-day), *clock.Load())
	start(t, w.options, func(o *controllers.Options) { o.Now = func() time.Time { return *clock.Load() } })
	w.untilItRefuses(t)
	was := kept(t)

	writes := load(t, w.port)
	for _, step := range []struct {
		name        string
		do          func()
		changed     []string
		authorities int
	}{
		{
			"the serving certificate is taken out of the Secret",
			func() {
				edit(t, secret(), func(s *corev1.Secret) { delete(s.Data, certificate.ServingKey) })
			},
			[]string{certificate.ServingKey},
			1,
		},
		{
			"the authority is due, and has a successor",
			func() { clock.Store(&now) },
			[]string{certificate.AuthorityKey},
			2,
		},
		{
			"the successor signs",
			func() { clock.Store(new(now.Add(certificate.Settle))) },
			[]string{certificate.ServingKey},
			2,
		},
		{
			"nobody needs the first any more",
			func() { clock.Store(new(now.Add(2 * certificate.Settle))) },
			[]string{certificate.AuthorityKey},
			1,
		},
	} {
		before, done, opened := kept(t), writes.count.Load(), writes.handshakes.Load()
		step.do()
		eventually(t, func() error {
			nudge(t)
			return renewed(before, step.changed, step.authorities)
		})
		eventually(t, func() error {
			return errors.Join(atLeast(&writes.count, done+50), atLeast(&writes.handshakes, opened+10))
		})
		t.Logf("%s: %d writes, %d new connections", step.name, writes.count.Load()-done, writes.handshakes.Load()-opened)
	}
	writes.stop()
	if is := kept(t); bytes.Equal(was[certificate.AuthorityKey], is[certificate.AuthorityKey]) || bytes.Equal(was[certificate.ServingKey], is[certificate.ServingKey]) {
		t.Error("the certificates are those of the beginning")
	}
}

func TestACertificateThatHasEndedIsReplaced(t *testing.T) {
	clean(t)
	w := installWebhook(t)
	ended := time.Now().Add(-100 * day)
	seed(t, ended, ended)
	registry := prometheus.NewRegistry()
	start(t, w.options, func(o *controllers.Options) { o.Registry = registry })
	w.untilItRefuses(t)
	until, err := gauge(registry, "nodeaudit_webhook_certificate_expiry_timestamp_seconds", "serving")
	if left := time.Until(time.Unix(int64(until), 0)); err != nil || left < 89*day || left > 90*day {
		t.Errorf("the certificate ends in %v, %v, want in 90 days", left, err)
	}
}

func TestWhatSomebodyDoesToTheCertificateIsMended(t *testing.T) {
	clean(t)
	w := installWebhook(t)
	start(t, w.options)
	w.untilItRefuses(t)
	for _, row := range []struct {
		name string
		do   func()
	}{
		{"the bundle is emptied", func() {
			edit(t, configuration(), func(c *admissionregistrationv1.ValidatingWebhookConfiguration) {
				c.Webhooks[0].ClientConfig.CABundle = nil
			})
		}},
		{"the Secret is emptied", func() { edit(t, secret(), func(s *corev1.Secret) { s.Data = nil }) }},
		{"the Secret is filled with something else", func() {
			edit(t, secret(), func(s *corev1.Secret) { s.Data = map[string][]byte{certificate.ServingKey: []byte("x")} })
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.do()
			eventually(t, func() error { return published(t, kept(t)) })
			w.untilItRefuses(t)
		})
	}
}

// A replica that stands by has no part in the renewal. It serves what it finds in the Secret, and is ready when it does.
func TestAReplicaThatStandsByServes(t *testing.T) {
	clean(t)
	w := installWebhook(t)
	taken := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "nodeaudit-controller"}}
	taken.Spec = coordinationv1.LeaseSpec{
		HolderIdentity: new("somebody"), LeaseDurationSeconds: new(int32(3600)),
		AcquireTime: new(metav1.NowMicro()), RenewTime: new(metav1.NowMicro()),
	}
	create(t, taken)
	t.Cleanup(func() {
		if err := admin.Delete(context.Background(), taken); err != nil {
			t.Error(err)
		}
	})
	health := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	start(t, w.options, func(o *controllers.Options) { o.LeaderElect, o.HealthAddress = true, health })
	eventually(t, func() error { return answers(t, "http://"+health+"/healthz", http.StatusOK) })
	settle()
	if err := answers(t, "http://"+health+"/readyz", http.StatusInternalServerError); err != nil {
		t.Errorf("without a certificate: %v", err)
	}
	now := time.Now()
	seed(t, now, now)
	eventually(t, func() error { return answers(t, "http://"+health+"/readyz", http.StatusOK) })
	w.untilItRefuses(t)
}

// seed puts an authority and a serving certificate in place that were made at those times.
func seed(t *testing.T, authority, serving time.Time) {
	t.Helper()
	data, err := certificate.Renew(nil, names(), nil, authority)
	if err == nil {
		data, err = certificate.Renew(data, names(), nil, serving)
	}
	if err != nil {
		t.Fatal(err)
	}
	edit(t, secret(), func(s *corev1.Secret) { s.Data = data })
	edit(t, configuration(), func(c *admissionregistrationv1.ValidatingWebhookConfiguration) {
		c.Webhooks[0].ClientConfig.CABundle = data[certificate.AuthorityKey]
	})
}

func names() []string { return []string{admit.Name + "." + namespace + ".svc"} }

func kept(t *testing.T) map[string][]byte {
	t.Helper()
	s := secret()
	if err := admin.Get(t.Context(), client.ObjectKeyFromObject(s), s); err != nil {
		t.Fatal(err)
	}
	return s.Data
}

// nudge has the leader look now, and not only in five minutes.
func nudge(t *testing.T) {
	t.Helper()
	edit(t, secret(), func(s *corev1.Secret) { s.Annotations = map[string]string{"test": time.Now().String()} })
}

// renewed says what is missing until those keys of the Secret have changed and the API server was told of so many authorities.
func renewed(before map[string][]byte, keys []string, authorities int) error {
	s := secret()
	if err := admin.Get(context.Background(), client.ObjectKeyFromObject(s), s); err != nil {
		return err
	}
	for _, key := range keys {
		if len(s.Data[key]) == 0 || bytes.Equal(s.Data[key], before[key]) {
			return fmt.Errorf("%s is as it was", key)
		}
	}
	if n := count(s.Data[certificate.AuthorityKey]); n != authorities {
		return fmt.Errorf("%d authorities are kept, want %d", n, authorities)
	}
	return trusts(s.Data)
}

func published(t *testing.T, data map[string][]byte) error {
	t.Helper()
	if len(data[certificate.ServingPrivateKey]) == 0 {
		return errors.New("nothing is kept")
	}
	return trusts(data)
}

// trusts says that the API server was told of the authorities.
func trusts(data map[string][]byte) error {
	c := configuration()
	if err := admin.Get(context.Background(), client.ObjectKeyFromObject(c), c); err != nil {
		return err
	}
	if bundle := c.Webhooks[0].ClientConfig.CABundle; !bytes.Equal(bundle, data[certificate.AuthorityKey]) {
		return fmt.Errorf("the API server was told of %d authorities, others than are kept", count(bundle))
	}
	return nil
}

func count(text []byte) int {
	n := 0
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		n++
	}
	return n
}

func answers(t *testing.T, url string, status int) error {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil || response.StatusCode != status {
		return errors.Join(err, fmt.Errorf("%s answers %s: %s", url, response.Status, strings.TrimSpace(string(body))))
	}
	return nil
}

func gauge(registry *prometheus.Registry, name, label string) (float64, error) {
	families, err := registry.Gather()
	if err != nil {
		return 0, err
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if family.GetName() == name && metric.GetLabel()[0].GetValue() == label {
				return metric.GetGauge().GetValue(), nil
			}
		}
	}
	return 0, fmt.Errorf("there is no %s of %s", name, label)
}

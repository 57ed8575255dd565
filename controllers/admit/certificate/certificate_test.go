package certificate

import (
	"bytes"
	"crypto/x509"
	"errors"
	"maps"
	"testing"
	"time"
)

var (
	names = []string{"nodeaudit-webhook.nodeaudit-system.svc"}
	start = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
)

const day = 24 * time.Hour

// renew renews with an API server that trusts what is kept.
func renew(t *testing.T, kept map[string][]byte, now time.Time) map[string][]byte {
	t.Helper()
	return renewWith(t, kept, kept[AuthorityKey], now)
}

func renewWith(t *testing.T, kept map[string][]byte, published []byte, now time.Time) map[string][]byte {
	t.Helper()
	data, err := Renew(kept, names, published, now)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// call does what an API server does that trusts the bundle.
func call(bundle, chain []byte, now time.Time) error {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(bundle)
	list := certificates(chain)
	if len(list) == 0 {
		return errors.New("nothing is served")
	}
	_, err := list[0].Verify(x509.VerifyOptions{
		Roots: roots, DNSName: names[0], CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	return err
}

// changed names what differs.
func changed(before, after map[string][]byte) string {
	text := ""
	for _, key := range []string{AuthorityKey, AuthorityPrivateKey, ServingKey, ServingPrivateKey} {
		if !bytes.Equal(before[key], after[key]) {
			text += key + " "
		}
	}
	return text
}

const (
	nothing    = ""
	serving    = "tls.crt tls.key "
	authority  = "ca.crt ca.key "
	everything = authority + serving
)

func TestRenew(t *testing.T) {
	fresh := renewWith(t, nil, nil, start)
	without := func(key string) map[string][]byte {
		data := maps.Clone(fresh)
		delete(data, key)
		return data
	}
	with := func(key, value string) map[string][]byte {
		data := maps.Clone(fresh)
		data[key] = []byte(value)
		return data
	}
	for _, row := range []struct {
		name  string
		kept  map[string][]byte
		after time.Duration
		want  string
	}{
		{"an empty Secret gets everything", nil, 0, everything},
		{"what is good stays", fresh, 0, nothing},
		{"after two months it is still good", fresh, 59 * day, nothing},
		{"with a third of its life left the serving certificate is renewed", fresh, 61 * day, serving},
		{"one that has ended is replaced", fresh, 91 * day, serving},
		{"with a third of its life left the authority is followed by another", fresh, 2*365*day + 2*day, everything},
		{"an authority that has ended is replaced", fresh, 4 * 365 * day, everything},
		{"a clock that is an hour late is no reason", fresh, -time.Hour, nothing},
		{"a clock that is a year late", fresh, -365 * day, everything},
		{"without the serving certificate", without(ServingKey), 0, serving},
		{"without its key", without(ServingPrivateKey), 0, serving},
		{"without the key of the authority, while serving goes on", without(AuthorityPrivateKey), 0, authority},
		{"without the authority", without(AuthorityKey), 0, everything},
		{"a serving certificate that is none", with(ServingKey, "x"), 0, serving},
		{"the key of another", with(ServingPrivateKey, string(fresh[AuthorityPrivateKey])), 0, serving},
		{"a key that is none", with(AuthorityPrivateKey, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), 0, authority},
		{"an authority that has not signed", with(AuthorityKey, string(fresh[ServingKey])), 0, everything},
		{"something else in the Secret", with("other", "x"), 0, nothing},
	} {
		t.Run(row.name, func(t *testing.T) {
			now := start.Add(row.after)
			got := renew(t, row.kept, now)
			if diff := changed(row.kept, got); diff != row.want {
				t.Errorf("changed %q, want %q", diff, row.want)
			}
			if err := call(got[AuthorityKey], got[ServingKey], now); err != nil {
				t.Errorf("a call would fail: %v", err)
			}
			if _, err := Serving(got); err != nil {
				t.Errorf("it cannot be served: %v", err)
			}
			if len(got) != 4 {
				t.Errorf("%d keys are kept, want 4", len(got))
			}
			if again := renew(t, got, now); changed(got, again) != nothing {
				t.Errorf("a second look changes %s", changed(got, again))
			}
		})
	}
}

func TestOtherNamesNeedAnotherCertificate(t *testing.T) {
	fresh := renewWith(t, nil, nil, start)
	got, err := Renew(fresh, []string{"nodeaudit-webhook.other.svc"}, fresh[AuthorityKey], start)
	if err != nil || changed(fresh, got) != serving {
		t.Errorf("changed %q, %v, want %q", changed(fresh, got), err, serving)
	}
}

func TestANewAuthoritySignsWhenAPIServersKnowIt(t *testing.T) {
	// An authority that becomes due in a day, with a serving certificate that is good for long.
	due := start.Add(authorityLife - (authorityLife+skew)/renewFraction)
	kept := renew(t, renewWith(t, nil, nil, start), due.Add(-day))
	old := kept[AuthorityKey]

	both := renewWith(t, kept, old, due)
	if diff := changed(kept, both); diff != authority || len(certificates(both[AuthorityKey])) != 2 {
		t.Fatalf("changed %q with %d authorities, want %q with 2", diff, len(certificates(both[AuthorityKey])), authority)
	}
	for _, row := range []struct {
		name      string
		published []byte
		after     time.Duration
		want      string
	}{
		{"not while the API server knows nothing of it", old, 20 * day, nothing},
		{"not as soon as it is published", both[AuthorityKey], Settle - time.Second, nothing},
		{"when it has settled", both[AuthorityKey], Settle, serving},
		{"at once where the serving certificate has ended", old, 91 * day, serving},
	} {
		t.Run(row.name, func(t *testing.T) {
			if diff := changed(both, renewWith(t, both, row.published, due.Add(row.after))); diff != row.want {
				t.Errorf("changed %q, want %q", diff, row.want)
			}
		})
	}

	moved := renew(t, both, due.Add(Settle))
	if n := len(certificates(moved[AuthorityKey])); n != 2 {
		t.Errorf("%d authorities are trusted while replicas may serve the old certificate, want 2", n)
	}
	done := renew(t, moved, due.Add(2*Settle))
	if n := len(certificates(done[AuthorityKey])); n != 1 {
		t.Errorf("%d authorities are trusted in the end, want 1", n)
	}
}

// In ten years no call fails, although API servers and replicas learn of everything just before Settle is over, and looks come in uneven steps.
func TestNoCallFailsInTenYears(t *testing.T) {
	kept := renewWith(t, nil, nil, start)
	late, renewals := kept, 0
	var lateUntil time.Time // when those who are late learn of kept
	steps := []time.Duration{Settle / 2, Settle / 2, time.Hour, 12 * day}
	for now, i := start, 0; now.Before(start.Add(10 * 365 * day)); i++ {
		now = now.Add(steps[i%len(steps)])
		if !now.Before(lateUntil) {
			late = kept
		}
		next := renew(t, kept, now)
		if changed(kept, next) != nothing {
			renewals++
			late, lateUntil, kept = kept, now.Add(Settle), next
		}
		for _, caller := range []map[string][]byte{late, kept} {
			for _, replica := range []map[string][]byte{late, kept} {
				if err := call(caller[AuthorityKey], replica[ServingKey], now); err != nil {
					t.Fatalf("%v: %v", now, err)
				}
			}
		}
	}
	if renewals < 50 || renewals > 80 {
		t.Errorf("%d renewals, want about six a year and three for each authority", renewals)
	}
}

func TestAClockThatJumps(t *testing.T) {
	kept := renewWith(t, nil, nil, start)
	for _, jump := range []time.Duration{10 * 365 * day, 0, -10 * 365 * day, 0, 100 * day, time.Hour, -2 * time.Hour, 0} {
		now := start.Add(jump)
		kept = renew(t, kept, now)
		if err := call(kept[AuthorityKey], kept[ServingKey], now); err != nil {
			t.Errorf("at %v a call would fail: %v", now, err)
		}
	}
	kept = renew(t, kept, start.Add(Settle))
	kept = renew(t, kept, start.Add(2*Settle))
	if n := len(certificates(kept[AuthorityKey])); n != 1 {
		t.Errorf("%d authorities are left of it, want 1", n)
	}
}

func TestServingSaysWhatIsMissing(t *testing.T) {
	if _, err := Serving(nil); !errors.Is(err, ErrNone) {
		t.Errorf("an empty Secret: %v, want ErrNone", err)
	}
	if _, err := Serving(map[string][]byte{ServingKey: []byte("x")}); err == nil || errors.Is(err, ErrNone) {
		t.Errorf("a damaged Secret: %v, want another error", err)
	}
}

func TestExpiry(t *testing.T) {
	s, a := Expiry(renewWith(t, nil, nil, start))
	if !s.Equal(start.Add(servingLife)) || !a.Equal(start.Add(authorityLife)) {
		t.Errorf("serving ends %v and the authority %v", s, a)
	}
	if s, a = Expiry(nil); !s.IsZero() || !a.IsZero() {
		t.Errorf("nothing ends %v and %v", s, a)
	}
}

// Whatever is in the Secret, what comes out can be called.
func FuzzRenew(f *testing.F) {
	fresh, err := Renew(nil, names, nil, start)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(fresh[AuthorityKey], fresh[AuthorityPrivateKey], fresh[ServingKey], fresh[ServingPrivateKey])
	f.Add(fresh[ServingKey], fresh[ServingPrivateKey], fresh[ServingKey], fresh[ServingPrivateKey])
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----"), []byte(nil), []byte("x"), []byte(nil))
	f.Fuzz(func(t *testing.T, ca, caKey, crt, key []byte) {
		got, err := Renew(map[string][]byte{AuthorityKey: ca, AuthorityPrivateKey: caKey, ServingKey: crt, ServingPrivateKey: key}, names, nil, start)
		if err != nil {
			t.Fatal(err)
		}
		if err := call(got[AuthorityKey], got[ServingKey], start); err != nil {
			t.Error(err)
		}
	})
}

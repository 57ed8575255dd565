// Package certificate decides when the admission webhook needs another certificate, and makes it.
//
// What is kept in the Secret comes in with the time, and what should be kept goes out: an authority (CA) with its key, the earlier authorities
// that are still trusted, and a serving certificate with its key. The package has no clock, no client and no memory: everything that it must
// know of the past is in the certificates themselves, so that any replica may go on where another ended.
//
// Two certificates never change in one step while the old ones hold: a new authority is first trusted everywhere, and only then signs.
package certificate

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"maps"
	"time"
)

// The keys of the Secret. Their values are PEM.
const (
	// AuthorityKey holds the authorities to trust, the signing one first. It is also what the API server is given.
	AuthorityKey = "ca.crt"
	// AuthorityPrivateKey holds the key of the first of them.
	AuthorityPrivateKey = "ca.key"
	// ServingKey holds the serving certificate.
	ServingKey = "tls.crt"
	// ServingPrivateKey holds its key.
	ServingPrivateKey = "tls.key"
)

const (
	// authorityLife is long, because each change of the authority touches the webhook's configuration.
	authorityLife = 3 * 365 * 24 * time.Hour
	// servingLife is short, because the key is on every replica.
	servingLife = 90 * 24 * time.Hour
	// renewFraction of the life is left at renewal: a month for serving, a year for the authority.
	renewFraction = 3
	// skew is by how much clocks in a cluster may differ: certificates begin that much earlier.
	skew = time.Hour
	// Settle is how long the API servers have to learn of a new authority before it signs, and the replicas of a new serving certificate
	// before an earlier authority is dropped. Both learn by a watch, within a second as a rule.
	Settle = 10 * time.Minute
)

// Renew returns what should be kept at that time. It is what was kept, and the same map, where nothing is to be done. names are those under
// which the webhook is called. published is the bundle that API servers trust as far as one can tell. What cannot be read counts as missing.
func Renew(kept map[string][]byte, names []string, published []byte, now time.Time) (map[string][]byte, error) {
	s := read(kept)
	if !s.signs(now) {
		if err := s.newAuthority(now); err != nil {
			return nil, fmt.Errorf("making an authority: %w", err)
		}
	}
	if !s.serves(names, now) || (s.servingIsOld(now) && s.signerIsKnown(published, now)) {
		if err := s.newServing(names, now); err != nil {
			return nil, fmt.Errorf("making a serving certificate: %w", err)
		}
	}
	s.prune(now)
	data, err := s.data()
	if err != nil {
		return nil, err
	}
	if maps.EqualFunc(data, kept, bytes.Equal) {
		return kept, nil
	}
	return data, nil
}

// signs says that there is an authority with its key, and that it has long to live.
func (s *state) signs(now time.Time) bool {
	return s.signer != nil && !now.Before(s.signer.certificate.NotBefore) && now.Before(renewal(s.signer.certificate))
}

// serves says that the serving certificate would be accepted at that time by who trusts the authorities.
func (s *state) serves(names []string, now time.Time) bool {
	if s.serving == nil {
		return false
	}
	roots := x509.NewCertPool()
	for _, c := range s.trusted {
		roots.AddCert(c)
	}
	for _, name := range names {
		_, err := s.serving.certificate.Verify(x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: now})
		if err != nil {
			return false
		}
	}
	return true
}

// servingIsOld says that the serving certificate is due, or not from the authority that signs now.
func (s *state) servingIsOld(now time.Time) bool {
	c := s.serving.certificate
	return !now.Before(renewal(c)) || c.CheckSignatureFrom(s.signer.certificate) != nil
}

// signerIsKnown says that the API servers have had the time to learn of the authority.
func (s *state) signerIsKnown(published []byte, now time.Time) bool {
	c := s.signer.certificate
	for _, known := range certificates(published) {
		if known.Equal(c) {
			return settled(c, now)
		}
	}
	return false
}

// prune drops authorities that have ended, and those that nobody needs any more because every replica serves what the signing one has signed.
func (s *state) prune(now time.Time) {
	moved := !s.servingIsOld(now) && settled(s.serving.certificate, now)
	trusted := s.trusted[:0:0]
	for _, c := range s.trusted {
		current := c.Equal(s.signer.certificate)
		if current || (!moved && now.Before(c.NotAfter)) {
			trusted = append(trusted, c)
		}
	}
	s.trusted = trusted
}

func renewal(c *x509.Certificate) time.Time {
	return c.NotAfter.Add(-c.NotAfter.Sub(c.NotBefore) / renewFraction)
}

// settled says that the certificate was made long enough ago. It begins earlier than it was made, by skew.
func settled(c *x509.Certificate, now time.Time) bool {
	return !now.Before(c.NotBefore.Add(skew + Settle))
}

package certificate

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"
)

const (
	certificateType = "CERTIFICATE"
	keyType         = "PRIVATE KEY"
)

// state is what is kept, read.
type state struct {
	signer  *pair               // nil where there is none; its certificate is the first of trusted
	trusted []*x509.Certificate // the newest first
	serving *pair               // nil where there is none
}

type pair struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// read takes what can be read.
func read(kept map[string][]byte) *state {
	trusted := slices.DeleteFunc(certificates(kept[AuthorityKey]), func(c *x509.Certificate) bool { return !c.IsCA })
	return &state{
		signer:  readPair(trusted, kept[AuthorityPrivateKey]),
		trusted: trusted,
		serving: readPair(certificates(kept[ServingKey]), kept[ServingPrivateKey]),
	}
}

// readPair is nil where the key is not that of the first certificate.
func readPair(list []*x509.Certificate, key []byte) *pair {
	block, _ := pem.Decode(key)
	if block == nil || len(list) == 0 {
		return nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil
	}
	private, is := parsed.(*ecdsa.PrivateKey)
	if !is || !private.PublicKey.Equal(list[0].PublicKey) {
		return nil
	}
	return &pair{list[0], private}
}

// certificates returns those in the PEM text, without what cannot be read.
func certificates(text []byte) []*x509.Certificate {
	var list []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if c, err := x509.ParseCertificate(block.Bytes); err == nil && block.Type == certificateType {
			list = append(list, c)
		}
	}
	return list
}

func (s *state) data() (map[string][]byte, error) {
	data := map[string][]byte{AuthorityKey: encode(s.trusted...), ServingKey: encode(s.serving.certificate)}
	for name, p := range map[string]*pair{AuthorityPrivateKey: s.signer, ServingPrivateKey: s.serving} {
		der, err := x509.MarshalPKCS8PrivateKey(p.key)
		if err != nil {
			return nil, fmt.Errorf("writing %s: %w", name, err)
		}
		data[name] = pem.EncodeToMemory(&pem.Block{Type: keyType, Bytes: der})
	}
	return data, nil
}

func encode(list ...*x509.Certificate) []byte {
	var text bytes.Buffer
	for _, c := range list {
		text.Write(pem.EncodeToMemory(&pem.Block{Type: certificateType, Bytes: c.Raw}))
	}
	return text.Bytes()
}

// ErrNone says that nothing to serve with is kept yet.
var ErrNone = errors.New("there is no serving certificate yet")

// Serving returns what to serve with. The error is ErrNone where the Secret is as the chart makes it, and another where it was damaged.
func Serving(kept map[string][]byte) (*tls.Certificate, error) {
	if len(kept[ServingKey]) == 0 {
		return nil, ErrNone
	}
	c, err := tls.X509KeyPair(kept[ServingKey], kept[ServingPrivateKey])
	if err != nil {
		return nil, fmt.Errorf("reading the serving certificate: %w", err)
	}
	return &c, nil
}

// Expiry returns when the serving certificate ends and when the signing authority does. It is the zero time for what is missing.
func Expiry(kept map[string][]byte) (serving, authority time.Time) {
	if list := certificates(kept[ServingKey]); len(list) > 0 {
		serving = list[0].NotAfter
	}
	if list := certificates(kept[AuthorityKey]); len(list) > 0 {
		authority = list[0].NotAfter
	}
	return serving, authority
}

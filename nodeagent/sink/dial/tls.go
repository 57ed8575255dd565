package dial

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
)

// TLS is how to speak TLS. The zero value trusts the system's authorities and shows no certificate.
type TLS struct {
	// CA are the authorities to trust, PEM. Empty: those of the system.
	CA []byte
	// Cert and Key are the certificate to show, PEM. Both or neither.
	Cert, Key []byte
	// ServerName is the name that the receiver's certificate must have. Empty: that of the address.
	ServerName string
	// InsecureSkipVerify takes any certificate: whoever is in between can read everything.
	InsecureSkipVerify bool
}

// Config checks it and returns it as Go has it.
func (t TLS) Config() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName, InsecureSkipVerify: t.InsecureSkipVerify} //nolint:gosec // said by name, and warned about
	if len(t.CA) > 0 {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(t.CA) {
			return nil, errors.New("tls: the authority is no PEM certificate: give the text between BEGIN CERTIFICATE and END CERTIFICATE, these lines included")
		}
	}
	if len(t.Cert) > 0 || len(t.Key) > 0 {
		pair, err := tls.X509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("tls: the client certificate cannot be used: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

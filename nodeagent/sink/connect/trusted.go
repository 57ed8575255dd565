package connect

import (
	"os"
	"path/filepath"
)

// bundles are where distributions keep the authorities that they trust, as in crypto/x509.
var bundles = []string{
	"etc/ssl/certs/ca-certificates.crt",                 // Debian, Ubuntu, Arch, Alpine, Flatcar
	"etc/pki/tls/certs/ca-bundle.crt",                   // Fedora, RHEL
	"etc/ssl/ca-bundle.pem",                             // openSUSE
	"etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // CentOS, RHEL
	"etc/ssl/cert.pem",                                  // Talos
	"var/lib/ca-certificates/ca-bundle.pem",             // MicroOS
	"usr/share/factory/etc/pki/tls/certs/ca-bundle.crt", // Bottlerocket
}

// trusted returns the authorities that the node trusts: the agent's image has none. On a host without an image Go finds them by itself.
func (r *opening) trusted() []byte {
	if r.HostRoot == "/" || r.HostRoot == "" {
		return nil
	}
	root, err := os.OpenRoot(r.HostRoot)
	if err != nil {
		return nil
	}
	defer root.Close() //nolint:errcheck // it was read
	for _, name := range bundles {
		if text, err := root.ReadFile(filepath.Clean(name)); err == nil && len(text) > 0 {
			return text
		}
	}
	return nil
}

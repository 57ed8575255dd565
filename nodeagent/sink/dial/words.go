package dial

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"syscall"
)

// Words says what is wrong in words that name what to do, where it is one of the common troubles, and otherwise in the error's own. They are
// one line.
func Words(err error) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	if advice := advise(err); advice != "" {
		return text + ": " + advice
	}
	for _, known := range texts {
		if strings.Contains(text, known.part) {
			return text + ": " + known.advice
		}
	}
	return text
}

// texts are for errors that have no type of their own: those that gRPC tells of a connection, and the receiver's alerts of TLS.
var texts = []struct{ part, advice string }{
	{"certificate signed by unknown authority", adviceAuthority},
	{"certificate is valid for", adviceName},
	{"certificate has expired", adviceExpired},
	{"remote error: tls:", adviceClient},
	{"connection refused", adviceRefused},
	{"no such host", adviceHost},
	{"server gave HTTP response to HTTPS client", advicePlain},
}

const (
	adviceAuthority = "the receiver's certificate comes from an authority that is not trusted: give it as tls.ca or tls.caSecretRef"
	adviceName      = "the receiver's certificate is for another name: correct the address, or set tls.serverName"
	adviceExpired   = "the receiver's certificate is out of date: renew it there, and see that both clocks are right"
	adviceRefused   = "nobody listens there: see whether the receiver runs, and whether address and port are right"
	adviceHost      = "the name is not known to the node's DNS: correct the address"
	adviceClient    = "the receiver does not take this agent's certificate: see tls.certSecretRef"
	advicePlain     = "the receiver does not speak TLS there: correct the port, or leave TLS out"
	adviceTime      = "the receiver did not answer in time: see whether it is overloaded, and whether something on the way drops packets"
)

func advise(err error) string {
	var (
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
		plain     tls.RecordHeaderError
		dns       *net.DNSError
		timeout   net.Error
	)
	switch {
	case errors.As(err, &authority):
		return adviceAuthority
	case errors.As(err, &name):
		return adviceName
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return adviceExpired
	case errors.As(err, &plain):
		return advicePlain
	case errors.As(err, &dns) && dns.IsNotFound:
		return adviceHost
	case errors.Is(err, syscall.ECONNREFUSED):
		return adviceRefused
	case errors.As(err, &timeout) && timeout.Timeout():
		return adviceTime
	default:
		return ""
	}
}

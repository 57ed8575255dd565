// Package awstest checks the signatures of requests, for the tests of sinks that speak with Amazon's services.
//
// A request comes in, what is wrong with its signature goes out. It is written after Amazon's description, and shares nothing with the SDK that signs.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
package awstest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
)

// Verify says whether the holder of the key has signed the request with this body, for a service whose path is /.
func Verify(r *http.Request, body []byte, key string) error {
	rest, found := strings.CutPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ")
	if !found {
		return fmt.Errorf("it is not signed: %q", r.Header.Get("Authorization"))
	}
	parts := map[string]string{}
	for part := range strings.SplitSeq(rest, ", ") {
		name, value, _ := strings.Cut(part, "=")
		parts[name] = value
	}
	scope := strings.Split(parts["Credential"], "/")
	if len(scope) != 5 {
		return fmt.Errorf("credential %q", parts["Credential"])
	}
	canonical := []string{r.Method, "/", ""}
	for name := range strings.SplitSeq(parts["SignedHeaders"], ";") {
		canonical = append(canonical, name+":"+header(r, name))
	}
	canonical = append(canonical, "", parts["SignedHeaders"], digest(body))
	text := strings.Join([]string{
		"AWS4-HMAC-SHA256", r.Header.Get("X-Amz-Date"), strings.Join(scope[1:], "/"), digest([]byte(strings.Join(canonical, "\n"))),
	}, "\n")
	signing := []byte("AWS4" + key)
	for _, part := range append(scope[1:], text) {
		signing = sign(signing, part)
	}
	if got := hex.EncodeToString(signing); got != parts["Signature"] {
		return fmt.Errorf("the signature is %s, and should be %s", parts["Signature"], got)
	}
	return nil
}

func header(r *http.Request, name string) string {
	switch name {
	case "host":
		return r.Host
	case "content-length":
		return fmt.Sprint(r.ContentLength)
	default:
		return strings.Join(strings.Fields(r.Header.Get(name)), " ")
	}
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func sign(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

package s3_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// lossy passes requests on, and loses the first answers. With answer it answers itself.
type lossy struct {
	next   http.RoundTripper
	to     string
	lose   int32
	lost   atomic.Int32
	answer http.HandlerFunc
}

func (l *lossy) listen(t *testing.T) (address string) {
	t.Helper()
	server := httptest.NewServer(l)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func (l *lossy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if l.answer != nil {
		l.answer(w, r)
		return
	}
	body, _ := io.ReadAll(r.Body)
	request, err := http.NewRequestWithContext(r.Context(), r.Method, l.to, bytes.NewReader(body))
	if err != nil {
		panic(err)
	}
	request.URL.Path, request.URL.RawPath = r.URL.Path, r.URL.RawPath
	request.Header, request.Host = r.Header.Clone(), r.Host // which is signed
	response, err := l.next.RoundTrip(request)
	if err != nil {
		panic(err)
	}
	defer response.Body.Close() //nolint:errcheck // a test
	if response.StatusCode == http.StatusOK && l.lost.Add(1) <= l.lose {
		panic(http.ErrAbortHandler) // the connection ends without an answer
	}
	w.WriteHeader(response.StatusCode)
	_, _ = io.Copy(w, response.Body)
}

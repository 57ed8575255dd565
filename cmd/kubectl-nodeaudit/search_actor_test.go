package main

import (
	"compress/gzip"
	"strings"
	"testing"
)

const (
	session = `{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"a1","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/shop/pods/web-0/exec?command=id&container=c","verb":"get",` +
		`"user":{"username":"alice"},"objectRef":{"resource":"pods","namespace":"shop","name":"web-0","subresource":"exec"},"responseStatus":{"code":101},` +
		`"requestReceivedTimestamp":"2023-11-14T22:13:20.000000Z","stageTimestamp":"2023-11-14T22:14:20.000000Z"}` + "\n"
	came = `{"time":"2023-11-14T22:13:20.523Z","serial":7,"node":"n1","type":"SYSCALL","result":"success","who":{"confidence":"exact","namespace":"shop","pod":"web-0","container":"c","entered":true,"start":"2023-11-14T22:13:20.520Z"},"syscall":"execve","pid":70,"comm":"id","args":["id"],"records":[{"type":"SYSCALL"}]}` + "\n"
)

func TestSearchNamesWhoseSessionItWas(t *testing.T) {
	var packed strings.Builder
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(session + "no JSON\n")); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"audit.log": cat + came + login, "api.log.gz": packed.String()}
	got := run(t, files, "", "search", "--api-audit", "api.log.gz", "--actor", "al*", "audit.log")
	if want := `"actor":{"confidence":"high","via":"exec","user":"alice","auditID":"a1"}`; !strings.Contains(got.out, want) || strings.Count(got.out, "\n") != 1 {
		t.Errorf("printed %s, want one line with %s", got.out, want)
	}
	if !strings.Contains(got.words, "no events of audit.k8s.io: 1") {
		t.Errorf("said %q", got.words)
	}
	for _, args := range [][]string{{"--api-audit", "api.log.gz", "--actor", "bob"}, {"--actor", "alice"}, {"--api-audit", "missing"}} {
		if got := run(t, files, "", append([]string{"search", "audit.log"}, args...)...); got.out != "" || got.err == "" {
			t.Errorf("%v: %+v, want an error and no events", args, got)
		}
	}
}

package main

import (
	"compress/gzip"
	"strings"
	"testing"
)

const (
	apiLog = `{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"a1","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/shop/pods/web-0/exec?command=id&container=c","verb":"get",` +
		`"user":{"username":"alice"},"objectRef":{"resource":"pods","namespace":"shop","name":"web-0","subresource":"exec"},"responseStatus":{"code":101},` +
		`"requestReceivedTimestamp":"2023-11-14T22:13:20.000000Z","stageTimestamp":"2023-11-14T22:14:20.000000Z"}` + "\n"
	came = `{"time":"2023-11-14T22:13:20.523Z","serial":7,"node":"n1","type":"SYSCALL","result":"success","who":{"confidence":"exact","namespace":"shop","pod":"web-0","container":"c","entered":true,"start":"2023-11-14T22:13:20.520Z"},"syscall":"execve","pid":70,"comm":"id","args":["id"],"records":[{"type":"SYSCALL"}]}` + "\n"
)

func TestSearchNamesWhoseSessionItWas(t *testing.T) {
	var packed strings.Builder
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(apiLog + "no JSON\n")); err != nil {
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

const (
	toldLater = `{"time":"2023-11-14T22:13:22.000Z","serial":0,"node":"n1","type":"NODEAUDIT_ACTOR","who":{"confidence":"exact","namespace":"shop","pod":"web-0","container":"c","entered":true,` +
		`"actor":{"confidence":"high","via":"exec","user":"alice","auditID":"a1"},"start":"2023-11-14T22:13:20.521Z"},"pid":70,"comm":"id","records":[{"type":"NODEAUDIT_ACTOR"}]}` + "\n"
	descends = `{"time":"2023-11-14T22:13:20.600Z","serial":8,"node":"n1","type":"SYSCALL","result":"success","who":{"confidence":"exact","namespace":"shop","pod":"web-0","container":"c","entered":true,` +
		`"start":"2023-11-14T22:13:20.590Z","ancestors":[{"pid":70,"comm":"id","start":"2023-11-14T22:13:20.519Z"}]},"syscall":"openat","pid":71,"comm":"cat","records":[{"type":"SYSCALL"}]}` + "\n"
)

func TestSearchFindsWhatAgentsToldLater(t *testing.T) {
	files := map[string]string{"audit.log": cat + came + descends + strings.Replace(descends, `"pid":70`, `"pid":72`, 1) + toldLater + login}
	got := run(t, files, "", "search", "--actor", "al*", "audit.log")
	if strings.Count(got.out, `"user":"alice"`) != 3 || strings.Count(got.out, "\n") != 3 || !strings.Contains(got.out, `"serial":7`) || !strings.Contains(got.out, `"serial":8`) {
		t.Errorf("printed %s, want what came, its child, and what was told", got.out)
	}
	if got := run(t, files, "", "search", "--actor", "al*", "-c", "cat", "--count", "audit.log"); got.out != "1\n" {
		t.Errorf("counted %s, %s", got.out, got.err)
	}
	if got := run(t, files, files["audit.log"], "search", "--actor", "al*", "--count", "-"); got.out != "1\n" {
		t.Errorf("in a stream counted %s, %s", got.out, got.err)
	}
	later := strings.Replace(toldLater, `"user":"alice"`, `"user":"bob"`, 1)
	if got := run(t, map[string]string{"audit.log": came + toldLater + later}, "", "search", "--actor", "alice", "-sc", "execve", "audit.log"); got.out != "" {
		t.Errorf("what was overruled is still told: %s", got.out)
	}
}

package connect_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/form"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/connect"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export/exporttest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
)

// mended delivers one event with a secret that is wrong and then with one that is right, and returns everything that was told and stored.
func mended(t *testing.T, spec v1alpha1.AuditSinkSpec, wrong, right string) string {
	t.Helper()
	dir, state := secrets(t, map[string]string{"password": wrong}), t.TempDir()
	var log bytes.Buffer
	s := export.New(export.Options{
		Name: "vault", Dir: state, Log: slog.New(slog.NewTextHandler(&log, nil)),
		Settings: export.Settings{MaxSize: 1 << 20, FirstPause: 5 * time.Millisecond, LongestPause: 50 * time.Millisecond, Timeout: 10 * time.Second},
		Target:   connect.Target(spec, form.Form{}, connect.Surroundings{Node: "node-1", HostRoot: "/", Secrets: dir}),
	})
	exporttest.Write(t, s, sinktest.Events(1))
	told := ""
	exporttest.Eventually(t, func() string { return "no error" }, func() bool { told += s.Delivery().LastError; return s.Delivery().Retries > 1 })
	if err := os.WriteFile(filepath.Join(dir.Path, "nodeaudit-sinks", "password"), []byte(right), 0o600); err != nil {
		t.Fatal(err)
	}
	exporttest.Delivered(t, s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	return told + log.String() + everything(t, state)
}

func TestAPasswordOfKafkaIsToldNobodyAndRotates(t *testing.T) {
	for _, mechanism := range []v1alpha1.KafkaSASL{v1alpha1.KafkaPlain, v1alpha1.KafkaSCRAM256, v1alpha1.KafkaSCRAM512} {
		t.Run(string(mechanism), func(t *testing.T) {
			t.Parallel()
			c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "audit"), kfake.EnableSASL(), kfake.Superuser(string(mechanism), "audit", rotated))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			spec := v1alpha1.AuditSinkSpec{Type: "kafka", Kafka: &v1alpha1.KafkaSink{
				Brokers: c.ListenAddrs(), Topic: "audit", SASL: &v1alpha1.KafkaLogin{Mechanism: mechanism, Username: "audit", PasswordSecretRef: *key("password")},
			}}
			told := mended(t, spec, old, rotated)
			if strings.Contains(told, old) || strings.Contains(told, rotated) || !strings.Contains(told, "see kafka.sasl") {
				t.Errorf("told or stored:\n%.2000s", told)
			}
		})
	}
}

// account is the file of a service account of Google's, and a line of its key.
func account(t *testing.T, id, address string) (file, line string) {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	bytes, err := json.Marshal(map[string]string{
		"type": "service_account", "private_key_id": id, "private_key": text, "client_email": "a@p.iam.gserviceaccount.com", "token_uri": address + "/token",
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(bytes), strings.Split(text, "\n")[1]
}

// A server that repeats what it was sent, and more, gives away neither the key nor the token that was made with it; another key is used without a restart.
func TestAServiceAccountOfGoogleIsToldNobodyAndRotates(t *testing.T) {
	var says, token string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/token":
			token += "+"
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"access_token":"swordfish-token` + token + `","expires_in":3600,"token_type":"Bearer"}`))
		case len(token) == 1:
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte("no: " + r.Header.Get("Authorization") + " " + says))
		}
	}))
	defer server.Close()
	file, line := account(t, old, server.URL)
	says = line + " " + old
	spec := v1alpha1.AuditSinkSpec{Type: "googleCloud", GoogleCloud: &v1alpha1.GoogleCloudSink{Project: "p", Endpoint: server.URL, CredentialsSecretRef: key("password")}}
	other, _ := account(t, rotated, server.URL)
	told := mended(t, spec, file, other)
	for _, value := range []string{line, old, rotated, "swordfish-token"} {
		if strings.Contains(told, value) {
			t.Errorf("%q is in what is told or stored: %.2000s", value, told)
		}
	}
	if !strings.Contains(told, "403") {
		t.Errorf("the trouble itself is not told: %.2000s", told)
	}
}

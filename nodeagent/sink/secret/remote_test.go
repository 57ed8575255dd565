package secret_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/secret"
)

// server is an API server with one Secret.
type server struct {
	data  map[string][]byte
	err   error
	asked []string
}

func (s *server) fetch(_ context.Context, name string) (map[string][]byte, error) {
	s.asked = append(s.asked, name)
	return s.data, s.err
}

func TestASecretOfTheClusterIsKeptForAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{data: map[string][]byte{"token": []byte("old\n")}}
		r, token := secret.NewRemote(s.fetch), secret.Ref{Name: "siem", Key: "token"}
		is := func(want string, questions int) {
			t.Helper()
			value, err := r.Get(token)
			if string(value) != want || err != nil || len(s.asked) != questions {
				t.Fatalf("%q, %v after %d questions, want %q after %d", value, err, len(s.asked), want, questions)
			}
		}
		is("old", 1)
		s.data = map[string][]byte{"token": []byte("new")}
		is("old", 1)
		time.Sleep(59 * time.Second)
		is("old", 1)
		time.Sleep(time.Second)
		is("new", 2)

		s.data = map[string][]byte{"token": []byte("newer")}
		r.Doubt([]secret.Ref{token})
		is("new", 2) // it was asked for just now
		time.Sleep(5 * time.Second)
		is("newer", 3)
		time.Sleep(5 * time.Second)
		is("newer", 3)

		s.data, s.err = nil, errors.New("connection refused")
		time.Sleep(time.Hour)
		is("newer", 4)
		time.Sleep(5 * time.Second)
		is("newer", 4)

		s.err = fmt.Errorf("grant it: %w", secret.ErrDenied)
		time.Sleep(time.Minute)
		if value, err := r.Get(token); value != nil || !errors.Is(err, secret.ErrDenied) || !strings.Contains(err.Error(), "grant it") {
			t.Fatalf("after the right was taken away: %q, %v", value, err)
		}
		s.data, s.err = map[string][]byte{"token": []byte("granted")}, nil
		time.Sleep(5 * time.Second)
		is("granted", 6)
	})
}

func TestAKeyThatIsNotThereIsNamed(t *testing.T) {
	for name, data := range map[string]map[string][]byte{
		"no data": nil, "another key": {"x": []byte("y")}, "an empty value": {"token": nil}, "a line feed alone": {"token": []byte("\n")},
	} {
		r := secret.NewRemote((&server{data: data}).fetch)
		if _, err := r.Get(secret.Ref{Name: "siem", Key: "token"}); err == nil || !strings.Contains(err.Error(), "the Secret siem has no key token") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAValueThatIsGivenOutIsTheReceivers(t *testing.T) {
	r, token := secret.NewRemote((&server{data: map[string][]byte{"token": []byte("whole")}}).fetch), secret.Ref{Name: "siem", Key: "token"}
	value, _ := r.Get(token)
	clear(value)
	if again, _ := r.Get(token); string(again) != "whole" {
		t.Errorf("%q", again)
	}
}

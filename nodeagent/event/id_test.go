package event_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

func TestID(t *testing.T) {
	tests := []struct {
		name string
		id   event.ID
		text string
		json string
	}{
		{"the zero value is absent", event.ID{}, "", "null"},
		{"root is not absent", event.NewID(0), "0", "0"},
		{"the largest number is one too", event.NewID(1<<32 - 1), "4294967295", "4294967295"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.id.String(); got != test.text {
				t.Errorf("String = %q, want %q", got, test.text)
			}
			line, err := json.Marshal(test.id)
			if err != nil || string(line) != test.json {
				t.Errorf("json.Marshal = %s, %v, want %s", line, err, test.json)
			}
			back := event.NewID(4711)
			if err := json.Unmarshal(line, &back); err != nil || back != test.id {
				t.Errorf("json.Unmarshal = %v, %v, want %v", back, err, test.id)
			}
			if number, present := test.id.Get(); present == test.id.IsZero() || test.id.Is(number) != present {
				t.Errorf("Get = %d, %v, but IsZero = %v and Is = %v", number, present, test.id.IsZero(), test.id.Is(number))
			}
		})
	}
}

func TestIDRefusesWhatIsNoNumber(t *testing.T) {
	for _, text := range []string{`-1`, `4294967296`, `1.5`, `"0"`, `true`, `{}`} {
		id := event.NewID(4711)
		if err := json.Unmarshal([]byte(text), &id); err == nil {
			t.Errorf("json.Unmarshal(%s) = %v without an error", text, id)
		}
	}
}

func TestAnAbsentIDIsLeftOut(t *testing.T) {
	got, err := json.Marshal(event.User{UID: event.NewID(0)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{"uid":0}`, string(got)); diff != "" {
		t.Errorf("JSON form (-want +got):\n%s", diff)
	}
}

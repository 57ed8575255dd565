package event_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

func TestRecord(t *testing.T) {
	tests := []struct {
		name   string
		record event.Record
		json   string
	}{
		{
			"text stays text, without escapes for HTML",
			event.Record{Type: 1327, TypeName: "PROCTITLE", Data: `audit(1.002:3): a="<&>"`},
			`{"type":"PROCTITLE","data":"audit(1.002:3): a=\"<&>\""}`,
		},
		{
			"text that is not UTF-8 is in Base64",
			event.Record{Type: 1112, TypeName: "USER_LOGIN", Data: "audit(\xff"},
			`{"type":"USER_LOGIN","base64":"YXVkaXQo/w=="}`,
		},
		{
			"the replacement character itself is text",
			event.Record{Type: 1112, TypeName: "USER_LOGIN", Data: "\ufffd"},
			"{\"type\":\"USER_LOGIN\",\"data\":\"\ufffd\"}",
		},
		{
			"control characters are escaped",
			event.Record{Type: 1112, TypeName: "USER_LOGIN", Data: "a\n\x00\x1d\u2028"},
			`{"type":"USER_LOGIN","data":"a\n\u0000\u001d\u2028"}`,
		},
		{"a record without text has its type only", event.Record{Type: 1320, TypeName: "EOE"}, `{"type":"EOE"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := test.record.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.json, string(got)); diff != "" {
				t.Errorf("JSON form (-want +got):\n%s", diff)
			}
			var back event.Record
			if err := json.Unmarshal(got, &back); err != nil {
				t.Fatal(err)
			}
			want := test.record
			want.Type = 0
			if diff := cmp.Diff(want, back); diff != "" {
				t.Errorf("read back (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRecordRefusesWhatItDidNotWrite(t *testing.T) {
	for _, text := range []string{`"SYSCALL"`, `{"type":1300}`, `{"type":"SYSCALL","base64":"*"}`} {
		var record event.Record
		if err := json.Unmarshal([]byte(text), &record); err == nil {
			t.Errorf("json.Unmarshal(%s) = %+v without an error", text, record)
		}
	}
}

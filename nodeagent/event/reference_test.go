package event_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// reference is the form of an event that encoding/json makes of the tags of the structs: what AppendLine must write without reflection.
func reference(t *testing.T, e *event.Event) string {
	t.Helper()
	type tagged event.Event
	return marshal(t, struct {
		Time string `json:"time"`
		*tagged
	}{e.Time.UTC().Format("2006-01-02T15:04:05.000Z07:00"), (*tagged)(e)}) + "\n"
}

// marshal is json.Marshal without the escapes for HTML.
func marshal(t *testing.T, value any) string {
	t.Helper()
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// pieces are what texts are made of here: all that JSON or the encoder treats in a way of its own.
var pieces = []string{
	"", "a", "openat", "/usr/bin/long-name-of-a-program", `"`, `\`, "<&>", "\n", "\t\r\b\f", "\x00", "\x1d", "\x1f", " ", "~", "\x7f", "ä", "\u2028", "\u2029",
	"\ufffd", "😀", "\xff", "\xc3", "\xed\xa0\x80", "\x80",
}

func text(random *rand.Rand) string {
	var b strings.Builder
	for range random.IntN(5) {
		b.WriteString(pieces[random.IntN(len(pieces))])
	}
	return b.String()
}

// fill puts something random into everything that v has, and leaves out what may be absent now and then.
func fill(random *rand.Rand, v reflect.Value) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.UnixMilli(random.Int64N(253402300800000+62167219200000) - 62167219200000)))
		return
	case event.Moment:
		v.SetInt(random.Int64N(253402300800000) * random.Int64N(2))
		return
	case event.ID:
		if random.IntN(3) > 0 {
			v.Set(reflect.ValueOf(event.NewID(random.Uint32() >> random.IntN(32))))
		}
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text(random))
	case reflect.Uint32, reflect.Uint16, reflect.Uint64, reflect.Uint8:
		v.SetUint(uint64(random.Uint32N(4)))
	case reflect.Int64, reflect.Int:
		v.SetInt(int64(random.Uint64()) >> random.IntN(64))
	case reflect.Bool:
		v.SetBool(random.IntN(2) == 0)
	case reflect.Float64:
		v.SetFloat(random.Float64())
	case reflect.Pointer:
		if random.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(random, v.Elem())
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(random, field)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), random.IntN(4), 4))
		for i := range v.Len() {
			fill(random, v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range random.IntN(4) {
			name, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(random, name)
			fill(random, value)
			v.SetMapIndex(name, value)
		}
	default:
		panic("no way to fill a " + v.Kind().String())
	}
}

func TestAppendLineWritesWhatTheTagsOfTheStructsSay(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		e := &event.Event{}
		fill(random, reflect.ValueOf(e).Elem())
		got, err := event.AppendLine(nil, e)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(reference(t, e), string(got)); diff != "" {
			t.Fatalf("the line (-encoding/json +AppendLine):\n%s", diff)
		}
	}
}

func TestTextIsThatOfEncodingJSON(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 50000 {
		data := text(random) + text(random)
		form := struct {
			Type   string `json:"type"`
			Data   string `json:"data,omitempty"`
			Base64 string `json:"base64,omitempty"`
		}{Type: "SYSCALL", Data: data}
		if !utf8.ValidString(data) {
			form.Data, form.Base64 = "", base64.StdEncoding.EncodeToString([]byte(data))
		}
		got, err := event.Record{TypeName: "SYSCALL", Data: data}.MarshalJSON()
		if err != nil || string(got) != marshal(t, form) {
			t.Fatalf("record %q: %s, %v, want %s", data, got, err, marshal(t, form))
		}
		field, err := event.Fields{{Name: data, Value: "x"}, {Name: "y", Value: data}}.MarshalJSON()
		if want := "{" + marshal(t, data) + `:"x","y":` + marshal(t, data) + "}"; err != nil || string(field) != want {
			t.Fatalf("field %q: %s, %v, want %s", data, field, err, want)
		}
	}
}

func TestACloneIsEqualAndSharesNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 500 {
		e, same := &event.Event{}, &event.Event{}
		seed := random.Uint64()
		fill(rand.New(rand.NewPCG(seed, 0)), reflect.ValueOf(e).Elem())
		fill(rand.New(rand.NewPCG(seed, 0)), reflect.ValueOf(same).Elem())
		c := e.Clone()
		if got, want := line(t, c), line(t, e); got != want {
			t.Fatalf("the copy is %s, want %s", got, want)
		}
		overwrite(e)
		if got, want := line(t, c), line(t, same); got != want {
			t.Fatalf("after the original changed, the copy is %s, want %s", got, want)
		}
	}
}

func line(t *testing.T, e *event.Event) string {
	t.Helper()
	b, err := event.AppendLine(nil, e)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// overwrite changes all that the slices and pointers of an event lead to, also behind their ends.
func overwrite(e *event.Event) {
	for _, texts := range [][]string{e.Keys, e.SyscallArgs, e.Args} {
		for i := range texts[:cap(texts)] {
			texts[:cap(texts)][i] = "changed"
		}
	}
	for _, fields := range []event.Fields{e.SyscallArgNames, e.Fields, e.FieldNames} {
		for i := range fields {
			fields[i] = event.Field{Name: "changed"}
		}
	}
	for i := range e.Paths {
		e.Paths[i] = event.Path{Name: "changed"}
	}
	for i := range e.Records {
		e.Records[i] = event.Record{Data: "changed"}
	}
	if e.Exit != nil {
		*e.Exit = 4711
	}
	if e.Socket != nil {
		*e.Socket = event.Socket{Family: "changed"}
	}
}

func BenchmarkAppendLine(b *testing.B) {
	e := full()
	var line []byte
	b.ReportAllocs()
	for b.Loop() {
		line, _ = event.AppendLine(line[:0], e)
	}
	b.SetBytes(int64(len(line)))
}

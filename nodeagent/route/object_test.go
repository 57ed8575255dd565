package route

import (
	"reflect"
	"testing"
	"time"

	"github.com/nodeaudit/nodeaudit/api/expr"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// fill puts something into every field, so that one which an expression knows and the event does not give is found.
func fill(v reflect.Value) {
	switch target := v.Addr().Interface().(type) {
	case *event.ID:
		*target = event.NewID(1)
		return
	case *time.Time:
		*target = time.Unix(1, 0)
		return
	case *event.Record:
		return
	}
	switch v.Kind() { //nolint:exhaustive // events have no others
	case reflect.String:
		v.SetString("x")
	case reflect.Int64:
		v.SetInt(1)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint32:
		v.SetUint(1)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("x"), reflect.ValueOf("x"))
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(field)
		}
	}
}

func TestAnEventGivesEveryFieldThatExpressionsKnow(t *testing.T) {
	var e event.Event
	fill(reflect.ValueOf(&e).Elem())
	objects := map[string]expr.Object{
		"event": object{&e}, "who": who{&e.Who}, "path": file{&e.Paths[0]}, "socket": socket{e.Socket},
		"workload": workload{e.Who.Workload}, "ancestor": ancestor{&e.Who.Ancestors[0]},
	}
	for _, kind := range expr.Types() {
		for _, name := range expr.Fields(kind) {
			switch value := objects[kind].Field(name); value.(type) {
			case nil:
				t.Errorf("%s.%s is not given", kind, name)
			case string, int64, time.Time, bool, []string, []expr.Object, map[string]string, expr.Object:
			default:
				t.Errorf("%s.%s is a %T", kind, name, value)
			}
		}
	}
	for kind, of := range objects {
		if of.Field("colour") != nil {
			t.Errorf("%s has a colour", kind)
		}
	}
}

func TestAnEmptyEventHasNoFields(t *testing.T) {
	e := &event.Event{}
	given := map[string]bool{"time": true, "serial": true, "who": true}
	for _, name := range expr.Fields("event") {
		if value := (object{e}).Field(name); (value != nil) != given[name] {
			t.Errorf("%s is %v", name, value)
		}
	}
}

package expr

import (
	"fmt"
	"reflect"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// Object is an event or a part of it.
type Object interface {
	// Field returns the field of this name, nil where the event does not have it. A text is a string, a number an int64, a list []string or
	// []Object, a map map[string]string, a time a time.Time, a part an Object.
	Field(name string) any
}

// absentNumber is what a number that an event does not have is in expressions, so that a uid that is not there never reads as root. The
// kernel's own word for it, 4294967295, is -1 in 32 bits.
const absentNumber = types.Int(-1)

// activation is the one variable.
type activation struct{ event Object }

// ResolveName is cel.Activation.ResolveName.
func (a activation) ResolveName(name string) (any, bool) {
	if name != variable {
		return nil, false
	}
	return object{a.event, cel.ObjectType(variable)}, true
}

// Parent is cel.Activation.Parent.
func (a activation) Parent() cel.Activation { return nil }

// object is an Object as CEL sees one.
type object struct {
	Object
	kind *cel.Type
}

// none is an Object that the event does not have.
type none struct{}

// Field is Object.Field.
func (none) Field(string) any { return nil }

// ConvertToNative is ref.Val.ConvertToNative.
func (o object) ConvertToNative(to reflect.Type) (any, error) {
	return nil, fmt.Errorf("type %s cannot be turned into %s", o.kind, to)
}

// ConvertToType is ref.Val.ConvertToType.
func (o object) ConvertToType(to ref.Type) ref.Val {
	return types.NewErr("type %s cannot be turned into %s", o.kind, to.TypeName())
}

// Equal is ref.Val.Equal. Parts of events are not compared as a whole.
func (o object) Equal(ref.Val) ref.Val {
	return types.NewErr("compare fields of %s, not the whole", o.kind)
}

// Type is ref.Val.Type.
func (o object) Type() ref.Type { return o.kind }

// Value is ref.Val.Value.
func (o object) Value() any { return o }

// provider knows the types of the event and how to read their fields. Everything else is left to the registry of CEL.
type provider struct {
	*types.Registry
	known map[string]map[string]*types.FieldType
}

func newProvider() (*provider, error) {
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, err
	}
	p := &provider{registry, map[string]map[string]*types.FieldType{}}
	for name, list := range fields {
		p.known[name] = map[string]*types.FieldType{}
		for field, kind := range list {
			p.known[name][field] = fieldType(field, kind)
		}
	}
	return p, nil
}

func fieldType(name string, kind *cel.Type) *types.FieldType {
	read := func(from any) any {
		if o, is := from.(object); is {
			return o.Field(name)
		}
		return nil
	}
	return &types.FieldType{
		Type:    kind,
		IsSet:   func(from any) bool { return read(from) != nil },
		GetFrom: func(from any) (any, error) { return value(read(from), kind), nil },
	}
}

// value puts what an Object returned into the terms of CEL: absent texts, lists and maps are empty, and absent objects have no fields.
func value(v any, kind *cel.Type) any {
	switch v := v.(type) {
	case nil:
		return absent(kind)
	case Object:
		return object{v, kind}
	case []Object:
		list := make([]ref.Val, len(v))
		for i := range v {
			list[i] = object{v[i], kind.Parameters()[0]}
		}
		return list
	default:
		return v
	}
}

func absent(kind *cel.Type) any {
	switch kind.Kind() {
	case types.IntKind:
		return absentNumber
	case types.BoolKind:
		return types.False
	case types.ListKind:
		return []string{}
	case types.MapKind:
		return map[string]string{}
	case types.StructKind:
		return object{none{}, kind}
	case types.TimestampKind:
		return types.Timestamp{}
	default:
		return types.String("")
	}
}

// FindStructType is types.Provider.FindStructType.
func (p *provider) FindStructType(name string) (*types.Type, bool) {
	if _, found := p.known[name]; found {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return p.Registry.FindStructType(name)
}

// FindStructFieldNames is types.Provider.FindStructFieldNames.
func (p *provider) FindStructFieldNames(name string) ([]string, bool) {
	if _, found := p.known[name]; found {
		return Fields(name), true
	}
	return p.Registry.FindStructFieldNames(name)
}

// FindStructFieldType is types.Provider.FindStructFieldType.
func (p *provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	if list, found := p.known[name]; found {
		kind, has := list[field]
		return kind, has
	}
	return p.Registry.FindStructFieldType(name, field)
}

// NewValue is types.Provider.NewValue. Expressions read events and make none.
func (p *provider) NewValue(name string, given map[string]ref.Val) ref.Val {
	if _, found := p.known[name]; found {
		return types.NewErr("an expression cannot make a value of type %s", name)
	}
	return p.Registry.NewValue(name, given)
}

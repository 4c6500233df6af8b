// Package exactjson decodes JSON as a registry does: keys count in their exact case, and
// none twice.
package exactjson

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// encoding/json takes "ID" for "id", and of a key that is there twice the last value.
// A registry does neither: what is decoded into types of the registry goes through
// Decode.

// Decode is json.Unmarshal with keys in their exact case: any other is unknown,
// and ignored. A known key that is there twice is an Fault.
func Decode(body []byte, out any) error {
	body, err := Keys(body, KeysOf(reflect.TypeOf(out)))
	if err != nil {
		return err
	}
	return json.Unmarshal(body, out)
}

// KeySet is the keys that a JSON value may have, and those further down. nil: none are known.
type KeySet struct {
	Fields map[string]field // of a struct; nil for others
	elem   *KeySet          // of a list or a map
	list   bool
}

// field is one of a struct.
type field struct {
	bit  uint64 // another one for each
	keys *KeySet
}

// wrapper is a type with a decoder of its own that decodes into another type.
type wrapper interface{ Wrapped() reflect.Type }

var (
	keySets         sync.Map // *keySet by reflect.Type
	wrapperType     = reflect.TypeFor[wrapper]()
	unmarshalerType = reflect.TypeFor[json.Unmarshaler]()
)

// KeysOf is the keys of a type, which must not hold itself.
func KeysOf(t reflect.Type) *KeySet {
	if s, ok := keySets.Load(t); ok {
		return s.(*KeySet)
	}
	s := newKeySet(t)
	keySets.Store(t, s)
	return s
}

func newKeySet(t reflect.Type) *KeySet {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case reflect.PointerTo(t).Implements(wrapperType):
		return KeysOf(reflect.New(t).Interface().(wrapper).Wrapped())
	case reflect.PointerTo(t).Implements(unmarshalerType):
		return nil
	}
	switch t.Kind() {
	case reflect.Struct:
		s := &KeySet{Fields: make(map[string]field)}
		s.add(t)
		return s
	case reflect.Map:
		return &KeySet{elem: KeysOf(t.Elem())}
	case reflect.Slice:
		if elem := KeysOf(t.Elem()); elem != nil {
			return &KeySet{list: true, elem: elem}
		}
	}
	return nil
}

// add adds the fields of a struct and of those embedded in it.
func (s *KeySet) add(t reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			s.add(f.Type)
			continue
		case !f.IsExported() || name == "-":
			continue
		case name == "":
			name = f.Name
		}
		s.Fields[name] = field{bit: 1 << len(s.Fields), keys: KeysOf(f.Type)}
	}
}

// maxDepth is more than encoding/json takes.
const maxDepth = 10_001

// scope is an object or a list around a place in a JSON text.
type scope struct {
	keys  *KeySet
	list  bool
	items int             // before this one, of a list
	seen  uint64          // the fields, of a struct
	names map[string]bool // the keys, of a map
}

// Keys returns body such that encoding/json finds the fields of s under keys in
// their exact case only: any that it would take for one is blanked, in a copy. The error
// is an Fault. Whether body is JSON is left to decoding.
func Keys(body []byte, s *KeySet) ([]byte, error) {
	if s == nil {
		return body, nil
	}
	var few [8]scope
	around, out := few[:0], body
	next, key := s, false // of the value to come; whether a string would be a key
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '{', '[':
			if len(around) > maxDepth {
				return body, nil // decoding refuses it
			}
			in := scope{list: body[i] == '['}
			if next != nil && next.list == in.list {
				in.keys = next
			}
			around = append(around, in)
			next, key = in.keys.item(), !in.list
		case '}', ']':
			around = around[:max(len(around)-1, 0)]
			next, key = nil, false
		case ',':
			if len(around) == 0 {
				continue
			}
			in := &around[len(around)-1]
			in.items++
			next, key = in.keys.item(), !in.list
		case ':':
			key = false
		case '"':
			size := StringSize(body[i:])
			if key && len(around) > 0 && around[len(around)-1].keys != nil {
				known, blank, err := around[len(around)-1].key(body[i : i+size])
				switch {
				case err != nil && around[0].list:
					return nil, Faultf("item %d: %s", around[0].items, err)
				case err != nil:
					return nil, err
				case blank:
					if &out[0] == &body[0] {
						out = append([]byte(nil), body...)
					}
					for at := i + 1; at < i+size-1; at++ {
						out[at] = '_'
					}
				}
				next = known
			}
			i += size - 1
		}
	}
	return out, nil
}

// item is the keys of the items of a list, or of the values of a map.
func (s *KeySet) item() *KeySet {
	if s == nil {
		return nil
	}
	return s.elem
}

// key notes a key: it returns the keys of its value, and whether encoding/json would
// take it for a field that it is not.
func (in *scope) key(quoted []byte) (value *KeySet, blank bool, err error) {
	raw := quoted[1:max(len(quoted)-1, 1)]
	escaped := false
	for _, b := range raw {
		escaped = escaped || b == '\\'
	}
	if escaped {
		var name string
		if json.Unmarshal(quoted, &name) != nil {
			return nil, false, nil // decoding says so
		}
		raw = []byte(name)
	}
	if in.keys.Fields == nil {
		if in.names[string(raw)] {
			return nil, false, errTwice(string(raw))
		}
		if in.names == nil {
			in.names = make(map[string]bool)
		}
		in.names[string(raw)] = true
		return in.keys.elem, false, nil
	}
	if f, ok := in.keys.Fields[string(raw)]; ok {
		if in.seen&f.bit != 0 {
			return nil, false, errTwice(string(raw))
		}
		in.seen |= f.bit
		return f.keys, false, nil
	}
	if len(raw) > maxKnownKey {
		return nil, false, nil
	}
	for name := range in.keys.Fields {
		if strings.EqualFold(name, string(raw)) {
			return nil, true, nil
		}
	}
	return nil, false, nil
}

// maxKnownKey is longer than any key in another case: a letter has at most three bytes.
const maxKnownKey = 128

func errTwice(name string) error {
	return Faultf("%s is there twice", strconv.Quote(short(name)))
}

// short cuts a name for a message.
func short(name string) string {
	if len(name) <= 100 {
		return name
	}
	return strings.ToValidUTF8(name[:100], "") + "..."
}

// Fault says what is wrong with an answer that can be read.
type Fault string

func (f Fault) Error() string { return string(f) }

func Faultf(format string, args ...any) error { return Fault(fmt.Sprintf(format, args...)) }

// StringSize is the length of the JSON string at the start of text, quotes included.
func StringSize(text []byte) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

// Package exactjson decodes JSON as a Schema Registry does: the case of keys matters, and a key
// that occurs twice is an error.
//
// encoding/json accepts "ID" for "id", and takes the last value of a key that occurs twice.
// [Decode] does neither, for types of package registry.
package exactjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/kavro/kavro/internal/jsontext"
)

// Decode is [json.Unmarshal] with keys in their exact case: a key in another case is unknown, and
// ignored. A known key that occurs twice is a [Fault].
func Decode(body []byte, out any) error {
	body, err := Keys(body, KeysOf(reflect.TypeOf(out)))
	if err != nil {
		return err
	}
	return json.Unmarshal(body, out)
}

// KeySet holds the known keys of a JSON value and of the values within it. nil: it has none.
type KeySet struct {
	Fields map[string]field // of a struct, by name; otherwise nil
	elem   *KeySet          // of the items of a list, or the values of a map
	list   bool
}

// field is a field of a struct.
type field struct {
	bit  uint64 // unique within the struct
	keys *KeySet
}

// wrapper is a type whose UnmarshalJSON decodes into another type.
type wrapper interface{ Wrapped() reflect.Type }

var (
	keySets         sync.Map // *KeySet by reflect.Type
	wrapperType     = reflect.TypeFor[wrapper]()
	unmarshalerType = reflect.TypeFor[json.Unmarshaler]()
)

// KeysOf returns the keys of a type, which must not be recursive.
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

// add adds the fields of a struct and of the structs embedded in it.
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

// maxDepth is the deepest nesting that encoding/json accepts.
const maxDepth = 10_000

// Keys returns body such that encoding/json finds the fields of s under keys in their exact
// case only: a key that matches in another case is overwritten, in a copy of body. The error
// is a [Fault]. A body that is not valid JSON is returned as it is: decoding reports it.
func Keys(body []byte, s *KeySet) ([]byte, error) {
	c := checker{text: jsontext.Text[[]byte]{Src: body}, out: body}
	if s == nil || c.text.Scan(maxDepth) != nil {
		return body, nil
	}
	if err := c.value(0, s); err != nil {
		return nil, err
	}
	return c.out, nil
}

// checker checks the keys of a text. out is the text, or a copy of it with keys overwritten.
type checker struct {
	text jsontext.Text[[]byte]
	out  []byte
	name []byte // an unquoted key, until the next one
}

func (c *checker) value(i int, s *KeySet) error {
	switch kind := c.text.Kind(i); {
	case s == nil:
		return nil
	case kind == jsontext.Array && s.list:
		n := 0
		for item := range c.text.Elements(i) {
			switch err := c.value(item, s.elem); {
			case err != nil && i == 0:
				return Faultf("item %d: %s", n, err)
			case err != nil:
				return err
			}
			n++
		}
	case kind == jsontext.Object && s.Fields != nil:
		return c.fields(i, s)
	case kind == jsontext.Object && !s.list:
		return c.entries(i, s)
	}
	return nil
}

// fields checks the keys of a struct.
func (c *checker) fields(i int, s *KeySet) error {
	var seen uint64
	for key, value := range c.text.Members(i) {
		c.name = c.text.AppendString(c.name[:0], key)
		f, ok := s.Fields[string(c.name)]
		switch {
		case ok && seen&f.bit != 0:
			return errTwice(string(c.name))
		case ok:
			seen |= f.bit
			if err := c.value(value, f.keys); err != nil {
				return err
			}
		case len(c.name) <= maxKnownKey && s.hasFolded(string(c.name)):
			c.overwrite(key)
		}
	}
	return nil
}

// entries checks the keys of a map.
func (c *checker) entries(i int, s *KeySet) error {
	seen := make(map[string]bool)
	for key, value := range c.text.Members(i) {
		name := string(c.text.AppendString(nil, key))
		if seen[name] {
			return errTwice(name)
		}
		seen[name] = true
		if err := c.value(value, s.elem); err != nil {
			return err
		}
	}
	return nil
}

// hasFolded reports whether a field has the name in another case.
func (s *KeySet) hasFolded(name string) bool {
	for field := range s.Fields {
		if strings.EqualFold(field, name) {
			return true
		}
	}
	return false
}

// overwrite replaces a key by underscores.
func (c *checker) overwrite(key int) {
	if &c.out[0] == &c.text.Src[0] {
		c.out = bytes.Clone(c.out)
	}
	t := c.text.Tokens[key]
	for at := t.Start + 1; at < t.End-1; at++ {
		c.out[at] = '_'
	}
}

// maxKnownKey is more than the length of any field's name in another case: a letter has at
// most three bytes.
const maxKnownKey = 128

func errTwice(name string) error {
	return Faultf("%s is there twice", strconv.Quote(short(name)))
}

// short shortens a name for a message.
func short(name string) string {
	if len(name) <= 100 {
		return name
	}
	return strings.ToValidUTF8(name[:100], "") + "..."
}

// Fault is an error in the content of valid JSON.
type Fault string

func (f Fault) Error() string { return string(f) }

func Faultf(format string, args ...any) error { return Fault(fmt.Sprintf(format, args...)) }

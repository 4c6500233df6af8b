package avrort

import (
	"encoding/json"
	"fmt"
)

// What the MarshalJSON and UnmarshalJSON methods of generated types are made of.
// A union other than a nullable type is {"branch": value} there, and null is
// null, as in Avro's own JSON; everything else is what encoding/json makes of it.

// MarshalBranch is the JSON of a union's value: {"branch": v}.
func MarshalBranch(branch string, v any) (json.RawMessage, error) {
	name, err := json.Marshal(branch)
	if err != nil {
		return nil, err
	}
	value, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "{%s:%s}", name, value), nil
}

// UnmarshalBranch is the reverse of [MarshalBranch]: it returns the branch's name,
// and the JSON of its value. Both are empty for null, and for no JSON at all.
func UnmarshalBranch(text []byte) (branch string, value json.RawMessage, err error) {
	if len(text) == 0 {
		return "", nil, nil
	}
	var tagged map[string]json.RawMessage
	if err := json.Unmarshal(text, &tagged); err != nil {
		return "", nil, err
	}
	if tagged == nil {
		return "", nil, nil
	}
	if len(tagged) != 1 {
		return "", nil, fmt.Errorf("avro: a union in JSON is null or an object of one member, this one has %d", len(tagged))
	}
	for branch, value = range tagged {
	}
	return branch, value, nil
}

// UnmarshalValue reads the JSON of a branch's value.
func UnmarshalValue[T any](value json.RawMessage) (T, error) {
	var v T
	err := json.Unmarshal(value, &v)
	return v, err
}

// UnknownBranchError says that JSON names a branch that a union does not have.
// The empty name stands for null.
func UnknownBranchError(branch string) error {
	if branch == "" {
		branch = "null"
	}
	return fmt.Errorf("avro: the union has no branch %q", branch)
}

// MarshalItems is the JSON of an array, given that of its items. nil is null.
func MarshalItems[T any](items []T, marshal func(T) (json.RawMessage, error)) (json.RawMessage, error) {
	if items == nil {
		return json.RawMessage("null"), nil
	}
	texts := make([]json.RawMessage, len(items))
	for i, item := range items {
		var err error
		if texts[i], err = marshal(item); err != nil {
			return nil, err
		}
	}
	return json.Marshal(texts)
}

// UnmarshalItems is the reverse of [MarshalItems].
func UnmarshalItems[T any](text []byte, unmarshal func([]byte) (T, error)) ([]T, error) {
	var texts []json.RawMessage
	if len(text) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(text, &texts); err != nil || texts == nil {
		return nil, err
	}
	items := make([]T, len(texts))
	for i, t := range texts {
		var err error
		if items[i], err = unmarshal(t); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// MarshalEntries is the JSON of a map, given that of its values. nil is null.
func MarshalEntries[T any](m map[string]T, marshal func(T) (json.RawMessage, error)) (json.RawMessage, error) {
	if m == nil {
		return json.RawMessage("null"), nil
	}
	texts := make(map[string]json.RawMessage, len(m))
	for key, v := range m {
		var err error
		if texts[key], err = marshal(v); err != nil {
			return nil, err
		}
	}
	return json.Marshal(texts)
}

// UnmarshalEntries is the reverse of [MarshalEntries].
func UnmarshalEntries[T any](text []byte, unmarshal func([]byte) (T, error)) (map[string]T, error) {
	var texts map[string]json.RawMessage
	if len(text) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(text, &texts); err != nil || texts == nil {
		return nil, err
	}
	m := make(map[string]T, len(texts))
	for key, t := range texts {
		v, err := unmarshal(t)
		if err != nil {
			return nil, err
		}
		m[key] = v
	}
	return m, nil
}

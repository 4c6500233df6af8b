//go:build kavro_poison

package avroconsumer

import (
	"reflect"

	"github.com/kavro/kavro/kafka"
)

// poison is what recycled text, bytes and names are overwritten with.
const poison = "recycled by avroconsumer.WithReuse"

// overwrite overwrites what a handler must not keep of a message: what its key and value refer to, and
// the message. The memory is used again, as without the build tag.
func overwrite[K, V any](m *Message[K, V]) {
	spoil(reflect.ValueOf(&m.Key).Elem(), 0)
	spoil(reflect.ValueOf(&m.Value).Elem(), 0)
	m.Topic, m.Partition, m.Offset = poison, -1, -1
	m.Headers, m.Raw, m.Schema, m.KeySchema = nil, nil, nil, nil
}

// overwriteRecords overwrites records that are about to be used again, and their bytes.
func overwriteRecords(records []*kafka.Record) {
	for _, r := range records {
		fill(r.Key)
		fill(r.Value)
		for i := range r.Headers {
			r.Headers[i].Key = poison
			fill(r.Headers[i].Value)
		}
		r.Topic, r.Partition, r.Offset = poison, -1, -1
	}
}

func fill(b []byte) {
	for i := range b {
		b[i] = poison[i%len(poison)]
	}
}

// maxDepth bounds spoil in values that refer to themselves.
const maxDepth = 16

// spoil overwrites a value in place, as far as it can be set, and what it refers to.
func spoil(v reflect.Value, depth int) {
	if depth > maxDepth {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			spoil(v.Elem(), depth+1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			spoil(v.Field(i), depth+1)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			spoil(v.Index(i), depth+1)
		}
	case reflect.Map:
		if !v.IsNil() {
			v.Clear()
		}
	default:
		spoilScalar(v)
	}
}

func spoilScalar(v reflect.Value) {
	switch {
	case !v.CanSet():
	case v.CanInt():
		v.SetInt(-85)
	case v.CanUint():
		v.SetUint(0x55)
	case v.CanFloat():
		v.SetFloat(-85)
	case v.Kind() == reflect.String:
		v.SetString(poison)
	case v.Kind() == reflect.Bool:
		v.SetBool(!v.Bool())
	}
}

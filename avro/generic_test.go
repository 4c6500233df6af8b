package avro_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Values stay what they are while more data are decoded and the garbage collector
// runs.
func TestGenericValuesStay(t *testing.T) {
	c := newCodec[any](t, `{"type": "array", "items": {"type": "record", "name": "R", "fields": [
		{"name": "i", "type": "int"}, {"name": "l", "type": "long"}, {"name": "f", "type": "float"}, {"name": "d", "type": "double"},
		{"name": "s", "type": "string"}, {"name": "t", "type": {"type": "long", "logicalType": "timestamp-millis"}},
		{"name": "c", "type": {"type": "int", "logicalType": "time-millis"}}, {"name": "n", "type": ["null", "string"]}]}}`)
	list := func(from int) any {
		var items []any
		for i := range 600 {
			v := map[string]any{
				"i": int32(from + i), "l": int64(from+i) << 40, "f": float32(i) / 2, "d": float64(from+i) / 3,
				"s": fmt.Sprint("item ", from+i), "t": time.UnixMilli(int64(from + i)).UTC(), "c": time.Duration(i) * time.Second, "n": nil,
			}
			if i%2 == 0 {
				v["n"] = fmt.Sprint("note ", i)
			}
			items = append(items, v)
		}
		return items
	}
	var got [5]any
	for i := range got {
		v := list(i * 1000)
		require.NoError(t, c.Decode(encode(t, c, v), &got[i]))
		runtime.GC()
	}
	for i := range got {
		require.Equal(t, list(i*1000), got[i])
	}
}

// A number or string in an array of any is one allocation, the array and its text are
// the others.
func TestAllocationsOfGenericArrays(t *testing.T) {
	for item, v := range map[string]any{"long": int64(1 << 40), "int": int32(1 << 20), "double": 0.5, "float": float32(0.5), "string": "text"} {
		items := make([]any, 1000)
		for i := range items {
			items[i] = v
		}
		c := newCodec[any](t, fmt.Sprintf(`{"type": "array", "items": %q}`, item))
		datum := encode[any](t, c, items)
		var out any
		requireAllocs(t, 1004, func() { _ = c.Decode(datum, &out) })
		require.Equal(t, items, out)
	}
}

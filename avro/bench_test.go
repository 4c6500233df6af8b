package avro_test

import (
	"testing"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

func benchmarkAppend[T any](b *testing.B, v T) {
	c, err := avro.NewCodec[T](orderSchema())
	require.NoError(b, err)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		if buf, err = c.Append(buf[:0], &v); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(buf)))
}

func benchmarkDecode[T any](b *testing.B, v T, reuse bool) {
	c, err := avro.NewCodec[T](orderSchema())
	require.NoError(b, err)
	datum, err := c.Append(nil, &v)
	require.NoError(b, err)
	out := new(T)
	b.SetBytes(int64(len(datum)))
	b.ReportAllocs()
	for b.Loop() {
		if !reuse {
			var zero T
			*out = zero
		}
		if err := c.Decode(datum, out); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOrderGeneratedAppend(b *testing.B) { benchmarkAppend(b, genOrder{sampleOrder()}) }
func BenchmarkOrderGeneratedDecode(b *testing.B) { benchmarkDecode(b, genOrder{sampleOrder()}, false) }
func BenchmarkOrderGeneratedDecodeReused(b *testing.B) {
	benchmarkDecode(b, genOrder{sampleOrder()}, true)
}

func BenchmarkOrderStructAppend(b *testing.B)       { benchmarkAppend(b, sampleOrder()) }
func BenchmarkOrderStructDecode(b *testing.B)       { benchmarkDecode(b, sampleOrder(), false) }
func BenchmarkOrderStructDecodeReused(b *testing.B) { benchmarkDecode(b, sampleOrder(), true) }

func genericOrder(b *testing.B) any {
	c, err := avro.NewCodec[Order](orderSchema())
	require.NoError(b, err)
	v := sampleOrder()
	datum, err := c.Append(nil, &v)
	require.NoError(b, err)
	g, err := avro.NewCodec[any](orderSchema())
	require.NoError(b, err)
	var out any
	require.NoError(b, g.Decode(datum, &out))
	return out
}

func BenchmarkOrderGenericAppend(b *testing.B) { benchmarkAppend(b, genericOrder(b)) }
func BenchmarkOrderGenericDecode(b *testing.B) { benchmarkDecode(b, genericOrder(b), false) }

// BenchmarkGenericArrayDecode decodes a thousand numbers or strings as []any.
func BenchmarkGenericArrayDecode(b *testing.B) {
	for item, v := range map[string]any{"long": int64(1 << 40), "double": 0.5, "string": "text"} {
		b.Run(item, func(b *testing.B) {
			c, err := avro.NewCodec[any](schemas.MustParse(`{"type": "array", "items": "` + item + `"}`))
			require.NoError(b, err)
			items := make([]any, 1000)
			for i := range items {
				items[i] = v
			}
			in := any(items)
			datum, err := c.Append(nil, &in)
			require.NoError(b, err)
			var out any
			b.ReportAllocs()
			for b.Loop() {
				if err := c.Decode(datum, &out); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// benchmarkUnion has a hundred values of a branch, a struct and no pointer, in
// interfaces.
func benchmarkUnion(b *testing.B) (c *avro.Codec[[]Method], v []Method, datum []byte) {
	c, err := avro.NewCodec[[]Method](schemas.MustParse(`{"type": "array", "items": ["null", {"type": "record", "name": "Cash", "fields": [{"name": "given", "type": "long"}]}]}`),
		avro.WithUnionTypes(avro.UnionType[Cash]("Cash")))
	require.NoError(b, err)
	for i := range 100 {
		v = append(v, Cash{int64(i)})
	}
	datum, err = c.Append(nil, &v)
	require.NoError(b, err)
	b.ReportAllocs()
	return c, v, datum
}

func BenchmarkUnionAppend(b *testing.B) {
	c, v, buf := benchmarkUnion(b)
	for b.Loop() {
		_, _ = c.Append(buf[:0], &v)
	}
}

func BenchmarkUnionDecode(b *testing.B) {
	c, v, datum := benchmarkUnion(b)
	for b.Loop() {
		_ = c.Decode(datum, &v)
	}
}

// BenchmarkOrderJSONAppendDatum reads the JSON of an order.
func BenchmarkOrderJSONAppendDatum(b *testing.B) {
	c, err := avro.NewCodec[Order](orderSchema())
	require.NoError(b, err)
	v := sampleOrder()
	datum, err := c.Append(nil, &v)
	require.NoError(b, err)
	j, err := avro.NewJSON(orderSchema())
	require.NoError(b, err)
	text, err := j.Append(nil, datum)
	require.NoError(b, err)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if datum, err = j.AppendDatum(datum[:0], text); err != nil {
			b.Fatal(err)
		}
	}
}

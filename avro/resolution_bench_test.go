package avro_test

import (
	"strings"
	"testing"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

// orderWriters are schemas that orders were written with, by how Order, the
// reader, differs from them.
var orderWriters = []struct{ name, text string }{
	{"identical", strings.Replace(orderText, `"name": "customer_id", "type": "long"`, `"name": "customer_id", "type": "int"`, 1)},
	{"added", strings.Replace(orderText, `{"name": "currency", "type": "string"},`, ``, 1)},
	{"removed", strings.Replace(orderText, `{"name": "tags"`, `{"name": "region", "type": "string"}, {"name": "tags"`, 1)},
	{"promoted", strings.Replace(orderText, `"name": "total", "type": "double"`, `"name": "total", "type": "float"`, 1)},
	{"reordered", strings.Replace(strings.Replace(orderText, `{"name": "id", "type": "string"},`, ``, 1), `{"name": "express"`, `{"name": "id", "type": "string"}, {"name": "express"`, 1)},
	{"lines changed", strings.Replace(orderText, `{"name": "qty", "type": "int"},`, `{"name": "qty", "type": "int"}, {"name": "gift", "type": "boolean"},`, 1)},
}

// writtenOrder is an order as some other schema has it: what Order lacks is
// filled with an empty value.
func writtenOrder(t testing.TB, text string) (*schemas.Schema, []byte) {
	writer := schemas.MustParse(text)
	c, err := avro.NewCodec[Order](orderSchema())
	require.NoError(t, err)
	o := sampleOrder()
	datum, err := c.Append(nil, &o)
	require.NoError(t, err)
	for _, f := range []string{`{"name": "region", "type": "string"`, `{"name": "gift", "type": "boolean"`} {
		def := map[bool]string{true: `, "default": "EU"}`, false: `, "default": true}`}[strings.Contains(f, "region")]
		text = strings.Replace(text, f+"}", f+def, 1)
	}
	text = strings.Replace(text, `"name": "total", "type": "float"`, `"name": "total", "type": "double"`, 1)
	text = strings.Replace(text, `"name": "customer_id", "type": "int"`, `"name": "customer_id", "type": "long"`, 1)
	r, err := avro.NewResolution(orderSchema(), schemas.MustParse(text))
	require.NoError(t, err)
	datum, err = r.Append(nil, datum)
	require.NoError(t, err)
	if strings.Contains(writer.String(), `"float"`) { // Order is no reader of it the other way round
		datum = narrowTotal(t, writer, datum)
	}
	return writer, datum
}

// narrowTotal writes the total, 8 bytes behind the status, as a float.
func narrowTotal(t testing.TB, writer *schemas.Schema, datum []byte) []byte {
	j, err := avro.NewJSON(orderSchema())
	require.NoError(t, err)
	text, err := j.Append(nil, datum)
	require.NoError(t, err)
	j, err = avro.NewJSON(writer)
	require.NoError(t, err)
	datum, err = j.AppendDatum(nil, text)
	require.NoError(t, err)
	return datum
}

func orderReader(t testing.TB) *schemas.Schema {
	return schemas.MustParse(strings.Replace(orderText, `{"name": "currency", "type": "string"}`, `{"name": "currency", "type": "string", "default": "EUR"}`, 1))
}

func BenchmarkResolution(b *testing.B) {
	for _, w := range orderWriters {
		b.Run(w.name, func(b *testing.B) {
			writer, datum := writtenOrder(b, w.text)
			r, err := avro.NewResolution(writer, orderReader(b))
			require.NoError(b, err)
			dst, err := r.Append(nil, datum)
			require.NoError(b, err)
			b.SetBytes(int64(len(datum)))
			b.ReportAllocs()
			for b.Loop() {
				if dst, err = r.Append(dst[:0], datum); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What evolution costs: decoding what the same schema wrote, and what others did.
func BenchmarkDecodeEvolved(b *testing.B) {
	benchmarkEvolved[genOrder](b, "generated")
	benchmarkEvolved[Order](b, "struct")
}

func benchmarkEvolved[T any](b *testing.B, name string) {
	reader := orderReader(b)
	c, err := avro.NewCodec[T](reader)
	require.NoError(b, err)
	for _, w := range append([]struct{ name, text string }{{"same", orderText}}, orderWriters...) {
		b.Run(name+"/"+w.name, func(b *testing.B) {
			writer, datum := writtenOrder(b, w.text)
			r, err := avro.NewResolution(writer, reader)
			require.NoError(b, err)
			var scratch []byte
			var v T
			b.ReportAllocs()
			for b.Loop() {
				var zero T
				v = zero
				in := datum
				if !r.Identical() {
					if scratch, err = r.AppendUnchecked(scratch[:0], datum); err != nil {
						b.Fatal(err)
					}
					in = scratch
				}
				if err := c.Decode(in, &v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkNewResolution(b *testing.B) {
	reader := orderReader(b)
	for _, w := range orderWriters {
		b.Run(w.name, func(b *testing.B) {
			writer := schemas.MustParse(w.text)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := avro.NewResolution(writer, reader); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

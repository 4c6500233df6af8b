package serde_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

// known is a registry that has everything at hand, as a client's cache does.
type known struct {
	serde.SchemaSource
	schemas []*registry.SubjectSchema
}

func (k known) SchemaByID(_ context.Context, _ string, id int) (*registry.SubjectSchema, error) {
	return k.schemas[id-1], nil
}

// Reading n schema ids in turn: what each costs on first sight and from then on.
func BenchmarkSchemaIDs(b *testing.B) {
	for _, n := range []int{1, 1_000, 10_000, 20_000} {
		var r known
		payloads := make([][]byte, n)
		for i := range payloads {
			s := schemas.MustParse(fmt.Sprintf(`{"type":"record","name":"R","fields":[{"name":"a","type":"long"},{"name":"f%d","type":"int"}]}`, i))
			r.schemas = append(r.schemas, &registry.SubjectSchema{ID: i + 1, Schema: s})
			payloads[i] = append(serde.AppendFrame(nil, i+1), 2, 2)
		}
		own := schemas.MustParse(`{"type":"record","name":"R","fields":[{"name":"a","type":"long"}]}`)
		read := func(d serde.Deserializer[map[string]any]) {
			var v map[string]any
			to := target()
			for _, p := range payloads {
				if err := d.Decode(b.Context(), p, to, &v); err != nil {
					b.Fatal(err)
				}
			}
		}
		make := func() serde.Deserializer[map[string]any] {
			d, err := serde.NewAvroDeserializer[map[string]any](r, serde.WithSchema(own))
			if err != nil {
				b.Fatal(err)
			}
			return d
		}
		per := func(b *testing.B) {
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/record")
		}
		b.Run(fmt.Sprintf("first/%d", n), func(b *testing.B) {
			for b.Loop() {
				read(make())
			}
			per(b)
		})
		b.Run(fmt.Sprintf("warm/%d", n), func(b *testing.B) {
			d := make()
			read(d)
			for b.Loop() {
				read(d)
			}
			per(b)
		})
	}
}

// A schema that is parsed again for each record: parsing aside, it costs what one
// that is kept costs.
func BenchmarkGeneric(b *testing.B) {
	r := memory.New()
	value := map[string]any{"id": "a", "total": int64(1)}
	for _, c := range []struct {
		name  string
		parse bool
	}{{"kept", false}, {"parsed", true}} {
		b.Run(c.name, func(b *testing.B) {
			s, err := serde.NewAvroSerializer[serde.Generic](r)
			if err != nil {
				b.Fatal(err)
			}
			g, to, buf := serde.Generic{Schema: orderV1, Value: value}, target(), []byte(nil)
			b.ReportAllocs()
			for b.Loop() {
				if c.parse {
					b.StopTimer()
					g.Schema = schemas.MustParse(orderV1.String())
					b.StartTimer()
				}
				if buf, err = s.Append(b.Context(), buf[:0], to, &g); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

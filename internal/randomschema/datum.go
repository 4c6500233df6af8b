package randomschema

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/kavro/kavro/internal/wire"
	"github.com/kavro/kavro/schemas"
)

// Datum appends a random value of type n to dst, in Avro binary encoding. Arrays and maps have up
// to two blocks, with or without a size in bytes. ok is false if the value exceeds depth.
func Datum(r *rand.Rand, dst []byte, n *schemas.Node, depth int) (_ []byte, ok bool) {
	if depth < 0 {
		return dst, false
	}
	switch n.Type() {
	case schemas.Null:
	case schemas.Boolean:
		dst = wire.AppendBool(dst, r.IntN(2) == 0)
	case schemas.Int:
		dst = wire.AppendLong(dst, int64(int32(r.Uint32())>>r.IntN(32)))
	case schemas.Long:
		dst = wire.AppendLong(dst, int64(r.Uint64())>>r.IntN(64))
	case schemas.Float:
		dst = wire.AppendFloat(dst, OneOf(r, []float32{0, 1.5, -7, 1e30, float32(math.Inf(-1)), float32(math.NaN()), 0.1}))
	case schemas.Double:
		dst = wire.AppendDouble(dst, OneOf(r, []float64{0, 1.5, -7, 1e300, math.Inf(1), math.NaN(), 0.1}))
	case schemas.Bytes, schemas.String:
		dst = wire.AppendString(dst, OneOf(r, []string{"", "a", "\u00e9", "bcd \"\\\n", "\u20ac\U0001f600"}))
	case schemas.Fixed:
		for range n.Size() {
			dst = append(dst, byte(r.Uint32()))
		}
	case schemas.Enum:
		dst = wire.AppendLong(dst, int64(r.IntN(len(n.Symbols()))))
	case schemas.Record:
		for _, f := range n.Fields() {
			if dst, ok = Datum(r, dst, f.Type(), depth-1); !ok {
				return dst, false
			}
		}
	case schemas.Union:
		for range 2 {
			i := r.IntN(len(n.Branches()))
			if out, ok := Datum(r, wire.AppendLong(dst, int64(i)), n.Branches()[i], depth-1); ok {
				return out, true
			}
		}
		return dst, false
	case schemas.Array, schemas.Map:
		key := 0
		for range r.IntN(3) {
			var block []byte
			count := 1 + r.IntN(3)
			for range count {
				if n.Type() == schemas.Map {
					block = wire.AppendString(block, fmt.Sprint("key", key))
					key++
				}
				if block, ok = Datum(r, block, n.Items(), depth-2); !ok {
					return append(dst, 0), true
				}
			}
			if r.IntN(2) == 0 {
				dst = wire.AppendLong(wire.AppendLong(dst, int64(-count)), int64(len(block)))
			} else {
				dst = wire.AppendLong(dst, int64(count))
			}
			dst = append(dst, block...)
		}
		dst = append(dst, 0)
	}
	return dst, true
}

// Pair returns a writer's schema, a reader's schema, and a datum of the writer's schema.
// ok is false for some seeds.
func Pair(seed uint64) (writer, reader *schemas.Schema, datum []byte, ok bool) {
	r := rand.New(rand.NewPCG(seed, 1))
	g := New(r)
	s := g.Schema()
	writer, err := s.Parse()
	if err != nil {
		return nil, nil, nil, false
	}
	if reader, err = g.Evolve(s).Parse(); err != nil {
		return nil, nil, nil, false
	}
	datum, ok = Datum(r, nil, writer.Root(), 12)
	return writer, reader, datum, ok
}

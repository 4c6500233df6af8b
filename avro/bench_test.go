package avro_test

import (
	"testing"

	"github.com/kavro/kavro/avro"
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

package serde_test

import (
	"strings"
	"testing"

	"github.com/kavro/kavro/serde"
	"github.com/stretchr/testify/require"
)

type (
	orderID  string
	raw      []byte
	isPaid   bool
	level    int16
	quantity int32
	millis   int64
	ratio    float32
	price    float64
	session  [16]byte
)

// The bytes are those of org.apache.kafka.common.serialization.
func TestPlain(t *testing.T) {
	id := [16]byte{0xf8, 0x1d, 0x4f, 0xae, 0x7d, 0xec, 0x11, 0xd0, 0xa7, 0x65, 0x00, 0xa0, 0xc9, 0x1e, 0x6b, 0xf6}
	const idText = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"

	roundTrip(t, "gr\u00fcn", "gr\xc3\xbcn")
	roundTrip(t, "", "")
	roundTrip(t, orderID("o-1"), "o-1")
	roundTrip(t, []byte{0, 0xff}, "\x00\xff")
	roundTrip(t, raw{0, 0xff}, "\x00\xff")
	roundTrip(t, true, "\x01")
	roundTrip(t, isPaid(false), "\x00")
	roundTrip(t, int16(-2), "\xff\xfe")
	roundTrip(t, level(258), "\x01\x02")
	roundTrip(t, int32(-2), "\xff\xff\xff\xfe")
	roundTrip(t, quantity(258), "\x00\x00\x01\x02")
	roundTrip(t, int64(-2), "\xff\xff\xff\xff\xff\xff\xff\xfe")
	roundTrip(t, millis(258), "\x00\x00\x00\x00\x00\x00\x01\x02")
	roundTrip(t, float32(1), "\x3f\x80\x00\x00")
	roundTrip(t, ratio(1), "\x3f\x80\x00\x00")
	roundTrip(t, float64(1), "\x3f\xf0\x00\x00\x00\x00\x00\x00")
	roundTrip(t, price(1), "\x3f\xf0\x00\x00\x00\x00\x00\x00")
	roundTrip(t, id, idText)
	roundTrip(t, session(id), idText)
}

func plainFor[T any](t testing.TB) serde.Plain[T] {
	p, err := serde.PlainFor[T]()
	require.NoError(t, err)
	require.NotNil(t, p)
	return p
}

func roundTrip[T any](t *testing.T, v T, want string) {
	p := plainFor[T](t)
	to := target()
	out, err := p.Append(t.Context(), []byte("before"), to, &v)
	require.NoError(t, err, "%T", v)
	require.Equal(t, "before"+want, string(out), "%T", v)
	require.False(t, to.Null)
	var got T
	require.NoError(t, p.Decode(t.Context(), []byte(want), target(), &got), "%T", v)
	require.Equal(t, v, got)
}

func TestPlainForOthers(t *testing.T) {
	requireNone[Order](t)
	requireNone[*Order](t)
	requireNone[any](t)
	requireNone[map[string]any](t)
	requireNone[[]string](t)
	requireNone[serde.Generic](t)
	requireNone[[20]byte](t)

	requireRefused[int](t, "serde: int has no plain form in Kafka: use int64 or int32, or write it as Avro, with a schema")
	requireRefused[uint64](t, "use int64 or int32")
	requireRefused[uint16](t, "use int32")
	requireRefused[byte](t, "use int16")
	requireRefused[complex64](t, "use []byte")

	to := target()
	out, err := plainFor[serde.NoKey](t).Append(t.Context(), nil, to, &serde.NoKey{})
	require.NoError(t, err)
	require.Empty(t, out)
	require.True(t, to.Null)
}

func requireNone[T any](t *testing.T) {
	p, err := serde.PlainFor[T]()
	require.NoError(t, err)
	require.Nil(t, p)
}

func requireRefused[T any](t *testing.T, want string) {
	p, err := serde.PlainFor[T]()
	require.ErrorContains(t, err, want)
	require.Nil(t, p)
}

// What is no plain text is neither read nor written.
func TestPlainTextOnly(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"a frame":         {"\x00\x00\x00\x00\x29\x06ada", "it begins with 0x00, as framed Avro does"},
		"not UTF-8":       {"gr\xfcn", "it is not UTF-8"},
		"a frame, named":  {"\x00", "it begins with 0x00, as framed Avro does"},
		"cut within UTF8": {"gr\xc3", "it is not UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			const avro = "; for Avro set value.deserializer=avro or give a schema (WithSchema), for any bytes use []byte"
			v := orderID("old")
			err := plainFor[orderID](t).Decode(t.Context(), []byte(c.text), target(), &v)
			var frame *serde.FrameError
			require.ErrorAs(t, err, &frame)
			require.Equal(t, len(c.text), frame.Size)
			require.ErrorContains(t, err, "orders value: not plain text (")
			require.ErrorContains(t, err, c.want+avro)
			require.Empty(t, v)

			s := c.text
			out, err := serde.String.Append(t.Context(), []byte("before"), target(), &s)
			var encode *serde.EncodeError
			require.ErrorAs(t, err, &encode)
			require.EqualError(t, err, "orders value: not plain text: "+c.want+strings.Replace(avro, "deserializer", "serializer", 1))
			require.Equal(t, "before", string(out))
		})
	}
}

func TestPlainDecodeErrors(t *testing.T) {
	var b bool
	require.EqualError(t, serde.Bool.Decode(t.Context(), []byte{2}, target(), &b), "orders value: byte 0x02, want 0x00 or 0x01")
	require.EqualError(t, serde.Bool.Decode(t.Context(), []byte{1, 1}, target(), &b), "orders value: 2 bytes, want 1")
	var n millis
	require.EqualError(t, plainFor[millis](t).Decode(t.Context(), []byte{1, 1}, target(), &n), "orders value: 2 bytes, want 8")
	var id session
	require.EqualError(t, plainFor[session](t).Decode(t.Context(), []byte{1}, target(), &id), "orders value: 1 byte, want 36")
}

// A declared type costs no allocation more than the type that it is declared as.
func TestPlainAllocations(t *testing.T) {
	p, to, buf, text, v := plainFor[orderID](t), target(), make([]byte, 0, 64), []byte("o-1"), orderID("o-1")
	require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = p.Append(t.Context(), buf, to, &v) }))
	n, to64 := plainFor[millis](t), millis(7)
	eight := make([]byte, 8)
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = n.Decode(t.Context(), eight, to, &to64) }))
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { _ = p.Decode(t.Context(), text, to, &v) }), 1.0)
}

// Bytes are read without a copy, but what is appended to them goes elsewhere.
func TestBytesAreThePayload(t *testing.T) {
	record := []byte("key,value")
	payload := record[:3]
	var v []byte
	require.NoError(t, serde.Bytes.Decode(t.Context(), payload, target(), &v))
	require.Same(t, &record[0], &v[0])
	_ = append(v, '!')
	require.Equal(t, "key,value", string(record))

	var declared raw
	require.NoError(t, plainFor[raw](t).Decode(t.Context(), payload, target(), &declared))
	require.Same(t, &record[0], &declared[0])
	require.Equal(t, 3, cap(declared))

	require.NoError(t, serde.Bytes.Decode(t.Context(), []byte{}, target(), &v))
	require.Equal(t, []byte{}, v, "empty is not null")
	null := target()
	null.Null = true
	require.NoError(t, serde.Bytes.Decode(t.Context(), nil, null, &v))
	require.Nil(t, v)

	from := target()
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = serde.Bytes.Decode(t.Context(), payload, from, &v) }))
}

func BenchmarkPlain(b *testing.B) {
	benchmarkPlain(b, "int64", int64(7))
	benchmarkPlain(b, "declared int64", millis(7))
}

func benchmarkPlain[T any](b *testing.B, name string, v T) {
	b.Run(name, func(b *testing.B) {
		p, to, buf := plainFor[T](b), target(), make([]byte, 0, 64)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := p.Append(b.Context(), buf, to, &v); err != nil {
				b.Fatal(err)
			}
		}
	})
}

package order_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/gen/internal/order"
	"github.com/stretchr/testify/require"
)

func sample() *order.Order {
	return &order.Order{
		ID:         "0b8a5b2e-4f3c-4c7e-9d53-6c1f1a2b3c4d",
		CustomerID: 1234567,
		PlacedAt:   time.UnixMilli(1700000000123).UTC(),
		Status:     order.StatusPaid,
		Total:      129.95,
		Currency:   "EUR",
		Note:       new("leave at the porch"),
		Lines: []order.Line{
			{SKU: "SKU-1001", Qty: 1, Price: 99.95},
			{SKU: "SKU-2002", Qty: 2, Price: 10},
			{SKU: "SKU-3003", Qty: 5, Price: 2},
		},
		Tags:    map[string]string{"channel": "web", "campaign": "fall"},
		Express: true,
	}
}

func codec(tb testing.TB) *avro.Codec[order.Order] {
	c, err := avro.NewCodec[order.Order](new(order.Order).AvroSchema())
	require.NoError(tb, err)
	return c
}

func datum(tb testing.TB) []byte {
	out, err := codec(tb).Append(nil, sample())
	require.NoError(tb, err)
	return out
}

func TestRoundTrip(t *testing.T) {
	var v order.Order
	require.NoError(t, codec(t).Decode(datum(t), &v))
	require.Equal(t, sample(), &v)
}

func TestAppendDoesNotAllocate(t *testing.T) {
	c, v, buf := codec(t), sample(), make([]byte, 0, 512)
	require.Zero(t, testing.AllocsPerRun(100, func() { buf, _ = c.Append(buf[:0], v) }))
}

// However large the values are and little memory there is, they are appended.
func TestAppendGrowsEnough(t *testing.T) {
	c := codec(t)
	for _, size := range []int{0, 1, 63, 64, 8192} {
		text := strings.Repeat("x", size)
		v := &order.Order{
			ID: text, CustomerID: math.MinInt64, PlacedAt: time.UnixMilli(math.MinInt64).UTC(), Status: order.StatusCancelled, Total: math.Inf(1), Currency: text, Note: &text,
			Lines: []order.Line{{SKU: text, Qty: math.MinInt32}, {SKU: text, Qty: math.MaxInt32}}, Tags: map[string]string{text: text}, Express: true,
		}
		want, err := c.Append(nil, v)
		require.NoError(t, err)
		var back order.Order
		require.NoError(t, c.Decode(want, &back))
		require.Equal(t, v, &back)
		for capacity := range min(len(want)+100, 500) {
			dst := append(make([]byte, 0, capacity+2), "ab"...)
			got, err := c.Append(dst, v)
			require.NoError(t, err)
			require.Equal(t, "ab", string(got[:2]))
			require.Equal(t, want, got[2:])
		}
	}
}

// Text, note, lines, and two for the map: strings share the first.
func TestDecodeAllocates(t *testing.T) {
	c, b, v := codec(t), datum(t), new(order.Order)
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		*v = order.Order{}
		_ = c.Decode(b, v)
	}), 5.0)
}

// What is read over the same value again costs the text of its map at most.
func TestDecodeReusedAllocates(t *testing.T) {
	c, b, v := codec(t), datum(t), new(order.Order)
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { _ = c.Decode(b, v) }), 1.0)
	v.Tags = nil
	noTags, err := c.Append(nil, func() *order.Order { o := sample(); o.Tags = nil; return o }())
	require.NoError(t, err)
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = c.Decode(noTags, v) }))
}

func BenchmarkOrderAppend(b *testing.B) {
	c, v := codec(b), sample()
	var buf []byte
	var err error
	b.ReportAllocs()
	for b.Loop() {
		if buf, err = c.Append(buf[:0], v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOrderDecode(b *testing.B) {
	c, d, v := codec(b), datum(b), new(order.Order)
	b.ReportAllocs()
	for b.Loop() {
		*v = order.Order{}
		if err := c.Decode(d, v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOrderDecodeReused(b *testing.B) {
	c, d, v := codec(b), datum(b), new(order.Order)
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Decode(d, v); err != nil {
			b.Fatal(err)
		}
	}
}

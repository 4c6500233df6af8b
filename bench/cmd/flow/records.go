package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/kavro/kavro/bench/generated"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/serde"
)

// records are what a measurement transfers: equal ones would flatter whoever reuses values or compresses. They
// repeat after a while, and are the same in every process.
type records struct {
	keys   [][]byte
	orders []generated.Order
	values [][]byte // the orders, framed, or bytes of settings.Size
}

const (
	distinctKeys   = 1 << 14 // enough for 1,000 partitions
	distinctOrders = 1 << 10
)

func newRecords(s settings) (*records, error) {
	r := rand.New(rand.NewPCG(1, 2))
	all := &records{}
	for range distinctKeys {
		all.keys = append(all.keys, []byte(uuid(r)))
	}
	writer, err := serde.NewAvroSerializer[generated.Order](memory.New())
	if err != nil {
		return nil, err
	}
	for range distinctOrders {
		order := randomOrder(r)
		framed, err := writer.Append(context.Background(), nil, &serde.Target{Topic: "orders", Part: serde.Value}, &order)
		if err != nil {
			return nil, err
		}
		all.orders, all.values = append(all.orders, order), append(all.values, framed)
	}
	if s.Size == 0 {
		return all, nil
	}
	all.values = all.values[:min(max(16, 4<<20/s.Size), distinctOrders)]
	for v := range all.values {
		all.values[v] = make([]byte, s.Size)
		for i := range all.values[v] {
			all.values[v][i] = byte(r.Uint32())
		}
	}
	return all, nil
}

func (r *records) key(i int) []byte             { return r.keys[i%len(r.keys)] }
func (r *records) value(i int) []byte           { return r.values[i%len(r.values)] }
func (r *records) order(i int) *generated.Order { return &r.orders[i%len(r.orders)] }

func uuid(r *rand.Rand) string {
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", r.Uint32(), r.Uint32()>>16, r.Uint32()>>16, r.Uint32()>>16, r.Uint64()>>16)
}

// randomOrder makes an order of about 150 bytes.
func randomOrder(r *rand.Rand) generated.Order {
	order := generated.Order{
		ID: uuid(r), CustomerID: r.Int64N(100_000_000), PlacedAt: time.UnixMilli(1_790_000_000_000 + r.Int64N(1_000_000_000)).UTC(),
		Status: generated.Status(r.IntN(4)), Currency: one(r, "EUR", "CHF", "USD", "GBP"), Tags: map[string]string{}, Express: r.IntN(4) == 0,
	}
	if r.IntN(2) == 0 {
		note := strings.Repeat(one(r, "leave it with the neighbours ", "ring twice ", "call before delivery "), 1+r.IntN(2))
		order.Note = &note
	}
	for range 1 + r.IntN(4) {
		line := generated.Line{SKU: fmt.Sprintf("%s-%04d", one(r, "BK", "CD", "AB-XL"), r.IntN(10_000)), Qty: 1 + r.Int32N(5), Price: float64(r.IntN(20_000)) / 100}
		order.Lines, order.Total = append(order.Lines, line), order.Total+float64(line.Qty)*line.Price
	}
	for range r.IntN(4) {
		order.Tags[one(r, "channel", "campaign", "ab", "locale", "partner")] = one(r, "web", "app", "autumn", "b", "de-CH")
	}
	return order
}

func one(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }

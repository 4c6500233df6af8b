package bench

import (
	"embed"
	"fmt"
	"strings"
	"time"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/bench/generated"
	"github.com/kavro/kavro/schemas"
)

//go:embed shapes/*.avsc
var shapeFiles embed.FS

// schemaText returns one of the schemas in folder shapes, from which the
// generated types come as well.
func schemaText(name string) string {
	text := must(shapeFiles.ReadFile("shapes/" + name + ".avsc"))
	return strings.TrimSpace(string(text))
}

var orderText = schemaText("order")

// Entries returns everything that is compared, in the order of the table.
func Entries() []Entry {
	var out []Entry
	for _, entries := range []func() []Entry{order, Serializers, Goroutines, Start, event, flat, nested, array, text, table, logical, union} {
		out = append(out, entries()...)
	}
	return out
}

// Line is one line of an order.
type Line struct {
	SKU   string  `avro:"sku"`
	Qty   int32   `avro:"qty"`
	Price float64 `avro:"price"`
}

// Order is the record that most figures are about, of some 150 bytes.
type Order struct {
	ID         string            `avro:"id"`
	CustomerID int64             `avro:"customer_id"`
	PlacedAt   time.Time         `avro:"placed_at"`
	Status     string            `avro:"status"`
	Total      float64           `avro:"total"`
	Currency   string            `avro:"currency"`
	Note       *string           `avro:"note"`
	Lines      []Line            `avro:"lines"`
	Tags       map[string]string `avro:"tags"`
	Express    bool              `avro:"express"`
}

var (
	orderTime = time.UnixMilli(1_790_000_000_000).UTC()
	orderNote = "leave at the porch"
)

func sampleOrder() Order {
	return Order{
		ID: "0e2f7a3c-9b51-4f0e-8a77-2f6b1c9d4e10", CustomerID: 4_200_042, PlacedAt: orderTime,
		Status: "PAID", Total: 129.85, Currency: "EUR", Note: &orderNote,
		Lines:   []Line{{"BK-1042", 1, 39.95}, {"BK-2077", 2, 29.95}, {"CD-0007", 3, 10}},
		Tags:    map[string]string{"channel": "web", "ab": "b"},
		Express: true,
	}
}

func genericOrder() map[string]any {
	line := func(sku string, qty int32, price float64) any {
		return map[string]any{"sku": sku, "qty": qty, "price": price}
	}
	return map[string]any{
		"id": "0e2f7a3c-9b51-4f0e-8a77-2f6b1c9d4e10", "customer_id": int64(4_200_042), "placed_at": orderTime,
		"status": "PAID", "total": 129.85, "currency": "EUR", "note": orderNote,
		"lines":   []any{line("BK-1042", 1, 39.95), line("BK-2077", 2, 29.95), line("CD-0007", 3, 10)},
		"tags":    map[string]any{"channel": "web", "ab": "b"},
		"express": true,
	}
}

func order() []Entry {
	native := genericOrder()
	native["note"] = map[string]any{"string": orderNote}
	without := func(field string) map[string]any {
		m := genericOrder()
		delete(m, field)
		return m
	}
	added := genericOrder()
	added["extra"] = "old news"
	wide := genericOrder()
	wide["lines"] = []any{
		map[string]any{"sku": "BK-1042", "qty": int32(1), "price": float32(39.5)},
		map[string]any{"sku": "BK-2077", "qty": int32(2), "price": float32(29.5)},
		map[string]any{"sku": "CD-0007", "qty": int32(3), "price": float32(10)}}
	wide["customer_id"] = int32(4_200_042)
	promoted := sampleOrder()
	promoted.Lines = []Line{{"BK-1042", 1, 39.5}, {"BK-2077", 2, 29.5}, {"CD-0007", 3, 10}}
	calm := sampleOrder()
	calm.Express = false
	const (
		express = `{"name":"express","type":"boolean","default":false}`
		id      = `{"name":"id","type":"string"},`
	)
	entries := shape[Order]{
		name: "Order", text: orderText, more: generatedAs[Order, generated.Order], value: sampleOrder(), generic: genericOrder(), native: native,
		writers: []evolution{
			{"added field with default", strings.Replace(orderText, ","+express, "", 1), without("express"), calm},
			{"removed field", strings.Replace(orderText, id, id+`{"name":"extra","type":"string"},`, 1), added, nil},
			{"int to long, float to double", strings.NewReplacer(`"customer_id","type":"long"`, `"customer_id","type":"int"`, `"price","type":"double"`, `"price","type":"float"`).Replace(orderText), wide, promoted},
			{"reordered fields", strings.NewReplacer(id, "", express, express+","+strings.TrimSuffix(id, ",")).Replace(orderText), genericOrder(), nil},
		},
	}.entries()
	return append(append(entries, orderByHand(), orderReadByHand(), orderObjects()), orderParts()...)
}

// orderObjects is what no decoder of an Order can do without: the memory of the
// value, its text, its note, its lines and its map, filled with data at hand.
func orderObjects() Entry {
	sample := GeneratedOrder()
	text := []byte("0e2f7a3c-9b51-4f0e-8a77-2f6b1c9d4e10 and EUR leave at the porch BK-1042 BK-2077 CD-0007 channel web ab b; some numbers between them")
	var kept *generated.Order
	return Entry{Shape: "Order", Op: Decode, Library: "measure: the objects alone", Of: KavroGenerated,
		Run: func() error {
			v := new(generated.Order)
			all := string(text)
			*v = generated.Order{ID: all[:36], CustomerID: sample.CustomerID, PlacedAt: sample.PlacedAt, Status: sample.Status, Total: sample.Total,
				Currency: all[41:44], Note: new(string), Lines: make([]generated.Line, 3), Tags: make(map[string]string, 2), Express: true}
			*v.Note = all[45:63]
			for i := range v.Lines {
				v.Lines[i] = sample.Lines[i]
				v.Lines[i].SKU = all[64+8*i : 71+8*i]
			}
			v.Tags[all[88:95]] = all[96:99]
			v.Tags[all[100:102]] = all[103:104]
			kept = v
			return nil
		},
		Check: func() error { return equal(*kept, sample) },
	}
}

// GeneratedOrder is the sample as the type that kavro gen wrote.
func GeneratedOrder() (g generated.Order) {
	schema := schemas.MustParse(orderText)
	v := sampleOrder()
	datum := must(must(avro.NewCodec[Order](schema)).Append(nil, &v))
	if err := must(avro.NewCodec[generated.Order](schema)).Decode(datum, &g); err != nil {
		panic(err)
	}
	return g
}

// Event is a small event of some 30 bytes.
type Event struct {
	ID   int64  `avro:"id"`
	Kind string `avro:"kind"`
	User string `avro:"user"`
}

func event() []Entry {
	generic := map[string]any{"id": int64(90071992547), "kind": "signed-in", "user": "ada@example.com"}
	return shape[Event]{
		name:    "30-byte event",
		text:    schemaText("event"),
		more:    generatedAs[Event, generated.Event],
		value:   Event{90071992547, "signed-in", "ada@example.com"},
		generic: generic, native: generic,
	}.entries()
}

// Deep is five records deep.
type Deep struct {
	Name string `avro:"name"`
	Next D2     `avro:"next"`
}

// D2 to D5 are what is within.
type (
	D2 struct {
		Name string `avro:"name"`
		Next D3     `avro:"next"`
	}
	D3 struct {
		Name string `avro:"name"`
		Next D4     `avro:"next"`
	}
	D4 struct {
		Name string `avro:"name"`
		Next D5     `avro:"next"`
	}
	D5 struct {
		Name  string `avro:"name"`
		Count int64  `avro:"count"`
	}
)

func nested() []Entry {
	var generic any = map[string]any{"name": "five", "count": int64(5)}
	for _, name := range []string{"four", "three", "two", "one"} {
		generic = map[string]any{"name": name, "next": generic}
	}
	return shape[Deep]{
		name: "nested 5 deep", text: schemaText("nested"), more: generatedAs[Deep, generated.D1],
		value:   Deep{"one", D2{"two", D3{"three", D4{"four", D5{"five", 5}}}}},
		generic: generic, native: generic,
	}.entries()
}

// Readings is an array of a thousand.
type Readings struct {
	Values []int64 `avro:"values"`
}

func array() []Entry {
	v := Readings{Values: make([]int64, 1000)}
	list := make([]any, 1000)
	for i := range v.Values {
		v.Values[i] = int64(i) * 997
		list[i] = v.Values[i]
	}
	generic := map[string]any{"values": list}
	return shape[Readings]{
		name:  "array of 1,000",
		text:  schemaText("array"),
		more:  generatedAs[Readings, generated.Readings],
		value: v, generic: generic, native: generic,
	}.entries()
}

// Page is 100 KB of text.
type Page struct {
	Text string `avro:"text"`
}

func text() []Entry {
	long := strings.Repeat("All happy families are alike. ", 3334)
	generic := map[string]any{"text": long}
	return shape[Page]{
		name:  "100 KB of text",
		text:  schemaText("text"),
		more:  generatedAs[Page, generated.Page],
		value: Page{long}, generic: generic, native: generic,
	}.entries()
}

// Table is a map of two hundred.
type Table struct {
	Cells map[string]int64 `avro:"cells"`
}

func table() []Entry {
	cells, list := map[string]int64{}, map[string]any{}
	for i := range 200 {
		key := fmt.Sprintf("cell-%03d", i)
		cells[key], list[key] = int64(i), int64(i)
	}
	generic := map[string]any{"cells": list}
	return shape[Table]{
		name:  "map of 200",
		text:  schemaText("table"),
		more:  generatedAs[Table, generated.Table],
		value: Table{cells}, generic: generic, native: generic,
	}.entries()
}

// Times are logical types only.
type Times struct {
	Day    time.Time     `avro:"day"`
	Clock  time.Duration `avro:"clock"`
	Millis time.Time     `avro:"millis"`
	Micros time.Time     `avro:"micros"`
}

func logical() []Entry {
	v := Times{time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC), 13 * time.Hour, orderTime, orderTime}
	generic := map[string]any{"day": v.Day, "clock": v.Clock, "millis": v.Millis, "micros": v.Micros}
	return shape[Times]{
		name:  "logical types",
		text:  schemaText("logical"),
		more:  generatedAs[Times, generated.Times],
		value: v, generic: generic, native: generic,
	}.entries()
}

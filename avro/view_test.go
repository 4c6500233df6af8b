package avro_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

// A filter looks at one field, and decodes nothing else.
func ExampleView() {
	writer := schemas.MustParse(`{"type": "record", "name": "Order", "fields": [
		{"name": "id", "type": "long"},
		{"name": "customer", "type": {"type": "record", "name": "Customer", "fields": [
			{"name": "name", "type": "string"},
			{"name": "country", "type": ["null", "string"]}]}},
		{"name": "total", "type": "double"}]}`)
	country, err := avro.NewView[string](writer, "customer.country")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, datum := range []string{"\x02\x06Ada\x02\x04DE\x00\x00\x00\x00\x00\x00\xf0\x3f", "\x04\x06Bob\x00\x00\x00\x00\x00\x00\x00\xf0\x3f"} {
		fmt.Println(country.Get([]byte(datum)))
	}
	_, err = avro.NewView[string](writer, "customer.contry")
	fmt.Println(err)
	// Output:
	// DE true <nil>
	//  false <nil>
	// string does not fit schema Order: customer.contry: the schema has no such field; did you mean "country"?
}

const viewSchema = `{"type": "record", "name": "Event", "namespace": "shop", "fields": [
	{"name": "id", "type": "int", "aliases": ["number"]},
	{"name": "suit", "type": {"type": "enum", "name": "Suit", "symbols": ["HEARTS", "SPADES"]}},
	{"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
	{"name": "clock", "type": {"type": "int", "logicalType": "time-millis"}},
	{"name": "key", "type": {"type": "fixed", "name": "Key", "size": 3}},
	{"name": "lines", "type": {"type": "array", "items": {"type": "record", "name": "Line", "fields": [
		{"name": "sku", "type": "string"}, {"name": "price", "type": "float"}]}}},
	{"name": "tags", "type": {"type": "map", "values": "string"}},
	{"name": "payment", "type": ["null",
		{"type": "record", "name": "Card", "fields": [{"name": "limit", "type": "double"}, {"name": "number", "type": "string"}]},
		{"type": "record", "name": "Transfer", "fields": [{"name": "number", "type": "long"}]},
		{"type": "record", "name": "Voucher", "namespace": "gifts", "fields": [{"name": "number", "type": "string"}]}]},
	{"name": "parent", "type": ["null", "Event"]},
	{"name": "done", "type": "boolean"}]}`

func viewDatum(t testing.TB, payment any) []byte {
	event := func(id int32, parent any) any {
		return map[string]any{
			"id": id, "suit": "SPADES", "at": time.UnixMilli(1700000000123).UTC(), "clock": time.Hour, "key": []byte("abc"),
			"lines":   []any{map[string]any{"sku": "BK-1", "price": float32(1.5)}, map[string]any{"sku": "BK-2", "price": float32(2.5)}},
			"tags":    map[string]any{"channel": "web", "campaign": "fall"},
			"payment": payment, "parent": parent, "done": true,
		}
	}
	return encode(t, newCodec[any](t, viewSchema), event(7, event(6, nil)))
}

func requireView[T any](t *testing.T, path string, datum []byte, want T, wantOK bool) {
	t.Helper()
	v, err := avro.NewView[T](schemas.MustParse(viewSchema), path)
	require.NoError(t, err, path)
	got, ok, err := v.Get(datum)
	require.NoError(t, err, path)
	require.Equal(t, wantOK, ok, path)
	require.Equal(t, want, got, path)
}

func TestView(t *testing.T) {
	none := viewDatum(t, nil)
	requireView(t, "id", none, int32(7), true)
	requireView(t, "id", none, int64(7), true)
	requireView(t, "id", none, 7, true)
	requireView(t, "id", none, uint8(7), true)
	requireView(t, "id", none, 7.0, true)
	requireView(t, "number", none, 7, true)
	requireView(t, "suit", none, "SPADES", true)
	requireView(t, "at", none, time.UnixMilli(1700000000123).UTC(), true)
	requireView(t, "at", none, int64(1700000000123), true)
	requireView(t, "clock", none, time.Hour, true)
	requireView(t, "key", none, []byte("abc"), true)
	requireView(t, "key", none, [3]byte{'a', 'b', 'c'}, true)
	requireView(t, "lines[1].sku", none, "BK-2", true)
	requireView(t, "lines[1].sku", none, []byte("BK-2"), true)
	requireView(t, "lines[0].price", none, 1.5, true)
	requireView(t, "lines[2].sku", none, "", false)
	requireView(t, "lines", none, []struct{ Price float32 }{{1.5}, {2.5}}, true)
	requireView(t, `tags["channel"]`, none, "web", true)
	requireView(t, `tags["chan"]`, none, "", false)
	requireView(t, "tags", none, map[string]string{"channel": "web", "campaign": "fall"}, true)
	requireView(t, "done", none, true, true)
	requireView(t, "parent.id", none, 6, true)
	requireView(t, "parent.done", none, true, true)
	requireView(t, "parent.parent.id", none, 0, false)
	requireView(t, "parent.Event.id", none, 6, true)
	requireView(t, `parent["shop.Event"].id`, none, 6, true)
	requireView[any](t, "parent.lines[0].sku", none, "BK-1", true)
	requireView(t, "", none, struct {
		ID   int
		Done bool
	}{7, true}, true)
}

func TestViewOfUnions(t *testing.T) {
	none := viewDatum(t, nil)
	card := viewDatum(t, avro.Union{Branch: "shop.Card", Value: map[string]any{"limit": 10.5, "number": "4111"}})
	transfer := viewDatum(t, avro.Union{Branch: "shop.Transfer", Value: map[string]any{"number": int64(99)}})
	voucher := viewDatum(t, avro.Union{Branch: "gifts.Voucher", Value: map[string]any{"number": "XYZ"}})

	for _, c := range []struct {
		datum []byte
		want  string
		ok    bool
	}{{none, "", false}, {card, "4111", true}, {transfer, "", false}, {voucher, "XYZ", true}} {
		requireView(t, "payment.number", c.datum, c.want, c.ok) // strings alone fit
	}
	requireView(t, "payment.number", transfer, int64(99), true)
	requireView(t, "payment.number", card, int64(0), false)
	requireView(t, "payment.limit", card, 10.5, true)
	requireView(t, "payment.limit", voucher, 0.0, false)
	requireView(t, "payment.Card.number", card, "4111", true)
	requireView(t, "payment.Card.number", voucher, "", false)
	requireView(t, `payment["gifts.Voucher"].number`, voucher, "XYZ", true)
	requireView(t, `payment["gifts.Voucher"].number`, card, "", false)
	requireView(t, "payment.Voucher", voucher, struct{}{}, true) // which branch it is
	requireView(t, "payment.Voucher", card, struct{}{}, false)
	requireView(t, "payment.null", none, struct{}{}, true)
	requireView(t, "payment.null", card, struct{}{}, false)

	type event struct{ ID string }
	requireView[any](t, "payment", none, nil, true)
	requireView[any](t, "payment.number", transfer, int64(99), true)
	requireView[*struct{ Limit float64 }](t, "payment", none, nil, true)
	_, err := avro.NewView[event](schemas.MustParse(viewSchema), "parent")
	require.ErrorContains(t, err, "parent: id: string does not fit int; use an integer")
}

func TestViewMismatches(t *testing.T) {
	for path, want := range map[string]string{
		"ids":                 `string does not fit schema shop.Event: ids: the schema has no such field; did you mean "id"?`,
		"identity":            "string does not fit schema shop.Event: identity: the schema has no such field; it has id, suit, at, clock, key, lines, tags, payment, parent, done",
		"id":                  "string does not fit schema shop.Event: id: string does not fit int; use an integer",
		"id.a":                "string does not fit schema shop.Event: id.a: int has no such part",
		"lines.sku":           "string does not fit schema shop.Event: lines.sku: the path leads into an array; write which item, such as [0]",
		"lines[0].sk":         `string does not fit schema shop.Event: lines[0].sk: the schema has no such field; did you mean "sku"?`,
		"lines":               "string does not fit schema shop.Event: lines: string does not fit array; use a slice",
		"tags.channel":        `string does not fit schema shop.Event: tags.channel: the path leads into a map; write the key as ["channel"]`,
		"tags[0]":             `string does not fit schema shop.Event: tags[0]: the path leads into a map; write the key as ["0"]`,
		"payment.Card.numbr":  `string does not fit schema shop.Event: payment.Card.numbr: the schema has no such field; did you mean "number"?`,
		"payment.limit":       "string does not fit schema shop.Event: payment.limit: string does not fit double; use float64",
		"payment.Cart.number": `string does not fit schema shop.Event: payment.Cart: the schema has no such field or branch; did you mean "Card"?`,
		"payment.iban":        "string does not fit schema shop.Event: payment.iban: the schema has no such field or branch; it has null, Card, limit, number, Transfer, Voucher",
		"parent.parent.ids":   `string does not fit schema shop.Event: parent.parent.ids: the schema has no such field; did you mean "id"?`,
		"a..b":                `avro: NewView: path "a..b": a name is empty`,
		"a.":                  `avro: NewView: path "a.": a name is empty`,
		"a[x]":                `avro: NewView: path "a[x]": [x is neither the index of an item, such as [2], nor a key, such as ["a"]`,
		"a[-1]":               `avro: NewView: path "a[-1]": [-1 is neither the index of an item, such as [2], nor a key, such as ["a"]`,
		`a["b`:                `avro: NewView: path "a[\"b": ["b is neither the index of an item, such as [2], nor a key, such as ["a"]`,
		"a[0]b":               `avro: NewView: path "a[0]b": "b" where a dot or a bracket is expected`,
	} {
		_, err := avro.NewView[string](schemas.MustParse(viewSchema), path)
		require.EqualError(t, err, want, path)
	}
	_, err := avro.NewView[string](nil, "id")
	require.EqualError(t, err, "avro: NewView: the schema is nil")
	_, err = avro.NewView[string](schemas.MustParse(viewSchema), "id", avro.WithMaxBytes(-1))
	require.EqualError(t, err, "avro: WithMaxBytes: -1 is negative")
}

// Errors say what a decoder says, as far as a view reads.
func TestViewErrors(t *testing.T) {
	schema := schemas.MustParse(viewSchema)
	datum := viewDatum(t, nil)
	done, err := avro.NewView[bool](schema, "parent.done")
	require.NoError(t, err)
	for n := range len(datum) - 1 {
		_, ok, err := done.Get(datum[:n])
		require.False(t, ok)
		require.ErrorIs(t, err, avro.ErrShort)
		require.EqualError(t, err, newCodec[any](t, viewSchema).Validate(datum[:n]).Error())
	}
	narrow, err := avro.NewView[int8](schema, "at")
	require.NoError(t, err)
	_, ok, err := narrow.Get(datum)
	require.False(t, ok)
	require.EqualError(t, err, "at: 1700000000123 as int8: out of range")
	short, err := avro.NewView[string](schema, "lines[0].sku", avro.WithMaxBytes(3))
	require.NoError(t, err)
	_, _, err = short.Get(datum)
	require.EqualError(t, err, "lines[0].sku: limit reached: 4 bytes, more than 3 (WithMaxBytes)")
	utf8, err := avro.NewView[string](schemas.MustParse(`"string"`), "", avro.WithValidUTF8())
	require.NoError(t, err)
	_, _, err = utf8.Get([]byte("\x02\xff"))
	require.EqualError(t, err, "byte 1: string is not UTF-8")
	text, ok, err := utf8.Get([]byte("\x02abehind is not looked at"))
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "a", text)
}

// Unions within unions do not multiply: each type is compiled once for each part of the path.
func TestViewsOfManyBranches(t *testing.T) {
	schema := `"string"`
	for i := range 30 {
		inner := schema
		if i > 0 {
			inner = fmt.Sprintf(`["null", %s]`, schema)
		}
		schema = fmt.Sprintf(`{"type": "record", "name": "R%d", "fields": [{"name": "a", "type": ["null", "long", %s]}, {"name": "b", "type": ["null", "string"]}]}`, i, strings.Trim(inner, "[]"))
		schema = strings.ReplaceAll(schema, `"null", "long", "null", `, `"null", "long", `)
	}
	v, err := avro.NewView[string](schemas.MustParse(schema), strings.Repeat("a.", 30)[:59])
	require.NoError(t, err)
	got, ok, err := v.Get([]byte(strings.Repeat("\x04", 30) + "\x02x"))
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "x", got)
}

func TestViewAllocations(t *testing.T) {
	datum := viewDatum(t, avro.Union{Branch: "shop.Card", Value: map[string]any{"limit": 10.5, "number": "4111"}})
	requireNoAllocs[string](t, "payment.number", datum)
	requireNoAllocs[string](t, "suit", datum)
	requireNoAllocs[[]byte](t, "lines[1].sku", datum)
	requireNoAllocs[string](t, `tags["channel"]`, datum)
	requireNoAllocs[int64](t, "id", datum)
	requireNoAllocs[int](t, "parent.id", datum)
	requireNoAllocs[uint8](t, "parent.id", datum)
	requireNoAllocs[time.Time](t, "at", datum)
	requireNoAllocs[time.Duration](t, "clock", datum)
	requireNoAllocs[bool](t, "done", datum)
	requireNoAllocs[struct{}](t, "payment.Card", datum)
}

func requireNoAllocs[T any](t *testing.T, path string, datum []byte) {
	v, err := avro.NewView[T](schemas.MustParse(viewSchema), path)
	require.NoError(t, err)
	requireAllocs(t, 0, func() {
		if _, ok, err := v.Get(datum); !ok || err != nil {
			panic(err)
		}
	})
}

// BenchmarkView reads the first, the middle and the last of an order's fields.
func BenchmarkView(b *testing.B) {
	datum := encode(b, newCodec[Order](b, orderText), sampleOrder())
	benchmarkView[string](b, "id", datum)
	benchmarkView[string](b, "currency", datum)
	benchmarkView[int64](b, "lines[2].qty", datum)
	benchmarkView[string](b, `tags["channel"]`, datum)
	benchmarkView[bool](b, "express", datum)
}

func benchmarkView[T any](b *testing.B, path string, datum []byte) {
	v, err := avro.NewView[T](orderSchema(), path)
	require.NoError(b, err)
	b.Run(path, func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, ok, err := v.Get(datum); !ok || err != nil {
				b.Fatal(err)
			}
		}
	})
}

package shop_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/gen/internal/shop"
	"github.com/kavro/kavro/gen/internal/shop/common"
	"github.com/stretchr/testify/require"
)

var midnight = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

func codec(tb testing.TB) *avro.Codec[shop.Purchase] {
	c, err := avro.NewCodec[shop.Purchase](new(shop.Purchase).AvroSchema())
	require.NoError(tb, err)
	return c
}

func TestConstructorFillsDefaults(t *testing.T) {
	require.Equal(t, &shop.Purchase{
		ID:          avro.UUID{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef},
		Price:       common.Money{Amount: avro.NewDecimal(250, 2), Currency: "EUR"},
		State:       shop.StateInTransit,
		Delivery:    shop.PurchaseDeliveryInt{Value: 3},
		Parts:       []shop.PurchasePartsItem{shop.PurchasePartsItemString{Value: "a"}, shop.PurchasePartsItemLong{Value: 2}, nil},
		Flags:       map[string]shop.PurchaseFlagsEntry{"gift": shop.PurchaseFlagsEntryBoolean{Value: true}},
		Hash:        &shop.Voucher{1, 2, 3, 0xff},
		Opens:       9 * time.Hour,
		Bill:        &shop.Card{Number: "1", Valid: midnight},
		Type2:       1.5,
		Type:        -1,
		AppendAvro2: true,
	}, shop.NewPurchase())
}

// full has a value in every field, and every kind of union branch in turn.
func full(paidBy shop.PurchasePaidBy) *shop.Purchase {
	p := shop.NewPurchase()
	p.PaidBy = paidBy
	p.Delivery = &shop.Card{Number: "2", Valid: midnight}
	p.Flags["state"] = shop.StateDone
	p.Seen = new(time.UnixMicro(1).UTC())
	p.Lasts = avro.Duration{Months: 1}
	p.Codes, p.Raw = []int64{}, []byte{}
	p.Parent = shop.NewPurchase()
	return p
}

func branches() map[string]shop.PurchasePaidBy {
	return map[string]shop.PurchasePaidBy{
		"null":               nil,
		"record":             &shop.Card{Number: "3", Valid: midnight},
		"of another package": shop.PurchasePaidByMoney{Value: common.Money{Amount: avro.NewDecimal(1, 2)}},
		"string":             shop.PurchasePaidByString{Value: "cash"},
		"long":               shop.PurchasePaidByLong{Value: math.MinInt64},
		"enum":               shop.StateDone2,
		"fixed":              shop.Voucher{9},
		"array":              shop.PurchasePaidByArray{Value: []shop.Card{{Number: "4", Valid: midnight}}},
	}
}

func TestBranchesRoundTrip(t *testing.T) {
	c := codec(t)
	var reused shop.Purchase
	for name, b := range branches() {
		t.Run(name, func(t *testing.T) {
			want := full(b)
			datum, err := c.Append(nil, want)
			require.NoError(t, err)
			var have shop.Purchase
			require.NoError(t, c.Decode(datum, &have))
			require.Equal(t, want, &have)
			require.NoError(t, c.Decode(datum, &reused))
			require.Equal(t, want, &reused, "over another value")

			text, err := json.Marshal(want)
			require.NoError(t, err)
			var fromJSON shop.Purchase
			require.NoError(t, json.Unmarshal(text, &fromJSON))
			require.Equal(t, want, &fromJSON)
		})
	}
}

func TestJSON(t *testing.T) {
	text, err := json.Marshal(full(shop.StateOpen))
	require.NoError(t, err)
	var members map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(text, &members))
	for name, want := range map[string]string{
		"paid_by":  `{"shop.State": "OPEN"}`,
		"delivery": `{"shop.Card": {"number": "2", "valid": "2020-01-01T00:00:00Z"}}`,
		"parts":    `[{"string": "a"}, {"long": 2}, null]`,
		"flags":    `{"gift": {"boolean": true}, "state": {"shop.State": "done"}}`,
		"hash":     `"010203ff"`,
		"state":    `"IN_TRANSIT"`,
		"price":    `{"amount": "2.50", "currency": "EUR"}`,
	} {
		require.JSONEq(t, want, string(members[name]), name)
	}
}

func TestJSONErrors(t *testing.T) {
	for text, want := range map[string]string{
		`{"paid_by": {"int": 1}}`:                  `paid_by: avro: the union has no branch "int"`,
		`{"paid_by": {"long": 1, "string": ""}}`:   `paid_by: avro: a union in JSON is null or an object of one member, this one has 2`,
		`{"state": "LOST"}`:                        `"LOST" is not a symbol of shop.State`,
		`{"hash": "01"}`:                           `Voucher has 8 hexadecimal digits, not 2`,
		`{"flags": {"a": {"shop.State": "open"}}}`: `flags: "open" is not a symbol of shop.State`,
	} {
		require.EqualError(t, json.Unmarshal([]byte(text), new(shop.Purchase)), want, text)
	}
}

// Fields that JSON leaves out stay as they are, unions like others.
func TestJSONKeepsWhatIsLeftOut(t *testing.T) {
	p := full(shop.PurchasePaidByLong{Value: 1})
	require.NoError(t, json.Unmarshal([]byte(`{"type": 2}`), p))
	want := full(shop.PurchasePaidByLong{Value: 1})
	want.Type2 = 2
	require.Equal(t, want, p)
}

func TestAppendErrors(t *testing.T) {
	far := time.Date(300000, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		mess func(*shop.Purchase)
		path string
		err  string
		is   error
	}{
		{"nil in a union without null", func(p *shop.Purchase) { p.Delivery = nil }, "delivery", "", nil},
		{"nil pointer to a record", func(p *shop.Purchase) { p.PaidBy = (*shop.Card)(nil) }, "paid_by", "", nil},
		{"enum", func(p *shop.Purchase) { p.State = 4 }, "state", "enum index 4, there are 4 symbols: out of range", avro.ErrRange},
		{"negative enum in a map", func(p *shop.Purchase) { p.Flags["x"] = shop.State(-1) }, `flags["x"]`, "", avro.ErrRange},
		{"time of day", func(p *shop.Purchase) { p.Opens = 24 * time.Hour }, "opens", "", avro.ErrRange},
		{"timestamp", func(p *shop.Purchase) { p.Seen = &far }, "seen", "", avro.ErrRange},
		{"date in a union's array", func(p *shop.Purchase) {
			p.PaidBy = shop.PurchasePaidByArray{Value: []shop.Card{{}, {Valid: time.Unix(math.MaxInt32*86400+86400, 0)}}}
		}, "paid_by[1].valid", "", avro.ErrRange},
		{"decimal", func(p *shop.Purchase) { p.Price.Amount = avro.NewDecimal(1e10, 2) }, "price.amount", "more than 10 digits: out of range", avro.ErrRange},
		{"decimal in a parent", func(p *shop.Purchase) { p.Parent.Price.Amount = avro.NewDecimal(1, 3) }, "parent.price.amount", "", avro.ErrRange},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := full(nil)
			c.mess(p)
			out, err := codec(t).Append([]byte("as it was"), p)
			require.Equal(t, "as it was", string(out))
			var e *avro.EncodeError
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.path, e.Path)
			if c.is != nil {
				require.ErrorIs(t, err, c.is)
			}
			if c.err != "" {
				require.EqualError(t, e.Err, c.err)
			}
		})
	}
}

// A value that contains itself is an error, not a stack overflow.
func TestEndlessValue(t *testing.T) {
	p := shop.NewPurchase()
	p.Parent = p
	_, err := codec(t).Append(nil, p)
	require.ErrorIs(t, err, avro.ErrLimit)
	require.Contains(t, err.Error(), "parent.parent")
}

func TestDecodeErrorsHaveAPath(t *testing.T) {
	c := codec(t)
	p := full(nil)
	p.Parent.Price.Currency = strings.Repeat("x", 63)
	datum, err := c.Append(nil, p)
	require.NoError(t, err)
	at := strings.Index(string(datum), p.Parent.Price.Currency)
	var e *avro.DecodeError
	require.ErrorAs(t, c.Decode(datum[:at], new(shop.Purchase)), &e)
	require.Equal(t, "parent.price.currency", e.Path)
}

func TestReadNeedsBytesToGoDeeper(t *testing.T) {
	deep := shop.NewPurchase()
	for range 50 {
		next := shop.NewPurchase()
		next.Parent, deep = deep, next
	}
	datum, err := codec(t).Append(nil, deep)
	require.NoError(t, err)
	c, err := avro.NewCodec[shop.Purchase](deep.AvroSchema(), avro.WithMaxDepth(50))
	require.NoError(t, err)
	require.ErrorIs(t, c.Decode(datum, new(shop.Purchase)), avro.ErrLimit)
}

// The schema of a top is the text of its file, with its references; those of
// nested types are complete by themselves.
func TestSchemas(t *testing.T) {
	s := new(shop.Purchase).AvroSchema()
	require.Contains(t, s.String(), `"doc": "What somebody bought.\nAll of it."`)
	require.Equal(t, shop.PurchaseFingerprint, s.Fingerprint())
	require.Len(t, s.References(), 1)
	require.Same(t, new(common.Money).AvroSchema(), s.References()[0])
	card := new(shop.Card).AvroSchema()
	require.Empty(t, card.References())
	require.JSONEq(t, `{"type": "record", "name": "Card", "namespace": "shop", "fields": [
		{"name": "number", "type": "string"},
		{"name": "valid", "type": {"type": "int", "logicalType": "date"}, "default": 18262}]}`, card.String())
}

func TestEnumText(t *testing.T) {
	for _, s := range []shop.State{shop.StateOpen, shop.StateInTransit, shop.StateDone, shop.StateDone2} {
		back, err := shop.ParseState(s.String())
		require.NoError(t, err)
		require.Equal(t, s, back)
	}
	require.Equal(t, "State(7)", shop.State(7).String())
	_, err := shop.State(7).MarshalText()
	require.ErrorIs(t, err, avro.ErrRange)
}

func TestTopWithoutAName(t *testing.T) {
	var v shop.Amounts
	c, err := avro.NewCodec[shop.Amounts](v.AvroSchema())
	require.NoError(t, err)
	v.Value = []shop.AmountsValueItem{shop.AmountsValueItemLong{Value: 1}, shop.AmountsValueItemMoney{Value: *common.NewMoney()}}
	datum, err := c.Append(nil, &v)
	require.NoError(t, err)
	var have shop.Amounts
	require.NoError(t, c.Decode(datum, &have))
	require.Equal(t, v, have)
	text, err := json.Marshal(v)
	require.NoError(t, err)
	require.JSONEq(t, `[{"long": 1}, {"common.Money": {"amount": "2.50", "currency": "EUR"}}]`, string(text))
	require.NoError(t, json.Unmarshal(text, &have))
	require.Equal(t, v, have)

	v.Value = append(v.Value, nil)
	_, err = c.Append(nil, &v)
	require.ErrorContains(t, err, "[2]: ")
}

// However little memory there is, values of all kinds are appended, the same as by the plan of a generic value.
func TestAppendGrowsEnough(t *testing.T) {
	c, err := avro.NewCodec[shop.Purchase](new(shop.Purchase).AvroSchema(), avro.WithSortedMaps())
	require.NoError(t, err)
	generic, err := avro.NewCodec[any](c.Schema(), avro.WithSortedMaps())
	require.NoError(t, err)
	for _, b := range branches() {
		v := full(b)
		v.Raw = make([]byte, 100)
		datum, err := c.Append(nil, v)
		require.NoError(t, err)
		var a any
		require.NoError(t, generic.Decode(datum, &a))
		want, err := generic.Append(nil, &a)
		require.NoError(t, err)
		for capacity := range len(want) + 100 {
			got, err := c.Append(make([]byte, 0, capacity), v)
			require.NoError(t, err)
			require.Equal(t, want, got, capacity)
		}
	}
}

// Whatever the bytes: no panic, and what is read can be written and read again.
func FuzzDecode(f *testing.F) {
	c, err := avro.NewCodec[shop.Purchase](new(shop.Purchase).AvroSchema())
	require.NoError(f, err)
	for _, b := range branches() {
		datum, err := c.Append(nil, full(b))
		require.NoError(f, err)
		f.Add(datum)
	}
	f.Fuzz(func(t *testing.T, datum []byte) {
		var v, again shop.Purchase
		if c.Decode(datum, &v) != nil {
			return
		}
		out, err := c.Append(nil, &v)
		if err != nil {
			require.ErrorIs(t, err, avro.ErrRange) // a decimal of more digits is read
			return
		}
		require.NoError(t, c.Decode(out, &again))
		require.Equal(t, len(out), len(must(c.Append(nil, &again))))
	})
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

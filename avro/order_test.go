package avro_test

import (
	"time"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/schemas"
)

// The Order record that benchmarks and examples use: about 150 bytes.

const orderText = `{"type": "record", "name": "Order", "namespace": "shop", "fields": [
	{"name": "id", "type": "string"},
	{"name": "customer_id", "type": "long"},
	{"name": "placed_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
	{"name": "status", "type": {"type": "enum", "name": "Status", "symbols": ["NEW", "PAID", "SHIPPED", "CANCELLED"]}},
	{"name": "total", "type": "double"},
	{"name": "currency", "type": "string"},
	{"name": "note", "type": ["null", "string"]},
	{"name": "lines", "type": {"type": "array", "items": {"type": "record", "name": "Line", "fields": [
		{"name": "sku", "type": "string"},
		{"name": "qty", "type": "int"},
		{"name": "price", "type": "double"}]}}},
	{"name": "tags", "type": {"type": "map", "values": "string"}},
	{"name": "express", "type": "boolean"}]}`

type Order struct {
	ID         string            `avro:"id"`
	CustomerID int64             `avro:"customer_id"`
	PlacedAt   time.Time         `avro:"placed_at"`
	Status     string            `avro:"status"`
	Total      float64           `avro:"total"`
	Currency   string            `avro:"currency"`
	Note       *string           `avro:"note"`
	Lines      []OrderLine       `avro:"lines"`
	Tags       map[string]string `avro:"tags"`
	Express    bool              `avro:"express"`
}

type OrderLine struct {
	SKU   string  `avro:"sku"`
	Qty   int32   `avro:"qty"`
	Price float64 `avro:"price"`
}

func orderSchema() *schemas.Schema { return schemas.MustParse(orderText) }

func sampleOrder() Order {
	note := "leave at the porch"
	return Order{
		ID:         "0b8a5b2e-4f3c-4c7e-9d53-6c1f1a2b3c4d",
		CustomerID: 1234567,
		PlacedAt:   time.UnixMilli(1700000000123).UTC(),
		Status:     "PAID",
		Total:      129.95,
		Currency:   "EUR",
		Note:       &note,
		Lines: []OrderLine{
			{SKU: "SKU-1001", Qty: 1, Price: 99.95},
			{SKU: "SKU-2002", Qty: 2, Price: 10},
			{SKU: "SKU-3003", Qty: 5, Price: 2},
		},
		Tags:    map[string]string{"channel": "web", "campaign": "fall"},
		Express: true,
	}
}

// genOrder is what generated code for the Order looks like.
type genOrder struct{ Order }

func (o *genOrder) AvroSchema() *schemas.Schema { return orderSchema() }

func (o *genOrder) AppendAvro(dst []byte) ([]byte, error) {
	dst = avrort.AppendString(dst, o.ID)
	dst = avrort.AppendLong(dst, o.CustomerID)
	dst = avrort.AppendLong(dst, o.PlacedAt.UnixMilli())
	switch o.Status {
	case "NEW":
		dst = append(dst, 0)
	case "PAID":
		dst = append(dst, 2)
	case "SHIPPED":
		dst = append(dst, 4)
	case "CANCELLED":
		dst = append(dst, 6)
	default:
		return dst, avrort.WithinField(avro.ErrRange, "status")
	}
	dst = avrort.AppendDouble(dst, o.Total)
	dst = avrort.AppendString(dst, o.Currency)
	if o.Note == nil {
		dst = append(dst, 0)
	} else {
		dst = avrort.AppendString(append(dst, 2), *o.Note)
	}
	dst = avrort.AppendLong(dst, int64(len(o.Lines)))
	for i := range o.Lines {
		l := &o.Lines[i]
		dst = avrort.AppendString(dst, l.SKU)
		dst = avrort.AppendInt(dst, l.Qty)
		dst = avrort.AppendDouble(dst, l.Price)
	}
	if len(o.Lines) > 0 {
		dst = append(dst, 0)
	}
	dst = avrort.AppendLong(dst, int64(len(o.Tags)))
	for k, v := range o.Tags {
		dst = avrort.AppendString(dst, k)
		dst = avrort.AppendString(dst, v)
	}
	if len(o.Tags) > 0 {
		dst = append(dst, 0)
	}
	return avrort.AppendBool(dst, o.Express), nil
}

var statuses = [...]string{"NEW", "PAID", "SHIPPED", "CANCELLED"}

func (o *genOrder) DecodeAvro(r *avrort.Reader) error {
	o.ID = r.ReuseString(o.ID)
	o.CustomerID = r.Long()
	o.PlacedAt = time.UnixMilli(r.Long()).UTC()
	o.Status = statuses[r.Enum(len(statuses))]
	o.Total = r.Double()
	o.Currency = r.ReuseString(o.Currency)
	if r.UnionIndex(2) == 0 {
		o.Note = nil
	} else {
		if o.Note == nil {
			o.Note = new(string)
		}
		*o.Note = r.ReuseString(*o.Note)
	}
	o.Lines = o.Lines[:0]
	for n := r.Block(0, 10); n > 0; n = r.Block(len(o.Lines), 10) {
		o.Lines = avrort.Extend(o.Lines, n)
		for i := len(o.Lines) - n; i < len(o.Lines); i++ {
			l := &o.Lines[i]
			l.SKU = r.ReuseString(l.SKU)
			l.Qty = r.Int()
			l.Price = r.Double()
		}
		if r.Err() != nil {
			return r.Err()
		}
	}
	clear(o.Tags)
	for n, have := r.Block(0, 2), 0; n > 0; n = r.Block(have, 2) {
		if o.Tags == nil {
			o.Tags = make(map[string]string, n)
		}
		for range n {
			k := r.String()
			o.Tags[k] = r.String()
		}
		have += n
		if r.Err() != nil {
			return r.Err()
		}
	}
	o.Express = r.Bool()
	return r.Err()
}

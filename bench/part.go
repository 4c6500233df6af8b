package bench

import (
	hamba "github.com/hamba/avro/v2"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/schemas"
)

// DecodePart decodes 3 of the 10 fields of an Order.
const DecodePart = "decode 3 of 10 fields"

// orderPart is what a program may want of an Order.
type orderPart struct {
	ID      string  `avro:"id"`
	Total   float64 `avro:"total"`
	Express bool    `avro:"express"`
}

// orderParts decode a part of an Order. The measure is all of it. twmb/avro requires every field.
func orderParts() []Entry {
	schema := schemas.MustParse(orderText)
	codec := must(avro.NewCodec[Order](schema))
	projection := must(avro.NewProjection[orderPart](schema))
	archived := must(hamba.ParseWithCache(orderText, "", &hamba.SchemaCache{}))
	sample := sampleOrder()
	datum := must(codec.Append(nil, &sample))
	var kept *orderPart
	part := func(library string, decode func(v *orderPart) error) Entry {
		return Entry{Shape: "Order", Op: DecodePart, Library: library,
			Run:   func() error { kept = new(orderPart); return decode(kept) },
			Check: func() error { return equal(*kept, orderPart{sample.ID, sample.Total, sample.Express}) },
		}
	}
	var whole *Order
	return []Entry{
		part(KavroStruct, func(v *orderPart) error { return projection.Decode(datum, v) }),
		part(Hamba, func(v *orderPart) error { return hamba.Unmarshal(archived, datum, v) }),
		{Shape: "Order", Op: DecodePart, Library: "measure: all 10 fields", Of: KavroStruct,
			Run:   func() error { whole = new(Order); return codec.Decode(datum, whole) },
			Check: func() error { return equal(*whole, sample) },
		},
	}
}

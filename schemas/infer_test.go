package schemas_test

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/schemas"
)

type line struct {
	SKU   string  `avro:"sku"`
	Qty   int32   `avro:"qty"`
	Price float64 `avro:"price"`
}

type order struct {
	ID       string            `avro:"id"`
	Customer int               `avro:"customer_id"`
	PlacedAt time.Time         `avro:"placed_at"`
	Note     *string           `avro:"note"`
	Lines    []line            `avro:"lines"`
	Tags     map[string]string `avro:"tags"`
	Express  bool              `avro:"express"`
	cache    int
}

func ExampleFor() {
	text, err := schemas.For[order](schemas.WithName("Order"), schemas.WithNamespace("shop"))
	fmt.Println(text, err)
	// Output:
	// {
	//   "type": "record",
	//   "name": "Order",
	//   "namespace": "shop",
	//   "fields": [
	//     {"name": "id", "type": "string"},
	//     {"name": "customer_id", "type": "long"},
	//     {"name": "placed_at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
	//     {"name": "note", "type": ["null", "string"], "default": null},
	//     {
	//       "name": "lines",
	//       "type": {
	//         "type": "array",
	//         "items": {
	//           "type": "record",
	//           "name": "line",
	//           "fields": [
	//             {"name": "sku", "type": "string"},
	//             {"name": "qty", "type": "int"},
	//             {"name": "price", "type": "double"}
	//           ]
	//         }
	//       }
	//     },
	//     {"name": "tags", "type": {"type": "map", "values": "string"}},
	//     {"name": "express", "type": "boolean"}
	//   ]
	// } <nil>
}

type tree struct {
	Value    int64
	Children []tree
	Parent   *tree
}

type base struct {
	ID   string
	Name string
}

type stamp struct {
	At time.Time
	ID int32
}

type shadowing struct {
	base
	Name []byte
}

type ambiguous struct {
	base
	stamp
}

type page[T any] struct {
	Items []T
	Next  *T
}

type described struct{ X int }

func (*described) AvroSchema() *schemas.Schema {
	return schemas.MustParse(`{"type":"record","name":"o.Described","fields":[{"name":"x","type":"int"}]}`)
}

// sortable is an identifier of 16 bytes, as a UUID is, with a text that is none.
type sortable [16]byte

func (s sortable) MarshalText() ([]byte, error)  { return hex.AppendEncode(nil, s[:]), nil }
func (s *sortable) UnmarshalText(b []byte) error { _, err := hex.Decode(s[:], b); return err }

func infer[T any](opts ...schemas.InferOption) func() (string, error) {
	return func() (string, error) { return schemas.For[T](opts...) }
}

// printed is the schema on one line.
func printed(t *testing.T, text string) string {
	s, err := schemas.Parse(text)
	require.NoError(t, err)
	return s.Print()
}

func TestFor(t *testing.T) {
	tests := []struct {
		name  string
		infer func() (string, error)
		want  string
		err   string
	}{
		{name: "every plain type", infer: infer[struct {
			A bool
			B int8
			C int16
			D int32
			E int64
			F int
			G uint8
			H uint16
			I uint32
			J float32
			K float64
			L string
			M []byte
		}](schemas.WithName("P")), want: `{"type":"record","name":"P","fields":[{"name":"A","type":"boolean"},{"name":"B","type":"int"},` +
			`{"name":"C","type":"int"},{"name":"D","type":"int"},{"name":"E","type":"long"},{"name":"F","type":"long"},` +
			`{"name":"G","type":"int"},{"name":"H","type":"int"},{"name":"I","type":"long"},{"name":"J","type":"float"},` +
			`{"name":"K","type":"double"},{"name":"L","type":"string"},{"name":"M","type":"bytes"}]}`},
		{name: "no record", infer: infer[map[string][]*int64](), want: `{"type":"map","values":{"type":"array","items":["null","long"]}}`},
		{name: "a recursive struct", infer: infer[tree](schemas.WithNamespace("a.b")),
			want: `{"type":"record","name":"tree","namespace":"a.b","fields":[{"name":"Value","type":"long"},{"name":"Children","type":{"type":"array","items":"tree"}},` +
				`{"name":"Parent","type":["null","tree"],"default":null}]}`},
		{name: "a pointer at the top is its struct", infer: infer[*stamp](schemas.WithTimestamps("timestamp-millis")),
			want: `{"type":"record","name":"stamp","fields":[{"name":"At","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"ID","type":"int"}]}`},
		{name: "types without a name are named after their field", infer: infer[struct {
			Hash  [32]byte `avro:"hash"`
			Inner struct{ Deep struct{ X [2]byte } }
		}](schemas.WithName("R")), want: `{"type":"record","name":"R","fields":[{"name":"hash","type":{"type":"fixed","name":"R_hash","size":32}},` +
			`{"name":"Inner","type":{"type":"record","name":"R_Inner","fields":[{"name":"Deep","type":{"type":"record","name":"R_Inner_Deep","fields":[` +
			`{"name":"X","type":{"type":"fixed","name":"R_Inner_Deep_X","size":2}}]}}]}}]}`},
		{name: "logical types", infer: infer[struct {
			U avro.UUID
			D avro.Duration
			E *avro.Duration
			A netip.Addr
			S sortable
			N struct{}
		}](schemas.WithName("L")), want: `{"type":"record","name":"L","fields":[{"name":"U","type":{"type":"string","logicalType":"uuid"}},` +
			`{"name":"D","type":{"type":"fixed","name":"Duration","size":12,"logicalType":"duration"}},{"name":"E","type":["null","Duration"],"default":null},` +
			`{"name":"A","type":"string"},{"name":"S","type":"string"},{"name":"N","type":"null"}]}`},
		{name: "embedded fields are promoted, and hidden", infer: infer[shadowing](), want: `{"type":"record","name":"shadowing","fields":[{"name":"ID","type":"string"},{"name":"Name","type":"bytes"}]}`},
		{name: "an embedded struct with a tag is a field", infer: infer[struct {
			base `avro:"-"`
			Base base `avro:"base"`
		}](schemas.WithName("R")), want: `{"type":"record","name":"R","fields":[{"name":"base","type":{"type":"record","name":"base","fields":[{"name":"ID","type":"string"},{"name":"Name","type":"string"}]}}]}`},
		{name: "tags", infer: infer[struct {
			A string  `avro:"a,omitzero"`
			B []int32 `avro:",omitzero"`
			C string  `avro:"-"`
			D *string `avro:"d,omitzero,future"`
		}](schemas.WithName("R")), want: `{"type":"record","name":"R","fields":[{"name":"a","type":["null","string"],"default":null},` +
			`{"name":"B","type":["null",{"type":"array","items":"int"}],"default":null},{"name":"d","type":["null","string"],"default":null}]}`},
		{name: "a generic type is named after its arguments", infer: infer[page[stamp]](),
			want: `{"type":"record","name":"page_stamp","fields":[{"name":"Items","type":{"type":"array","items":{"type":"record","name":"stamp","fields":[` +
				`{"name":"At","type":{"type":"long","logicalType":"timestamp-micros"}},{"name":"ID","type":"int"}]}}},{"name":"Next","type":["null","stamp"],"default":null}]}`},
		{name: "a type with a schema brings it along", infer: infer[struct{ A, B described }](schemas.WithName("R"), schemas.WithNamespace("o")),
			want: `{"type":"record","name":"R","namespace":"o","fields":[{"name":"A","type":{"type":"record","name":"Described","fields":[{"name":"x","type":"int"}]}},{"name":"B","type":"Described"}]}`},

		{name: "all that does not fit", infer: infer[struct {
			A uint64
			B []map[int]string
			C any
			D [4]int
			E time.Duration
			F *big.Rat
			G avro.Decimal
			H **int
			I func()
		}](schemas.WithName("R")), err: "A: a long does not hold every uint64: use int64, or uint32; B[]: the keys of an Avro map are strings, not int; " +
			"C: which branches may interface {} hold? Write the union by hand; D: Avro has no arrays of a fixed length: use a slice; " +
			"E: time.Duration is a time of day for Avro, or else a number: use an integer, and say its unit in the name; " +
			"F: the precision and scale of a decimal are not known: write its type by hand; G: the precision and scale of a decimal are not known: write its type by hand; " +
			"H: **int is a pointer to a pointer; I: func() has no counterpart in Avro"},
		{name: "ambiguous fields", infer: infer[ambiguous](), err: "ID is ambiguous: several embedded structs have it"},
		{name: "one name twice", infer: infer[struct {
			A int `avro:"x"`
			B int `avro:"x"`
		}](schemas.WithName("R")), err: `the fields A and B are both named "x"`},
		{name: "a name that Avro does not allow", infer: infer[struct{ Größe int }](schemas.WithName("R")), err: `"Größe" is not a field's name`},
		{name: "no name at the top", infer: infer[struct{ A int }](), err: "has no name: give it one with WithName"},
		{name: "an embedded type that is no record", infer: infer[struct{ time.Duration }](schemas.WithName("R")), err: "Duration: time.Duration is a time of day"},
		{name: "an embedded type that makes its own text", infer: infer[struct {
			time.Time
			X int
		}](schemas.WithName("R")), err: "has methods of the embedded time.Time, and so is what that is, or a record"},
		{name: "an embedded type with a schema", infer: infer[struct{ described }](schemas.WithName("R")), err: "has methods of the embedded schemas_test.described"},
		{name: "an embedded type that is no record of its own", infer: infer[struct{ avro.Decimal }](schemas.WithName("R")), err: "embedded avrort.Decimal"},
		{name: "a name taken by another type", infer: infer[struct {
			Stamp struct{ X int } `avro:"a"`
			B     stamp
			C     []stamp
		}](schemas.WithName("stamp")), err: "would both be named stamp"},
		{name: "a clash with a type of another schema", infer: infer[struct{ A described }](schemas.WithName("Described"), schemas.WithNamespace("o")), err: "clashes with another type of that name"},
		{name: "no such logical type", infer: infer[stamp](schemas.WithNamespace("a-b")), err: `"a-b.stamp" is not a name`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text, err := test.infer()
			if test.err != "" {
				var refused *schemas.InferError
				require.ErrorAs(t, err, &refused)
				require.ErrorContains(t, err, test.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.want, printed(t, text))
		})
	}
}

// What For writes is what a codec of the same type takes.
func TestForFitsCodec(t *testing.T) {
	text, err := schemas.For[order](schemas.WithName("Order"))
	require.NoError(t, err)
	c, err := avro.NewCodec[order](schemas.MustParse(text))
	require.NoError(t, err)
	in := order{ID: "1", Customer: 2, PlacedAt: time.UnixMicro(3).UTC(), Lines: []line{{"a", 1, 2.5}}, Tags: map[string]string{"k": "v"}, Express: true, cache: 0}
	datum, err := c.Append(nil, &in)
	require.NoError(t, err)
	var out order
	require.NoError(t, c.Decode(datum, &out))
	require.Equal(t, in, out)
}

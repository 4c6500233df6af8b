package avro_test

import (
	"fmt"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/schemas"
)

// A decimal is exact: what the schema has no place for is an error.
func ExampleDecimal() {
	schema := schemas.MustParse(`{"type": "bytes", "logicalType": "decimal", "precision": 6, "scale": 2}`)
	codec, err := avro.NewCodec[avro.Decimal](schema)
	if err != nil {
		fmt.Println(err)
		return
	}
	price, _ := avro.ParseDecimal("12.5")
	datum, err := codec.Append(nil, &price)
	fmt.Printf("% x %v\n", datum, err)
	fmt.Println(codec.Decode(datum, &price), price)

	third, _ := avro.ParseDecimal("0.333")
	_, err = codec.Append(nil, &third)
	fmt.Println(err)
	// Output:
	// 04 04 e2 <nil>
	// <nil> 12.50
	// 0.333 needs more than 2 digits after the point: out of range
}

// Two records look alike as maps: a Union says which one is meant.
func ExampleUnion() {
	schema := schemas.MustParse(`[
		{"type": "record", "name": "Cat", "fields": [{"name": "name", "type": "string"}]},
		{"type": "record", "name": "Dog", "fields": [{"name": "name", "type": "string"}]}]`)
	codec, err := avro.NewCodec[any](schema)
	if err != nil {
		fmt.Println(err)
		return
	}
	var pet any = map[string]any{"name": "Rex"}
	_, err = codec.Append(nil, &pet)
	fmt.Println(err)

	pet = avro.Union{Branch: "Dog", Value: pet}
	datum, err := codec.Append(nil, &pet)
	fmt.Printf("% x %v\n", datum, err)

	fmt.Println(codec.Decode(datum, &pet), pet)
	// Output:
	// ambiguous: map[string]interface {} fits Cat and Dog; name the branch by avro.Union
	// 02 06 52 65 78 <nil>
	// <nil> {Dog map[name:Rex]}
}

// Point is what generated code looks like, and what may be written by hand.
type Point struct{ X, Y int32 }

const pointText = `{"type": "record", "name": "Point", "fields": [{"name": "x", "type": "int"}, {"name": "y", "type": "int"}]}`

func (p *Point) AvroSchema() *schemas.Schema { return schemas.MustParse(pointText) }

func (p *Point) AppendAvro(dst []byte) ([]byte, error) {
	dst = avrort.AppendInt(dst, p.X)
	return avrort.AppendInt(dst, p.Y), nil
}

func (p *Point) DecodeAvro(r *avrort.Reader) error {
	p.X = r.Int()
	p.Y = r.Int() // after an error this is 0, and the error stays
	return r.Err()
}

// A type with methods of its own is encoded and decoded by them.
func ExampleGenerated() {
	codec, err := avro.NewCodec[[]Point](schemas.MustParse(`{"type": "array", "items": ` + pointText + `}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	datum, err := codec.Append(nil, &[]Point{{1, 2}, {3, 4}})
	fmt.Printf("% x %v\n", datum, err)

	var points []Point
	fmt.Println(codec.Decode(datum, &points), points)
	// Output:
	// 04 02 04 06 08 00 <nil>
	// <nil> [{1 2} {3 4}]
}

// A value that is decoded into again and again keeps its memory.
func ExampleCodec_Decode_reuse() {
	type Event struct {
		Kind  string
		Marks []int32
	}
	codec, err := avro.NewCodec[Event](schemas.MustParse(`{"type": "record", "name": "Event", "fields": [
		{"name": "kind", "type": "string"}, {"name": "marks", "type": {"type": "array", "items": "int"}}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	var event Event
	for _, datum := range []string{"\x06end\x06\x02\x04\x06\x00", "\x06end\x02\x08\x00"} {
		if err := codec.Decode([]byte(datum), &event); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(event.Kind, event.Marks, cap(event.Marks))
	}
	// Output:
	// end [1 2 3] 3
	// end [4] 3
}

package avro_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/schemas"
)

// The logical types that a Go value may be given for, right or wrong.
var logicalSchemas = map[string]string{
	"decimal":          `{"type":"bytes","logicalType":"decimal","precision":100,"scale":2}`,
	"decimal on fixed": `{"type":"fixed","name":"F5","size":5,"logicalType":"decimal","precision":10,"scale":2}`, // as many bytes as "12.50" has
	"decimal on 16":    `{"type":"fixed","name":"F16","size":16,"logicalType":"decimal","precision":38,"scale":2}`,
	"big-decimal":      `{"type":"bytes","logicalType":"big-decimal"}`,
	"uuid":             `{"type":"string","logicalType":"uuid"}`,
	"uuid on fixed":    `{"type":"fixed","name":"U","size":16,"logicalType":"uuid"}`,
	"date":             `{"type":"int","logicalType":"date"}`,
	"time-millis":      `{"type":"int","logicalType":"time-millis"}`,
	"time-micros":      `{"type":"long","logicalType":"time-micros"}`,
	"timestamp-millis": `{"type":"long","logicalType":"timestamp-millis"}`,
	"timestamp-micros": `{"type":"long","logicalType":"timestamp-micros"}`,
	"timestamp-nanos":  `{"type":"long","logicalType":"timestamp-nanos"}`,
	"local-millis":     `{"type":"long","logicalType":"local-timestamp-millis"}`,
	"local-micros":     `{"type":"long","logicalType":"local-timestamp-micros"}`,
	"local-nanos":      `{"type":"long","logicalType":"local-timestamp-nanos"}`,
	"duration":         `{"type":"fixed","name":"D","size":12,"logicalType":"duration"}`,
}

type (
	textAmount struct{ r *big.Rat } // as decimal types of other modules are
	label      string
	textOf16   [16]byte
	textOf12   [12]byte
	textBytes  []byte
	roundingTo float64
	days       int32
	stamped    struct{ time.Time }
	onlyString struct{ s string }
	loud       string // its text is not the string
)

func (d textAmount) MarshalText() ([]byte, error) {
	if d.r == nil {
		return nil, errors.New("no number")
	}
	return []byte(d.r.FloatString(2)), nil
}

func (d *textAmount) UnmarshalText(b []byte) error {
	r, ok := new(big.Rat).SetString(string(b))
	if !ok {
		return fmt.Errorf("no number: %q", b)
	}
	d.r = r
	return nil
}

func (textOf16) MarshalText() ([]byte, error)   { return []byte("1"), nil }
func (*textOf16) UnmarshalText([]byte) error    { return nil }
func (textOf12) MarshalText() ([]byte, error)   { return []byte("1"), nil }
func (*textOf12) UnmarshalText([]byte) error    { return nil }
func (textBytes) MarshalText() ([]byte, error)  { return []byte("1"), nil }
func (*textBytes) UnmarshalText([]byte) error   { return nil }
func (s onlyString) String() string             { return s.s }
func (l loud) MarshalText() ([]byte, error)     { return []byte(l[1:]), nil }
func (l *loud) UnmarshalText(text []byte) error { *l = loud("!" + string(text)); return nil }

// Types with a text or JSON in one direction alone.
type (
	textOut        []byte
	textOutPointer []byte
	textIn         []byte
	textAdded      []byte
	jsonOut        []byte
	jsonIn         []byte
	textOutOf5     [5]byte
	textOutString  string
	textInString   string
)

func (textOut) MarshalText() ([]byte, error)            { return []byte("12.50"), nil }
func (*textOutPointer) MarshalText() ([]byte, error)    { return []byte("12.50"), nil }
func (*textIn) UnmarshalText([]byte) error              { return nil }
func (textAdded) AppendText(dst []byte) ([]byte, error) { return append(dst, "12.50"...), nil }
func (jsonOut) MarshalJSON() ([]byte, error)            { return []byte("12.50"), nil }
func (*jsonIn) UnmarshalJSON([]byte) error              { return nil }
func (*textOutOf5) MarshalText() ([]byte, error)        { return []byte("12.50"), nil }
func (textOutString) MarshalText() ([]byte, error)      { return []byte("13.50"), nil }
func (*textInString) UnmarshalText([]byte) error        { return nil }

// A roundingTo holds no more digits than a float64 does.
func (f roundingTo) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%.2f", float64(f)), nil }
func (f *roundingTo) UnmarshalText(text []byte) error {
	_, err := fmt.Sscanf(string(text), "%f", (*float64)(f))
	return err
}

// tried is what became of one value in one way: its datum, or an error.
type tried struct {
	way   string
	datum string
	err   error
}

// tries encodes a value in every way that there is: by itself, behind a pointer, in
// a struct, in slices and maps of its type, and in generic values.
type tries func(t *testing.T, schema string) []tried

func of[T any](v T) tries {
	return func(t *testing.T, schema string) []tried {
		record := `{"type":"record","name":"R","fields":[{"name":"v","type":` + schema + `}]}`
		nullable := `{"type":"record","name":"R","fields":[{"name":"v","type":["null",` + schema + `]}]}`
		array := `{"type":"array","items":` + schema + `}`
		dict := `{"type":"map","values":` + schema + `}`
		type field struct {
			V T `avro:"v"`
		}
		type pointer struct {
			V *T `avro:"v"`
		}
		type loose struct {
			V any `avro:"v"`
		}
		return []tried{
			try(t, "itself", schema, v, ""),
			try(t, "pointer", schema, &v, ""),
			try(t, "field", record, field{v}, ""),
			try(t, "pointer field", record, pointer{&v}, ""),
			try(t, "nullable field", nullable, pointer{&v}, "\x02"),
			try(t, "slice", array, []T{v}, "\x02"),
			try(t, "map", dict, map[string]T{"k": v}, "\x02\x02k"),
			try(t, "record as a map", record, map[string]T{"v": v}, ""),
			try[any](t, "any", schema, v, ""),
			try[any](t, "pointer in any", schema, &v, ""),
			try(t, "any field", record, loose{v}, ""),
			try(t, "any field, nullable", nullable, loose{v}, "\x02"),
			try(t, "any field, pointer in a union", nullable, loose{&v}, "\x02"),
			try[any](t, "generic record", record, map[string]any{"v": v}, ""),
			try[any](t, "generic nullable", nullable, map[string]any{"v": avro.Union{Branch: schemas.MustParse(schema).Root().BranchName(), Value: v}}, "\x02"),
			try[any](t, "generic array", array, []any{v}, "\x02"),
			try[any](t, "generic map", dict, map[string]any{"k": v}, "\x02\x02k"),
			try[any](t, "slice in any", array, []T{v}, "\x02"),
		}
	}
}

// try encodes v, and requires that JSON says the same, and that what is read back
// is written the same.
func try[T any](t *testing.T, way, schema string, v T, prefix string) tried {
	t.Helper()
	c, err := avro.NewCodec[T](schemas.MustParse(schema))
	if err != nil {
		return tried{way: way, err: err}
	}
	datum, err := c.Append(nil, &v)
	asJSON, errJSON := c.AppendJSON(nil, &v)
	require.Equal(t, err == nil, errJSON == nil, "%s: %v, JSON %v", way, err, errJSON)
	if err != nil {
		return tried{way: way, err: err}
	}
	j, err := avro.NewJSON(schemas.MustParse(schema))
	require.NoError(t, err)
	same, err := j.AppendDatum(nil, asJSON)
	require.NoError(t, err, way)
	require.Equal(t, datum, same, "%s: JSON %s", way, asJSON)
	var back T
	require.NoError(t, c.Decode(datum, &back), "%s: %x", way, datum)
	again, err := c.Append(nil, &back)
	require.NoError(t, err, "%s: %x", way, datum)
	require.Equal(t, datum, again, way)
	text := string(datum)
	require.Equal(t, prefix, text[:len(prefix)], way)
	text = text[len(prefix):]
	if prefix == "\x02" && schema[:15] == `{"type":"array"` || prefix == "\x02\x02k" {
		text = text[:len(text)-1] // the end of the block
	}
	return tried{way: way, datum: text}
}

// Every Go type that somebody may give for a logical type is the value that it says,
// or an error: never another value without a word. What is not in right is refused.
func TestNoValueIsMistaken(t *testing.T) {
	const (
		id      = "01234567-89ab-cdef-0123-456789abcdef"
		idBytes = "\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef"
		zeros   = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	)
	amount := map[string]string{"decimal": "\x04\x04\xe2", "decimal on fixed": "\x00\x00\x00\x04\xe2", "decimal on 16": zeros + "\x04\xe2", "big-decimal": "\x08\x04\x04\xe2\x04"}
	half := map[string]string{"decimal": "\x04\x04\xe2", "decimal on fixed": "\x00\x00\x00\x04\xe2", "decimal on 16": zeros + "\x04\xe2", "big-decimal": "\x06\x02\x7d\x02"} // 12.5
	twelve := map[string]string{"decimal": "\x04\x04\xb0", "decimal on fixed": "\x00\x00\x00\x04\xb0", "decimal on 16": zeros + "\x04\xb0", "big-decimal": "\x06\x02\x0c\x00"}
	uuids := map[string]string{"uuid": "\x48" + id, "uuid on fixed": idBytes}
	units := map[string]string{} // integers are units
	for name := range logicalSchemas {
		switch name {
		case "date", "time-millis", "time-micros", "timestamp-millis", "timestamp-micros", "timestamp-nanos", "local-millis", "local-micros", "local-nanos":
			units[name] = "\x18"
		}
	}
	at := time.Date(1970, 1, 2, 1, 0, 0, 5_000_000, time.FixedZone("", 3600)) // midnight UTC and 5 ms
	times := map[string]string{"date": "\x02"}
	for logical, n := range map[string]int64{
		"timestamp-millis": 86_400_005, "timestamp-micros": 86_400_005_000, "timestamp-nanos": 86_400_005_000_000,
		"local-millis": 90_000_005, "local-micros": 90_000_005_000, "local-nanos": 90_000_005_000_000,
	} {
		times[logical] = string(avrort.AppendLong(nil, n))
	}
	large := new(big.Int).Exp(big.NewInt(10), big.NewInt(40), nil) // more digits than there are on 16 bytes
	hundred := new(big.Int).Mul(large, big.NewInt(100)).Bytes()
	few := "\x01" + zeros[:11]
	for _, c := range []struct {
		name  string
		value tries
		right map[string]string // the datum by logical type
	}{
		{"text of an amount", of("12.50"), amount},
		{"text of an amount, named type", of(label("12.50")), amount},
		{"text of an amount, an exponent", of("1250e-2"), amount},
		{"text of an amount, short", of("12.5"), half},
		{"text of an amount, json.Number", of(json.Number("12.50")), amount},
		{"text of an amount, five zeros more", of("12.5000000"), map[string]string{"decimal": amount["decimal"], "decimal on fixed": amount["decimal on fixed"], "decimal on 16": amount["decimal on 16"], "big-decimal": "\x0c\x08\x07\x73\x59\x40\x0e"}},
		{"text of a number that is too fine", of("12.505"), map[string]string{"big-decimal": "\x08\x04\x30\xd9\x06"}},
		{"text of a number that is too large", of(large.String()), map[string]string{"decimal": "\x24" + string(hundred), "big-decimal": "\x26\x22" + string(large.Bytes()) + "\x00"}},
		{"text that is no number", of("twelve"), nil},
		{"text of a fraction", of("25/2"), nil},
		{"text, hexadecimal", of("0x0c"), nil},
		{"text, a sign too many", of("1.-5"), nil},
		{"no text", of(""), nil},
		{"no text, json.Number", of(json.Number("")), nil},
		{"text of a UUID", of(id), uuids},
		{"text of a UUID, named type", of(label(id)), uuids},
		{"text of a UUID in braces", of("{" + id + "}"), nil},
		{"text of 16 characters", of("0123456789abcdef"), nil},
		{"text of a duration, of 12 characters", of("P1M2DT3.004S"), nil},
		{"text of a date", of("2024-01-02"), nil},
		{"text of an instant", of("2024-01-02T03:04:05Z"), nil},
		{"text of an integer", of("12"), twelve},
		{"a string with a text of its own", of(loud("!12.50")), amount},
		{"a string with the text of a UUID", of(loud("!" + id)), uuids},
		{"bytes, encoded", of([]byte{0x04, 0xe2}), map[string]string{"decimal": "\x04\x04\xe2"}},
		{"bytes, an encoded big-decimal", of([]byte("\x04\x04\xe2\x04")), map[string]string{"decimal": "\x08\x04\x04\xe2\x04", "big-decimal": amount["big-decimal"]}},
		{"bytes, the text of a UUID", of([]byte(id)), map[string]string{"decimal": "\x48" + id, "uuid": "\x48" + id}},
		{"bytes, 16", of([]byte(idBytes)), map[string]string{"decimal": "\x20" + idBytes, "decimal on 16": idBytes, "uuid on fixed": idBytes}},
		{"bytes, 12", of([]byte(few)), map[string]string{"decimal": "\x18" + few, "duration": few}},
		{"bytes with a text of their own", of(textBytes(zeros[:12])), nil},
		{"bytes with a text to write", of(textOut{1}), nil},
		{"bytes with a text to write, by a pointer", of(textOutPointer{1}), nil},
		{"bytes with a text to read", of(textIn{1}), nil},
		{"bytes with a text to append", of(textAdded{1}), nil},
		{"bytes with JSON to write", of(jsonOut{1}), nil},
		{"bytes with JSON to read", of(jsonIn{1}), nil},
		{"bytes with a text to write, 16", of(textOut(idBytes)), nil},
		{"bytes with a text to write, the text of a UUID", of(textOut(id)), nil},
		{"array with a text to write", of(textOutOf5{}), nil},
		{"a string with a text to write", of(textOutString("12.50")), nil},
		{"a string with a text to write, a UUID", of(textOutString(id)), nil},
		{"a string with a text to read", of(textInString("12.50")), nil},
		{"an address", of(net.IP(idBytes)), nil},
		{"JSON", of(json.RawMessage(`12.50`)), nil},
		{"JSON of 12 bytes", of(json.RawMessage(`"1234567890"`)), nil},
		{"array of 5 bytes", of([5]byte{3: 4, 4: 0xe2}), map[string]string{"decimal on fixed": amount["decimal on fixed"]}},
		{"array of 12 bytes", of([12]byte{}), map[string]string{"duration": zeros[:12]}},
		{"array of 16 bytes", of([16]byte([]byte(idBytes))), map[string]string{"decimal on 16": idBytes, "uuid on fixed": idBytes}},
		{"array of 16 bytes with a text of its own", of(textOf16([]byte(idBytes))), map[string]string{"uuid on fixed": idBytes}},
		{"array of 12 bytes with a text of its own", of(textOf12{}), nil},
		{"avro.UUID", of(avro.UUID([]byte(idBytes))), uuids},
		{"bool", of(true), nil},
		{"int", of(12), units},
		{"int8", of(int8(12)), units},
		{"int32", of(int32(12)), units},
		{"int64", of(int64(12)), units},
		{"uint64", of(uint64(12)), units},
		{"an integer of another name", of(days(12)), units},
		{"time.Month", of(time.December), nil},
		{"time.Weekday", of(time.Friday), nil},
		{"float32", of(float32(12.5)), nil},
		{"float64", of(12.5), nil},
		{"a rounding number", of(roundingTo(12.5)), amount},
		{"time.Duration", of(12 * time.Second), map[string]string{"time-millis": "\xc0\xbb\x01", "time-micros": "\x80\xec\xb8\x0b"}},
		{"time.Duration beyond a day", of(24 * time.Hour), nil},
		{"time.Time", of(at), times},
		{"a struct around a time.Time", of(stamped{at}), nil},
		{"big.Rat", of(*big.NewRat(25, 2)), half},
		{"big.Rat that does not end", of(*big.NewRat(1, 3)), nil},
		{"big.Int", of(*big.NewInt(12)), nil},
		{"big.Float", of(*big.NewFloat(12.5)), half},
		{"avro.Decimal", of(avro.NewDecimal(1250, 2)), amount},
		{"a decimal of another module", of(textAmount{big.NewRat(25, 2)}), amount},
		{"a type with String", of(onlyString{"12.50"}), nil},
		{"avro.Duration", of(avro.Duration{}), map[string]string{"duration": zeros[:12]}},
		{"a struct", of(struct{ A int }{}), nil},
		{"array of integers", of([]int32{12}), nil},
	} {
		for logical, schema := range logicalSchemas {
			t.Run(c.name+" as "+logical, func(t *testing.T) {
				want, ok := c.right[logical]
				for _, have := range c.value(t, schema) {
					if have.err != nil {
						require.False(t, ok, "%s: %v", have.way, have.err)
						continue
					}
					require.True(t, ok, "%s: want an error, have %x", have.way, have.datum)
					require.Equal(t, want, have.datum, have.way)
				}
			})
		}
	}
}

// A big.Int is a decimal where it can only mean one number.
func TestBigIntAsDecimal(t *testing.T) {
	whole := newCodec[*big.Int](t, `{"type":"bytes","logicalType":"decimal","precision":4}`)
	require.Equal(t, "\x02\x0c", string(encode(t, whole, big.NewInt(12))))
	require.Equal(t, big.NewInt(-12), roundTrip(t, whole, big.NewInt(-12)))
}

// A type that rounds is an error where it does not hold the number that is read.
func TestDecimalIntoARoundingType(t *testing.T) {
	const schema = `{"type":"bytes","logicalType":"decimal","precision":40,"scale":2}`
	var f roundingTo
	require.NoError(t, newCodec[roundingTo](t, schema).Decode(encode(t, newCodec[string](t, schema), "0.10"), &f))
	require.ErrorIs(t, newCodec[roundingTo](t, schema).Decode(encode(t, newCodec[string](t, schema), "12345678901234567890.12"), &f), avro.ErrRange)
	var b *big.Float
	require.ErrorIs(t, newCodec[*big.Float](t, schema).Decode(encode(t, newCodec[string](t, schema), "12345678901234567890.12"), &b), avro.ErrRange)
}

// What a string shows of a decimal is the number, to the last digit, and a scale of
// a few bytes does not make kilobytes of zeros.
func TestDecimalAsText(t *testing.T) {
	const fine = `{"type":"bytes","logicalType":"decimal","precision":6,"scale":2}`
	require.Equal(t, "12.50", roundTrip(t, newCodec[string](t, fine), "12.5"))
	require.Equal(t, "-0.05", roundTrip(t, newCodec[string](t, fine), "-0.05"))
	require.Equal(t, json.Number("100.00"), roundTrip(t, newCodec[json.Number](t, fine), "1e2"))
	require.Equal(t, "5e3", roundTrip(t, newCodec[string](t, bigDecimal), "5e3"))
	require.Equal(t, "5e-16000", roundTrip(t, newCodec[string](t, bigDecimal), "5e-16000"))
	var d avro.Decimal
	for _, text := range []string{"12.50", "1.25e1", "125e-1"} {
		require.NoError(t, newCodec[avro.Decimal](t, fine).Decode(encode(t, newCodec[string](t, fine), text), &d))
		require.Equal(t, "12.50", d.String())
	}
}

// In unions text is text before it is a number.
func TestTextInUnionsWithLogicalTypes(t *testing.T) {
	const amount = `{"type":"bytes","logicalType":"decimal","precision":6,"scale":2}`
	for _, c := range []struct {
		union string
		value any
		datum string
	}{
		{`["null",` + amount + `]`, "12.50", "\x02\x04\x04\xe2"},
		{`["null",` + amount + `]`, json.Number("12.50"), "\x02\x04\x04\xe2"},
		{`["null",` + amount + `]`, textAmount{big.NewRat(25, 2)}, "\x02\x04\x04\xe2"},
		{`["null",` + decimalFixed + `]`, "12.50", "\x02\x00\x04\xe2"},
		{`["null",` + amount + `,"string"]`, "12.50", "\x04\x0a12.50"},
		{`["null",` + amount + `,"string"]`, textAmount{big.NewRat(25, 2)}, "\x04\x0a12.50"},
		{`["null",` + amount + `,"string"]`, avro.NewDecimal(1250, 2), "\x02\x04\x04\xe2"},
		{`["null","string",` + decimalFixed + `]`, "F.1", "\x02\x06F.1"},
		{`["null",{"type":"fixed","name":"U","size":16,"logicalType":"uuid"}]`, "30313233-3435-3637-3839-616263646566", "\x020123456789abcdef"},
		{`["null",{"type":"string","logicalType":"uuid"}]`, []byte("30313233-3435-3637-3839-616263646566"), "\x02\x4830313233-3435-3637-3839-616263646566"},
	} {
		require.Equal(t, c.datum, string(encode(t, newCodec[any](t, c.union), c.value)), "%v as %s", c.value, c.union)
	}
}

// Raw strings, on request: text that is no UUID passes through.
func TestRawTextOfUUIDs(t *testing.T) {
	const schema = `{"type":"string","logicalType":"uuid"}`
	require.Equal(t, "x", roundTrip(t, newCodec[string](t, schema, avro.WithRawLogicalTypes()), "x"))
	require.Equal(t, "x", roundTrip[any](t, newCodec[any](t, schema, avro.WithRawLogicalTypes()), "x"))
	require.Equal(t, []byte("x"), roundTrip(t, newCodec[[]byte](t, schema, avro.WithRawLogicalTypes()), []byte("x")))
	var s string
	require.NoError(t, newCodec[string](t, schema).Decode([]byte("\x02x"), &s), "what others wrote is read")
	require.Equal(t, "x", s)
}

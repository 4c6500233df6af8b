package goavro

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/linkedin/goavro/v2"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/internal/numtext"
	"github.com/kavro/kavro/schemas"
)

// A Codec encodes and decodes goavro's native values. Its methods are those of an
// [avro.Codec] of any, and it is safe for concurrent use as well. It is slower.
type Codec struct {
	valid *avro.Codec[any] // of the same schema, to validate data
	codec *goavro.Codec
}

// NewCodec makes a codec for goavro's native values. s may not be nil. Options that
// set limits apply to decoding; the others change nothing. The error is goavro's where
// it does not take the schema: it knows fewer than Avro does.
func NewCodec(s *schemas.Schema, opts ...avro.Option) (c *Codec, err error) {
	if s == nil {
		return nil, errors.New("goavro: NewCodec: the schema is nil")
	}
	if strconv.IntSize < 64 {
		return nil, errors.New("goavro: large ints are read wrongly where Go's int has 32 bits; use avro.NewCodec")
	}
	valid, err := avro.NewCodec[any](s, opts...)
	if err != nil {
		return nil, err
	}
	defer recovered(&err)
	text, err := json.Marshal(schemaText(s.Root(), map[string]bool{}))
	if err != nil {
		return nil, fmt.Errorf("goavro: %w", err)
	}
	codec, err := goavro.NewCodec(string(text))
	if err != nil {
		return nil, fmt.Errorf("goavro: %w", err)
	}
	return &Codec{valid: valid, codec: codec}, nil
}

// schemaText is a node as JSON text says it, with all that it refers to defined
// in it, since goavro takes one text.
func schemaText(n *schemas.Node, defined map[string]bool) any {
	if n.FullName() != "" && defined[n.FullName()] {
		return n.FullName()
	}
	out := map[string]any{"type": n.Type().String()}
	if n.FullName() != "" {
		defined[n.FullName()] = true
		out["name"] = n.FullName()
	}
	if l := n.Logical(); l.Name != "" {
		out["logicalType"] = l.Name
		if l.Name == "decimal" {
			out["precision"], out["scale"] = l.Precision, l.Scale
		}
	}
	switch n.Type() {
	case schemas.Array:
		out["items"] = schemaText(n.Items(), defined)
	case schemas.Map:
		out["values"] = schemaText(n.Items(), defined)
	case schemas.Fixed:
		out["size"] = n.Size()
	case schemas.Enum:
		out["symbols"] = n.Symbols()
	case schemas.Union:
		branches := make([]any, len(n.Branches()))
		for i, b := range n.Branches() {
			branches[i] = schemaText(b, defined)
		}
		return branches
	case schemas.Record:
		fields := make([]any, len(n.Fields()))
		for i, f := range n.Fields() {
			field := map[string]any{"name": f.Name(), "type": schemaText(f.Type(), defined)}
			if def, ok := f.Default(); ok {
				if def = defaultText(f.Type(), def); def != nil {
					field["default"] = def
				}
			}
			fields[i] = field
		}
		out["fields"] = fields
	}
	return out
}

// defaultText is a default as goavro takes it. It has no strings for floats: one
// is a number, and none at all where JSON has no number for it, so that a value
// without the field is an error.
func defaultText(n *schemas.Node, def json.RawMessage) json.RawMessage {
	var text string
	if n.Type() != schemas.Float && n.Type() != schemas.Double || json.Unmarshal(def, &text) != nil {
		return def
	}
	v, ok := numtext.JavaDouble(text)
	if !ok {
		return def
	}
	number, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return number
}

// Schema returns the schema given to [NewCodec].
func (c *Codec) Schema() *schemas.Schema { return c.valid.Schema() }

// Append appends v's datum to dst. On an error, an [*avro.EncodeError], that is dst as
// it was.
func (c *Codec) Append(dst []byte, v *any) ([]byte, error) {
	if v == nil {
		return dst, &avro.EncodeError{Err: errors.New("the value to encode is nil")}
	}
	check := checker{open: map[*schemas.Node]int{}}
	if err := check.value(c.Schema().Root(), *v); err != nil {
		if _, ok := err.(*avro.EncodeError); !ok {
			err = &avro.EncodeError{Err: err}
		}
		return dst, err
	}
	out, err := c.append(dst, *v)
	if err != nil {
		return dst, &avro.EncodeError{Err: fmt.Errorf("goavro: %w", err)}
	}
	return out, nil
}

func (c *Codec) append(dst []byte, v any) (out []byte, err error) {
	defer recovered(&err)
	return c.codec.BinaryFromNative(dst, v)
}

// Decode reads a datum, all of datum, and sets v to a new value. The error is a
// [*avro.DecodeError].
func (c *Codec) Decode(datum []byte, v *any) error {
	if v == nil {
		return &avro.DecodeError{Err: errors.New("the value to decode into is nil")}
	}
	if err := c.valid.Validate(datum); err != nil {
		return err
	}
	out, err := c.decode(datum)
	if err != nil {
		return &avro.DecodeError{Err: fmt.Errorf("goavro: %w", err)}
	}
	*v = out
	return nil
}

func (c *Codec) decode(datum []byte) (v any, err error) {
	defer recovered(&err)
	v, rest, err := c.codec.NativeFromBinary(datum)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%w: %s", avro.ErrTrailing, count.Of(len(rest), "byte"))
	}
	return v, err
}

// recovered turns a panic into an error.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("panic: %v", p)
	}
}

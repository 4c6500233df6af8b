package avro

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/internal/numtext"
	"github.com/kavro/kavro/schemas"
	"github.com/linkedin/goavro/v2"
)

// This file is all of kavro that knows goavro. What is mended here:
//
//   - it reads on past the end of numbers (an int of 64 bits is cut to 32), takes
//     counts and lengths at their word, and overflows the stack on deep data: a
//     datum is walked by its schema first, and only a sound one is handed over;
//   - it returns what follows a datum: that is an error;
//   - where Go's int has 32 bits it reads large ints as other numbers: there is no
//     such codec there;
//   - it writes some values as others: see checkNative;
//   - it panics on some Go values and schemas: a panic is an error;
//   - its errors have no types: they come as the usual ones.

// A GoavroCodec encodes and decodes the native values of package goavro, for
// programs that have them: unions as map[string]any{"branch": value}, decimals as
// *big.Rat. Its methods are those of a [Codec] of any, and it is safe for
// concurrent use as well. goavro is slower, and right about less.
type GoavroCodec struct {
	schema *schemas.Schema
	shape  *shape
	cfg    config
	codec  *goavro.Codec
}

// NewGoavroCodec makes a codec for goavro's native values. Options that set
// limits apply when decoding; the others are for [NewCodec]. The error is goavro's
// where it does not take the schema: it knows fewer than Avro does.
func NewGoavroCodec(s *schemas.Schema, opts ...Option) (c *GoavroCodec, err error) {
	if s == nil {
		return nil, errors.New("avro: NewGoavroCodec: the schema is nil")
	}
	if strconv.IntSize < 64 {
		return nil, errors.New("avro: goavro reads large ints wrongly where Go's int has 32 bits; use NewCodec")
	}
	cfg, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	sh, err := newShape(s.Root(), &cfg)
	if err != nil {
		return nil, err
	}
	defer recovered(&err)
	text, err := json.Marshal(goavroSchema(s.Root(), map[string]bool{}))
	if err != nil {
		return nil, fmt.Errorf("avro: goavro: %w", err)
	}
	codec, err := goavro.NewCodec(string(text))
	if err != nil {
		return nil, fmt.Errorf("avro: goavro: %w", err)
	}
	return &GoavroCodec{schema: s, shape: sh, cfg: cfg, codec: codec}, nil
}

// goavroSchema is a node as JSON text says it, with all that it refers to defined
// in it, since goavro takes one text.
func goavroSchema(n *schemas.Node, defined map[string]bool) any {
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
		out["items"] = goavroSchema(n.Items(), defined)
	case schemas.Map:
		out["values"] = goavroSchema(n.Items(), defined)
	case schemas.Fixed:
		out["size"] = n.Size()
	case schemas.Enum:
		out["symbols"] = n.Symbols()
	case schemas.Union:
		branches := make([]any, len(n.Branches()))
		for i, b := range n.Branches() {
			branches[i] = goavroSchema(b, defined)
		}
		return branches
	case schemas.Record:
		fields := make([]any, len(n.Fields()))
		for i, f := range n.Fields() {
			field := map[string]any{"name": f.Name(), "type": goavroSchema(f.Type(), defined)}
			if def, ok := f.Default(); ok {
				if def = goavroDefault(f.Type(), def); def != nil {
					field["default"] = def
				}
			}
			fields[i] = field
		}
		out["fields"] = fields
	}
	return out
}

// goavroDefault is a default as goavro takes it. It has no strings for floats: one
// is a number, and none at all where JSON has no number for it, so that a value
// without the field is an error.
func goavroDefault(n *schemas.Node, def json.RawMessage) json.RawMessage {
	var text string
	if !isFloat(n) || json.Unmarshal(def, &text) != nil {
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

// Schema returns the schema given to [NewGoavroCodec].
func (c *GoavroCodec) Schema() *schemas.Schema { return c.schema }

// Append appends v's datum to dst. On an error, an [*EncodeError], that is dst as
// it was.
func (c *GoavroCodec) Append(dst []byte, v *any) ([]byte, error) {
	if v == nil {
		return dst, &EncodeError{Err: errNil}
	}
	if err := c.shape.checkNative(*v, 0, c.cfg.limits.maxDepth); err != nil {
		if _, ok := err.(*EncodeError); !ok {
			err = &EncodeError{Err: err}
		}
		return dst, err
	}
	out, err := c.append(dst, *v)
	if err != nil {
		return dst, &EncodeError{Err: fmt.Errorf("goavro: %w", err)}
	}
	return out, nil
}

func (c *GoavroCodec) append(dst []byte, v any) (out []byte, err error) {
	defer recovered(&err)
	return c.codec.BinaryFromNative(dst, v)
}

// Decode reads a datum, all of datum, and sets v to a new value. The error is a
// [*DecodeError].
func (c *GoavroCodec) Decode(datum []byte, v *any) error {
	if v == nil {
		return &DecodeError{Err: errors.New("the value to decode into is nil")}
	}
	r := newReader(datum, &c.cfg)
	r.pass(c.shape)
	if err := r.Done(); err != nil {
		return located(err, c.shape, datum, &c.cfg)
	}
	out, err := c.decode(datum)
	if err != nil {
		return &DecodeError{Err: fmt.Errorf("goavro: %w", err)}
	}
	*v = out
	return nil
}

func (c *GoavroCodec) decode(datum []byte) (v any, err error) {
	defer recovered(&err)
	v, rest, err := c.codec.NativeFromBinary(datum)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%w: %s", ErrTrailing, count.Of(len(rest), "byte"))
	}
	return v, err
}

// recovered turns a panic into an error.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("avro: goavro panicked: %v", p)
	}
}

package bench

import (
	"fmt"

	hamba "github.com/hamba/avro/v2"
	"github.com/linkedin/goavro/v2"
	twmb "github.com/twmb/avro"
)

// peer is another library, as far as schemas and data of it can be compared.
type peer struct {
	name string
	// parse takes a schema's text.
	parse func(text string) (any, error)
	// rewrite decodes a datum of a parsed schema, all of it, and encodes it again.
	rewrite func(s any, datum []byte) ([]byte, error)
	// canRead says whether reader reads all that writer writes. nil: it cannot say.
	canRead func(reader, writer any) error
	// resolve decodes a datum of writer's as reader's, and encodes it with reader.
	resolve func(writer, reader any, datum []byte) ([]byte, error)
	// canonical is the parsing canonical form.
	canonical func(s any) string
}

// peers are the other libraries. What panics is an error that says so.
func peers() []peer {
	return []peer{
		{
			name:  Twmb,
			parse: func(text string) (any, error) { return caught(func() (any, error) { return twmb.Parse(text) }) },
			rewrite: func(s any, datum []byte) ([]byte, error) {
				return caught(func() ([]byte, error) {
					return twmbRewrite(s.(*twmb.Schema), s.(*twmb.Schema), datum)
				})
			},
			canRead: func(reader, writer any) error {
				_, err := caught(func() (any, error) { return twmb.Resolve(writer.(*twmb.Schema), reader.(*twmb.Schema)) })
				return err
			},
			resolve: func(writer, reader any, datum []byte) ([]byte, error) {
				return caught(func() ([]byte, error) {
					resolved, err := twmb.Resolve(writer.(*twmb.Schema), reader.(*twmb.Schema))
					if err != nil {
						return nil, err
					}
					return twmbRewrite(resolved, reader.(*twmb.Schema), datum)
				})
			},
			canonical: func(s any) string { return string(s.(*twmb.Schema).Canonical()) },
		},
		{
			name: Hamba,
			parse: func(text string) (any, error) {
				return caught(func() (any, error) { return hamba.ParseWithCache(text, "", &hamba.SchemaCache{}) })
			},
			rewrite: func(s any, datum []byte) ([]byte, error) {
				return caught(func() ([]byte, error) { return hambaRewrite(s.(hamba.Schema), s.(hamba.Schema), datum) })
			},
			canRead: func(reader, writer any) error {
				_, err := caught(func() (any, error) {
					return nil, hamba.NewSchemaCompatibility().Compatible(reader.(hamba.Schema), writer.(hamba.Schema))
				})
				return err
			},
			resolve: func(writer, reader any, datum []byte) ([]byte, error) {
				return caught(func() ([]byte, error) {
					resolved, err := hamba.NewSchemaCompatibility().Resolve(reader.(hamba.Schema), writer.(hamba.Schema))
					if err != nil {
						return nil, err
					}
					return hambaRewrite(resolved, reader.(hamba.Schema), datum)
				})
			},
			canonical: func(s any) string { return s.(hamba.Schema).String() },
		},
		{
			name:  Goavro,
			parse: func(text string) (any, error) { return caught(func() (any, error) { return goavro.NewCodec(text) }) },
			rewrite: func(s any, datum []byte) ([]byte, error) {
				return caught(func() ([]byte, error) {
					v, rest, err := s.(*goavro.Codec).NativeFromBinary(datum)
					if err != nil {
						return nil, err
					}
					if len(rest) > 0 {
						return nil, fmt.Errorf("%d bytes left", len(rest))
					}
					return s.(*goavro.Codec).BinaryFromNative(nil, v)
				})
			},
			canonical: func(s any) string { return s.(*goavro.Codec).CanonicalSchema() },
		},
	}
}

func twmbRewrite(from, to *twmb.Schema, datum []byte) ([]byte, error) {
	var v any
	rest, err := from.Decode(datum, &v, twmb.TaggedUnions())
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%d bytes left", len(rest))
	}
	return to.AppendEncode(nil, v)
}

// hambaRewrite cannot see that bytes are left: that library does not tell. Each
// call has an API of its own: an API keeps codecs by a fingerprint in which a type
// that is used again counts by its name alone, so what one seed made of a name
// would be used for another's.
func hambaRewrite(from, to hamba.Schema, datum []byte) ([]byte, error) {
	var v any
	if err := (hamba.Config{}).Freeze().Unmarshal(from, datum, &v); err != nil {
		return nil, err
	}
	return (hamba.Config{}).Freeze().Marshal(to, v)
}

// caught runs f; a panic is an error.
func caught[T any](f func() (T, error)) (out T, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return f()
}

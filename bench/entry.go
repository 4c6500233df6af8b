package bench

import (
	"fmt"
	"reflect"

	hamba "github.com/hamba/avro/v2"
	"github.com/linkedin/goavro/v2"
	twmb "github.com/twmb/avro"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/schemas"
)

// Operations, in the order of the table.
const (
	Encode        = "encode"
	Decode        = "decode"
	DecodeReused  = "decode reused"
	GenericEncode = "generic encode"
	GenericDecode = "generic decode"
)

// The libraries.
const (
	Kavro          = "kavro"
	KavroGenerated = "kavro generated"
	KavroStruct    = "kavro struct"
	KavroGeneric   = "kavro generic"
	Twmb           = "twmb/avro"
	Hamba          = "hamba/avro"
	Goavro         = "goavro"
)

// Entry is one library doing one operation on one shape.
type Entry struct {
	Shape, Op, Library string
	Run                func() error
	Check              func() error // of what Run does, once
	Of                 string       // not a library but a measure: of the cost of this library in the same row
}

// Ours reports whether the entry is kavro's.
func (e Entry) Ours() bool {
	return e.Library == Kavro || e.Library == KavroGenerated || e.Library == KavroStruct || e.Library == KavroGeneric
}

// shape builds the entries of one value of T.
type shape[T any] struct {
	name    string
	text    string
	value   T
	generic any // value without a Go type
	tagged  any // the same for twmb and hamba, where a union wants its branch named; nil: generic
	native  any // value as goavro takes it
	writers []evolution
	options []avro.Option
	more    func(s shape[T]) []Entry // the generated type's
	noTwmb  bool                     // twmb decodes this into other Go types than the shape's
}

// evolution is an older schema whose data is read as the shape's.
type evolution struct {
	name string // "added field", ...
	text string
	old  any // a generic value of it
	want any // nil: the shape's value; else a T
}

func (s shape[T]) entries() []Entry {
	schema := schemas.MustParse(s.text)
	codec := must(avro.NewCodec[T](schema, s.options...))
	anyCodec := must(avro.NewCodec[any](schema))
	theirs := must(twmb.Parse(s.text))
	archived := must(hamba.ParseWithCache(s.text, "", &hamba.SchemaCache{}))
	linkedin := must(goavro.NewCodec(s.text))
	datum := must(codec.Append(nil, &s.value))

	var out []Entry
	add := func(op, library string, run, check func() error) {
		out = append(out, Entry{Shape: s.name, Op: op, Library: library, Run: run, Check: check})
	}
	encode := func(op, library string, size int, run func(dst []byte) ([]byte, error)) {
		buf := make([]byte, 0, size)
		add(op, library, func() (err error) {
			buf, err = run(buf[:0])
			return err
		}, func() error { return s.sameData(anyCodec, buf, datum) })
	}
	capacity := 2*len(datum) + 64
	if s.tagged == nil {
		s.tagged = s.generic
	}

	if s.more != nil {
		out = append(out, s.more(s)...)
	}
	encode(Encode, KavroStruct, capacity, func(dst []byte) ([]byte, error) { return codec.Append(dst, &s.value) })
	encode(Encode, Twmb, capacity, func(dst []byte) ([]byte, error) { return theirs.AppendEncode(dst, &s.value) })
	writer := hamba.NewWriter(nil, capacity)
	hambaEncode := func(v any) func(dst []byte) ([]byte, error) {
		return func(dst []byte) ([]byte, error) {
			writer.Reset(nil)
			writer.WriteVal(archived, v)
			return append(dst, writer.Buffer()...), writer.Error
		}
	}
	encode(Encode, Hamba, capacity, hambaEncode(&s.value))
	encode(GenericEncode, KavroGeneric, capacity, func(dst []byte) ([]byte, error) { return anyCodec.Append(dst, &s.generic) })
	encode(GenericEncode, Twmb, capacity, func(dst []byte) ([]byte, error) { return theirs.AppendEncode(dst, s.tagged) })
	encode(GenericEncode, Hamba, capacity, hambaEncode(s.tagged))
	encode(GenericEncode, Goavro, capacity, func(dst []byte) ([]byte, error) { return linkedin.BinaryFromNative(dst, s.native) })

	decode := func(op, library string, reuse bool, want any, run func(v *T) error) {
		kept := new(T)
		add(op, library, func() error {
			v := kept
			if !reuse {
				v = new(T)
				kept = v
			}
			return run(v)
		}, func() error { return equal(*kept, want) })
	}
	for _, reuse := range []bool{false, true} {
		op := map[bool]string{false: Decode, true: DecodeReused}[reuse]
		decode(op, KavroStruct, reuse, s.value, func(v *T) error { return codec.Decode(datum, v) })
		if !s.noTwmb {
			decode(op, Twmb, reuse, s.value, func(v *T) error { return second(theirs.Decode(datum, v)) })
		}
		decode(op, Hamba, reuse, s.value, func(v *T) error { return hamba.Unmarshal(archived, datum, v) })
	}
	for _, w := range s.writers {
		out = append(out, s.evolved(w, codec, theirs, archived)...)
	}

	var kept any
	add(GenericDecode, KavroGeneric, func() error { kept = nil; return anyCodec.Decode(datum, &kept) }, func() error { return some(kept) })
	add(GenericDecode, Twmb, func() error { kept = nil; return second(theirs.Decode(datum, &kept)) }, func() error { return some(kept) })
	add(GenericDecode, Hamba, func() error { kept = nil; return hamba.Unmarshal(archived, datum, &kept) }, func() error { return some(kept) })
	add(GenericDecode, Goavro, func() (err error) { kept, _, err = linkedin.NativeFromBinary(datum); return err }, func() error { return some(kept) })
	return out
}

// evolved are the entries for data of an older schema.
func (s shape[T]) evolved(w evolution, codec *avro.Codec[T], theirs *twmb.Schema, archived hamba.Schema) []Entry {
	writer := schemas.MustParse(w.text)
	datum := must(must(avro.NewCodec[any](writer)).Append(nil, &w.old))
	res := must(avro.NewResolution(writer, codec.Schema()))
	resolved := must(twmb.Resolve(must(twmb.Parse(w.text)), theirs))
	older := must(hamba.ParseWithCache(w.text, "", &hamba.SchemaCache{}))
	composite := must(hamba.NewSchemaCompatibility().Resolve(archived, older))
	want := w.want
	if want == nil {
		want = s.value
	}
	var buf []byte
	op := evolvedOp(w)
	entry := func(library string, run func(v *T) error) Entry {
		kept := new(T)
		return Entry{Shape: s.name, Op: op, Library: library,
			Run:   func() error { kept = new(T); return run(kept) },
			Check: func() error { return equal(*kept, want) },
		}
	}
	same := must(codec.Append(nil, ptr(want.(T))))
	base := entry("measure: the reader's own data, struct", func(v *T) error { return codec.Decode(same, v) })
	base.Of = KavroStruct
	return []Entry{
		base,
		entry(KavroStruct, func(v *T) (err error) { // as serde's deserializer does
			if buf, err = res.AppendUnchecked(buf[:0], datum); err != nil {
				return err
			}
			return codec.Decode(buf, v)
		}),
		entry(Twmb, func(v *T) error { return second(resolved.Decode(datum, v)) }),
		entry(Hamba, func(v *T) error { return hamba.Unmarshal(composite, datum, v) }),
	}
}

// generated are the entries of G, which kavro gen wrote for the shape's schema.
func generatedAs[T, G any](s shape[T]) []Entry {
	schema := schemas.MustParse(s.text)
	structs := must(avro.NewCodec[T](schema, s.options...))
	codec := must(avro.NewCodec[G](schema))
	as := func(v T) (g G) { // through the data: the two types have nothing else in common
		if err := codec.Decode(must(structs.Append(nil, &v)), &g); err != nil {
			panic(err)
		}
		return g
	}
	value := as(s.value)
	datum := must(structs.Append(nil, &s.value))
	buf := make([]byte, 0, 2*len(datum)+64)
	entries := []Entry{{Shape: s.name, Op: Encode, Library: KavroGenerated,
		Run: func() (err error) {
			buf, err = codec.Append(buf[:0], &value)
			return err
		},
		Check: func() error { return s.sameData(must(avro.NewCodec[any](schema)), buf, datum) },
	}}
	add := func(op, library, of string, want G, run func(v *G) error, reuse bool) {
		kept := new(G)
		entries = append(entries, Entry{Shape: s.name, Op: op, Library: library, Of: of,
			Run: func() error {
				if !reuse {
					kept = new(G)
				}
				return run(kept)
			},
			Check: func() error { return equal(*kept, want) },
		})
	}
	decode := func(op string, want G, run func(v *G) error, reuse bool) {
		add(op, KavroGenerated, "", want, run, reuse)
	}
	plain := func(v *G) error { return codec.Decode(datum, v) }
	decode(Decode, value, plain, false)
	decode(DecodeReused, value, plain, true)
	for _, w := range s.writers {
		writer := schemas.MustParse(w.text)
		older := must(must(avro.NewCodec[any](writer)).Append(nil, &w.old))
		res := must(avro.NewResolution(writer, schema))
		want := value
		if w.want != nil {
			want = as(w.want.(T))
		}
		var scratch []byte
		decode(evolvedOp(w), want, func(v *G) (err error) {
			if scratch, err = res.AppendUnchecked(scratch[:0], older); err != nil {
				return err
			}
			return codec.Decode(scratch, v)
		}, false)
		same := must(codec.Append(nil, &want))
		add(evolvedOp(w), "measure: the reader's own data, generated", KavroGenerated, want, func(v *G) error { return codec.Decode(same, v) }, false)
	}
	return entries
}

func evolvedOp(w evolution) string { return "decode evolved: " + w.name }

// sameData compares data by what kavro reads from them: the order of a map's
// keys, and the form of blocks, are an encoder's own.
func (s shape[T]) sameData(codec *avro.Codec[any], got, want []byte) error {
	var a, b any
	if err := codec.Decode(got, &a); err != nil {
		return err
	}
	if err := codec.Decode(want, &b); err != nil {
		return err
	}
	return equal(a, b)
}

func equal(got, want any) error {
	if !reflect.DeepEqual(got, want) {
		return fmt.Errorf("got %v, want %v", got, want)
	}
	return nil
}

func some(v any) error {
	if v == nil {
		return fmt.Errorf("nothing was decoded")
	}
	return nil
}

func second[A any](_ A, err error) error { return err }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err) // a shape that does not fit its schema: a mistake in this package
	}
	return v
}

func ptr[T any](v T) *T { return &v }

package gen

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/kavro/kavro/schemas"
)

// named writes a type and all that belongs to it.
func (f *file) named(t *named) error {
	f.use("avrort")
	switch {
	case plainLogical(t.node):
		f.wrapperType(t.name, fmt.Sprintf("%s is the fixed %s.", t.name, t.node.FullName()), t.node.Doc(), &typ{kind: logicalKind, node: t.node, logical: logicalOf(t.node)})
	case t.node.Type() == schemas.Record:
		if err := f.record(t); err != nil {
			return err
		}
	case t.node.Type() == schemas.Enum:
		f.enum(t)
	default:
		f.fixed(t)
	}
	f.schemaMethod(t.name, t.schemaFn)
	f.schemaFunc(t.schemaFn, f.namedSchema(t))
	if t.isTop {
		f.fingerprint(t.pkg, t.name, t.input.schema)
	}
	return nil
}

func (f *file) schemaMethod(name, fn string) {
	f.printf("\n// AvroSchema returns the schema of the type.\nfunc (*%s) AvroSchema() *schemas.Schema { return %s() }\n", name, fn)
}

func (f *file) fingerprint(p *pkg, name string, s *schemas.Schema) {
	c := p.scope.take(name + "Fingerprint")
	f.printf("\n// %s is the CRC-64-AVRO of the schema of [%s].\nconst %s uint64 = %#016x\n", c, name, c, s.Fingerprint())
}

// wrapper writes the type for a schema whose top has no name.
func (f *file) wrapper(w *wrapper) {
	f.use("avrort")
	f.wrapperType(w.name, fmt.Sprintf("%s is a value of a schema without a name.", w.name), "", w.typ)
	f.schemaMethod(w.name, w.schemaFn)
	f.schemaFunc(w.schemaFn, f.parsed(w.input.schema))
	f.fingerprint(w.pkg, w.name, w.input.schema)
	f.unionsOf(w.typ)
}

// wrapperType writes a struct with the field Value, and its methods.
func (f *file) wrapperType(name, first, doc string, t *typ) {
	f.doc(first, doc)
	f.printf("type %s struct {\nValue %s\n}\n", name, f.goType(t))
	f.appendMethod(name, nil, func(a *appender) { a.value(t, "v.Value", within(top).field("")) })
	f.decodeMethod(name, nil, func(d *decoder) { d.value(t, "v.Value") })
	f.wrapperJSON(name, t)
}

// appendMethod writes AppendAvro, for members of a group with the depth that
// they count.
func (f *file) appendMethod(name string, members *group, body func(*appender)) {
	f.printf("\n// AppendAvro appends the value's datum to dst.\n")
	a := appender{f: f, group: members}
	text := f.render(func() { body(&a) })
	if members != nil {
		f.printf("func (v *%s) AppendAvro(dst []byte) ([]byte, error) { return v.appendAvro(dst, 0) }\n\n", name)
		f.printf("func (v *%s) appendAvro(dst []byte, depth int) ([]byte, error) {\n", name)
		f.printf("err := avrort.DepthError(depth)\nif err != nil {\nreturn dst, err\n}\n")
	} else {
		f.printf("func (v *%s) AppendAvro(dst []byte) ([]byte, error) {\n", name)
		if a.fails {
			f.printf("var err error\n")
		}
	}
	if open, ok := strings.CutSuffix(text, closing); ok {
		f.printf("%sreturn b[:n], nil\n}\n", open)
		return
	}
	f.printf("%sreturn dst, nil\n}\n", text)
}

// decodeMethod writes DecodeAvro.
func (f *file) decodeMethod(name string, members *group, body func(*decoder)) {
	f.printf("\n// DecodeAvro reads a datum over the value.\nfunc (v *%s) DecodeAvro(r *avrort.Reader) error {\n", name)
	if members != nil {
		f.printf("if !r.Enter() {\nreturn r.Err()\n}\n")
	}
	body(&decoder{f: f, fails: "return err"})
	if members != nil {
		f.printf("r.Leave()\n")
	}
	f.printf("return r.Err()\n}\n")
}

// render returns what write appends to the body, and removes it from the body.
func (f *file) render(write func()) string {
	start := f.body.Len()
	write()
	text := string(f.body.Bytes()[start:])
	f.body.Truncate(start)
	return text
}

func (f *file) record(t *named) error {
	kind := "record"
	if t.node.IsError() {
		kind = "error"
	}
	f.doc(fmt.Sprintf("%s is the %s %s.", t.name, kind, t.node.FullName()), t.node.Doc())
	f.printf("type %s struct {\n", t.name)
	for i, fd := range t.fields {
		if i > 0 && fd.avro.Doc() != "" {
			f.printf("\n")
		}
		f.comment("", fd.avro.Doc())
		f.printf("%s %s %s\n", fd.name, f.goType(fd.typ), tag(fd.avro.Name()))
	}
	f.printf("}\n")
	if err := f.constructor(t); err != nil {
		return err
	}
	f.appendMethod(t.name, t.group, func(a *appender) {
		var ops []op
		for _, fd := range t.fields {
			ops = append(ops, a.ops(fd.typ, "v."+fd.name, within(top).field(fd.avro.Name()))...)
		}
		a.write(ops)
	})
	f.decodeMethod(t.name, t.group, func(d *decoder) {
		for _, fd := range t.fields {
			d.value(fd.typ, "v."+fd.name)
		}
	})
	f.recordJSON(t)
	for _, fd := range t.fields {
		f.unionsOf(fd.typ)
	}
	return nil
}

// tag is a struct tag with a field's name, for package avro and encoding/json.
func tag(name string) string {
	asJSON := name
	if name == "-" {
		asJSON = "-,"
	}
	return literal(fmt.Sprintf("avro:%s json:%s", strconv.Quote(name), strconv.Quote(asJSON)))
}

func (f *file) enum(t *named) {
	symbols := t.node.Symbols()
	f.use("fmt", "strconv")
	f.doc(fmt.Sprintf("%s is the enum %s.", t.name, t.node.FullName()), t.node.Doc())
	f.printf("type %s int32\n\n", t.name)
	if len(symbols) > 0 {
		f.printf("// The symbols of [%s].\nconst (\n", t.name)
		for i, s := range t.symbols {
			if i == 0 {
				f.printf("%s %s = iota // %s\n", s, t.name, oneLine(symbols[i]))
			} else {
				f.printf("%s // %s\n", s, oneLine(symbols[i]))
			}
		}
		f.printf(")\n\n")
	}
	f.printf("var %s = [...]string{", t.symbolVar)
	for _, s := range symbols {
		f.printf("\n%s,", strconv.Quote(s))
	}
	f.printf("\n}\n")

	f.printf("\n// String returns the symbol.\nfunc (v %s) String() string {\n", t.name)
	f.printf("if uint32(v) < uint32(len(%s)) {\nreturn %s[v]\n}\n", t.symbolVar, t.symbolVar)
	f.printf("return \"%s(\" + strconv.Itoa(int(v)) + \")\"\n}\n", t.name)

	f.printf("\n// %s finds a symbol.\nfunc %s(symbol string) (%s, error) {\n", t.parse, t.parse, t.name)
	f.printf("for i, s := range %s {\nif s == symbol {\nreturn %s(i), nil\n}\n}\n", t.symbolVar, t.name)
	f.printf("return 0, fmt.Errorf(\"%%q is not a symbol of %%s\", symbol, %s)\n}\n", strconv.Quote(t.node.FullName()))

	f.printf("\n// MarshalText returns the symbol.\nfunc (v %s) MarshalText() ([]byte, error) {\n", t.name)
	f.printf("if uint32(v) >= %d {\nreturn nil, avrort.SymbolError(int(v), %d)\n}\nreturn []byte(%s[v]), nil\n}\n", len(symbols), len(symbols), t.symbolVar)

	f.printf("\n// UnmarshalText is [%s].\nfunc (v *%s) UnmarshalText(text []byte) error {\n", t.parse, t.name)
	f.printf("symbol, err := %s(string(text))\nif err == nil {\n*v = symbol\n}\nreturn err\n}\n", t.parse)

	own := &typ{kind: enumKind, node: t.node, named: t}
	f.appendMethod(t.name, nil, func(a *appender) { a.value(own, "(*v)", within(top).field("")) })
	f.decodeMethod(t.name, nil, func(d *decoder) { d.value(own, "(*v)") })
}

func (f *file) fixed(t *named) {
	f.use("hex", "fmt")
	f.doc(fmt.Sprintf("%s is the fixed %s.", t.name, t.node.FullName()), t.node.Doc())
	f.printf("type %s [%d]byte\n", t.name, t.node.Size())
	f.printf("\n// MarshalText returns the bytes in hexadecimal.\nfunc (v %s) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, v[:]), nil }\n", t.name)
	f.printf("\n// UnmarshalText is the reverse of MarshalText.\nfunc (v *%s) UnmarshalText(text []byte) error {\n", t.name)
	f.printf("if len(text) != hex.EncodedLen(len(v)) {\nreturn fmt.Errorf(\"%s has %%d hexadecimal digits, not %%d\", hex.EncodedLen(len(v)), len(text))\n}\n", t.name)
	f.printf("_, err := hex.Decode(v[:], text)\nreturn err\n}\n")
	own := &typ{kind: fixedKind, node: t.node, named: t}
	f.appendMethod(t.name, nil, func(a *appender) { a.value(own, "v", top) })
	f.decodeMethod(t.name, nil, func(d *decoder) { d.value(own, "v") })
}

package gen

import "strconv"

// Unions need code of their own in JSON, since encoding/json does not know what
// to read into an interface. Records that have some, in themselves or in their
// arrays and maps, get MarshalJSON and UnmarshalJSON, which leave all other
// fields to encoding/json.

// hasUnion says that t has a union that is not in another named type.
func (t *typ) hasUnion() bool {
	return t.kind == unionKind || t.item != nil && t.item.hasUnion()
}

// marshaler is an expression of a function from a value of t to JSON.
func (f *file) marshaler(t *typ) string {
	switch t.kind {
	case unionKind:
		return t.union.marshal
	case arrayKind, mapKind:
		call := map[kind]string{arrayKind: "avrort.MarshalItems", mapKind: "avrort.MarshalEntries"}[t.kind]
		return "func(v " + f.goType(t) + ") (json.RawMessage, error) { return " + call + "(v, " + f.marshaler(t.item) + ") }"
	}
	return f.marshaler(t.item)
}

// unmarshaler is the reverse of marshaler.
func (f *file) unmarshaler(t *typ) string {
	switch t.kind {
	case unionKind:
		return t.union.unmarshal
	case arrayKind, mapKind:
		call := map[kind]string{arrayKind: "avrort.UnmarshalItems", mapKind: "avrort.UnmarshalEntries"}[t.kind]
		return "func(text []byte) (" + f.goType(t) + ", error) { return " + call + "(text, " + f.unmarshaler(t.item) + ") }"
	}
	return f.unmarshaler(t.item)
}

// marshal calls what marshaler gives, without a function literal around it where
// there need be none.
func (f *file) marshal(t *typ, x string) string {
	switch t.kind {
	case unionKind:
		return t.union.marshal + "(" + x + ")"
	case arrayKind:
		return "avrort.MarshalItems(" + x + ", " + f.marshaler(t.item) + ")"
	case mapKind:
		return "avrort.MarshalEntries(" + x + ", " + f.marshaler(t.item) + ")"
	}
	return f.marshal(t.item, x)
}

// unmarshal is the reverse of marshal.
func (f *file) unmarshal(t *typ, text string) string {
	switch t.kind {
	case unionKind:
		return t.union.unmarshal + "(" + text + ")"
	case arrayKind:
		return "avrort.UnmarshalItems(" + text + ", " + f.unmarshaler(t.item) + ")"
	case mapKind:
		return "avrort.UnmarshalEntries(" + text + ", " + f.unmarshaler(t.item) + ")"
	}
	return f.unmarshal(t.item, text)
}

func (f *file) recordJSON(t *named) {
	var fields []field
	for _, fd := range t.fields {
		if fd.typ.hasUnion() {
			fields = append(fields, fd)
		}
	}
	if len(fields) == 0 {
		return
	}
	f.use("json", "fmt")
	shadow := func() {
		for _, fd := range fields {
			f.printf("%s json.RawMessage %s\n", fd.name, tag(fd.avro.Name()))
		}
	}
	f.printf("\n// MarshalJSON writes a union as {\"branch\": value}.\nfunc (v %s) MarshalJSON() ([]byte, error) {\n", t.name)
	f.printf("type plain %s\nout := struct {\nplain\n", t.name)
	shadow()
	f.printf("}{plain: plain(v)}\nvar err error\n")
	for _, fd := range fields {
		f.printf("if out.%s, err = %s; err != nil {\nreturn nil, avrort.WithinField(err, %s)\n}\n", fd.name, f.marshal(fd.typ, "v."+fd.name), strconv.Quote(fd.avro.Name()))
	}
	f.printf("return json.Marshal(out)\n}\n")

	f.printf("\n// UnmarshalJSON is the reverse of MarshalJSON.\nfunc (v *%s) UnmarshalJSON(text []byte) error {\n", t.name)
	f.printf("type plain %s\nout := struct {\n*plain\n", t.name)
	shadow()
	f.printf("}{plain: (*plain)(v)}\nerr := json.Unmarshal(text, &out)\nif err != nil {\nreturn err\n}\n")
	for _, fd := range fields {
		f.printf("if out.%s != nil {\nif v.%s, err = %s; err != nil {\n", fd.name, fd.name, f.unmarshal(fd.typ, "out."+fd.name))
		f.printf("return fmt.Errorf(\"%%s: %%w\", %s, err)\n}\n}\n", strconv.Quote(fd.avro.Name()))
	}
	f.printf("return nil\n}\n")
}

// wrapperJSON makes the JSON of a wrapper that of its value.
func (f *file) wrapperJSON(name string, t *typ) {
	f.use("json")
	marshal, unmarshal := "json.Marshal(v.Value)", ""
	if t.hasUnion() {
		marshal, unmarshal = f.marshal(t, "v.Value"), f.unmarshal(t, "text")
	}
	f.printf("\n// MarshalJSON returns the JSON of the value alone.\nfunc (v %s) MarshalJSON() ([]byte, error) { return %s }\n", name, marshal)
	f.printf("\n// UnmarshalJSON is the reverse of MarshalJSON.\nfunc (v *%s) UnmarshalJSON(text []byte) (err error) {\n", name)
	if unmarshal == "" {
		f.printf("return json.Unmarshal(text, &v.Value)\n}\n")
		return
	}
	f.printf("v.Value, err = %s\nreturn err\n}\n", unmarshal)
}

func (f *file) unionJSON(u *union) {
	f.printf("\nfunc %s(u %s) (json.RawMessage, error) {\nswitch x := u.(type) {\ncase nil:\nreturn json.RawMessage(\"null\"), nil\n", u.marshal, u.name)
	for _, b := range u.branches {
		if b.goes == "" {
			continue
		}
		x := "x"
		if b.wrapper != "" {
			x = "x.Value"
		}
		f.printf("case %s:\n", b.goes)
		if b.typ.hasUnion() {
			f.printf("text, err := %s\nif err != nil {\nreturn nil, err\n}\n", f.marshal(b.typ, x))
			x = "text"
		}
		f.printf("return avrort.MarshalBranch(%s, %s)\n", strconv.Quote(b.json), x)
	}
	f.printf("}\nreturn nil, avrort.BranchError(u)\n}\n")

	f.printf("\nfunc %s(text []byte) (%s, error) {\nbranch, value, err := avrort.UnmarshalBranch(text)\nif err != nil {\nreturn nil, err\n}\nswitch branch {\n", u.unmarshal, u.name)
	f.printf("case \"\":\nreturn nil, nil\n")
	for _, b := range u.branches {
		if b.goes == "" {
			continue
		}
		f.printf("case %s:\n", strconv.Quote(b.json))
		switch {
		case b.typ.hasUnion():
			f.printf("x, err := %s\nreturn %s{Value: x}, err\n", f.unmarshal(b.typ, "value"), b.wrapper)
		case b.wrapper != "":
			f.printf("x, err := avrort.UnmarshalValue[%s](value)\nreturn %s{Value: x}, err\n", f.goType(b.typ), b.wrapper)
		case b.typ.kind == recordKind:
			f.printf("x, err := avrort.UnmarshalValue[%s](value)\nreturn &x, err\n", f.ref(b.typ.named))
		default:
			f.printf("return avrort.UnmarshalValue[%s](value)\n", b.goes)
		}
	}
	f.printf("}\nreturn nil, avrort.UnknownBranchError(branch)\n}\n")
}

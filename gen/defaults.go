package gen

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/schemas"
)

// constructor writes New<record>. Each default is first encoded as Avro, which resolves the defaults
// of nested records and the branch of a union, and the Go expression is made from that datum.
func (f *file) constructor(t *named) error {
	var fields, zeros strings.Builder
	for _, fd := range t.fields {
		expr, err := f.defaultOf(&fd)
		switch {
		case err != nil && !f.g.zero:
			return fmt.Errorf("the default of %s.%s: %w; mend it, or leave it out of %s (WithZeroDefaults, kavro gen -zero-defaults)",
				t.node.FullName(), fd.avro.Name(), err, t.construct)
		case err != nil:
			fmt.Fprintf(&zeros, "\n// %s is zero, as its default is no value of its type: %s", fd.name, oneLine(err.Error()))
		case expr != "":
			fmt.Fprintf(&fields, "\n%s: %s,", fd.name, expr)
		}
	}
	f.printf("\n// %s returns a value with the defaults of the schema.%s\n", t.construct, zeros.String())
	f.printf("func %s() *%s {\nreturn &%s{%s\n}\n}\n", t.construct, t.name, t.name, fields.String())
	return nil
}

// defaultOf is the expression for a field of a new record, "" if it is the zero
// value. A record without a default has those of its fields. The error is that the
// default is no value of the field's type, or of the Go type: a uuid that is none,
// or a decimal that has too many digits to be written.
func (f *file) defaultOf(fd *field) (string, error) {
	if _, ok := fd.avro.Default(); !ok {
		if fd.typ.kind == recordKind && hasDefaults(fd.typ.named, map[*named]bool{}) {
			return "*" + f.qualified(fd.typ.named.pkg, fd.typ.named.construct) + "()", nil
		}
		return "", nil
	}
	datum, err := avro.AppendDefault(nil, fd.avro)
	if err != nil {
		return "", err
	}
	r := avrort.NewReader(datum, nil)
	imports := maps.Clone(f.imports)
	l := literals{f: f, r: r}
	expr := l.value(fd.typ, false)
	if err := r.Done(); err != nil {
		f.imports = imports
		return "", valueOf(err)
	}
	return expr, nil
}

// valueOf is a reader's error without where it was in the datum, which nobody sees.
func valueOf(err error) error {
	if e, ok := errors.AsType[*avro.DecodeError](err); ok {
		return e.Err
	}
	return err
}

// hasDefaults says that New<record> fills something in. known are the answers so
// far, since records may use others many times over.
func hasDefaults(t *named, known map[*named]bool) bool {
	if has, ok := known[t]; ok {
		return has
	}
	known[t] = false
	for _, fd := range t.fields {
		if _, ok := fd.avro.Default(); ok || fd.typ.kind == recordKind && hasDefaults(fd.typ.named, known) {
			known[t] = true
		}
	}
	return known[t]
}

// literals makes Go expressions of a datum.
type literals struct {
	f *file
	r *avrort.Reader
}

// value is the expression for the next value, "" for a zero value. typed says
// that its type must show.
func (l *literals) value(t *typ, typed bool) string {
	r := l.r
	convert := func(goes, text, zero string) string {
		switch {
		case typed:
			return goes + "(" + text + ")"
		case text == zero:
			return ""
		}
		return text
	}
	switch t.kind {
	case nullKind, neverKind:
		return ""
	case boolKind:
		return convert("bool", strconv.FormatBool(r.Bool()), "false")
	case intKind:
		return convert("int32", strconv.Itoa(int(r.Int())), "0")
	case longKind:
		return convert("int64", strconv.FormatInt(r.Long(), 10), "0")
	case floatKind:
		return l.float(float64(r.Float()), 32, typed)
	case doubleKind:
		return l.float(r.Double(), 64, typed)
	case stringKind:
		return convert("string", strconv.Quote(r.String()), `""`)
	case bytesKind:
		return l.bytes(r.Bytes(nil))
	case logicalKind:
		return l.logical(t)
	case recordKind:
		return l.record(t)
	case enumKind:
		i := r.Enum(len(t.named.symbols))
		if r.Err() != nil || i == 0 && !typed {
			return ""
		}
		return l.f.qualified(t.named.pkg, t.named.symbols[i])
	case fixedKind:
		b := make([]byte, t.node.Size())
		r.Fixed(b)
		return l.array(l.f.ref(t.named), b)
	case arrayKind:
		return l.items(t)
	case mapKind:
		return l.entries(t)
	case nullableKind, nilableKind:
		return l.nullable(t)
	case pointerKind:
		return "&" + l.complete(t.item, false)
	case singleKind:
		r.UnionIndex(1)
		return l.value(t.item, typed)
	}
	return l.union(t.union)
}

// complete is value where nothing may be left out.
func (l *literals) complete(t *typ, typed bool) string {
	if expr := l.value(t, typed); expr != "" {
		return expr
	}
	switch t.kind {
	case boolKind:
		return "false"
	case intKind, longKind, floatKind, doubleKind:
		return "0"
	case stringKind:
		return `""`
	case bytesKind, nilableKind, nullableKind, unionKind:
		return "nil"
	case enumKind:
		if len(t.named.symbols) > 0 {
			return l.f.qualified(t.named.pkg, t.named.symbols[0])
		}
	case arrayKind, mapKind, recordKind, nullKind, fixedKind, neverKind:
		return l.f.goType(t) + "{}"
	case logicalKind:
		if t.logical.goes != "time.Duration" {
			return l.f.goType(t) + "{}"
		}
	}
	return l.zero(t)
}

// zero is the zero value of a type that has no literal.
func (l *literals) zero(t *typ) string { return "*new(" + l.f.goType(t) + ")" }

func (l *literals) float(v float64, bits int, typed bool) string {
	text := strconv.FormatFloat(v, 'g', -1, bits)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		l.f.use("math")
		text = "math.NaN()"
		if !math.IsNaN(v) {
			text = fmt.Sprintf("math.Inf(%d)", map[bool]int{true: 1, false: -1}[v > 0])
		}
		if bits == 32 {
			text = "float32(" + text + ")"
		}
		return text
	}
	if v == 0 && math.Signbit(v) {
		l.f.use("math")
		return fmt.Sprintf("float%d(math.Copysign(0, -1))", bits)
	}
	if typed {
		return fmt.Sprintf("float%d(%s)", bits, text)
	}
	if v == 0 {
		return ""
	}
	return text
}

func (l *literals) bytes(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return "[]byte(" + strconv.Quote(string(b)) + ")"
}

// array is a literal of an array of bytes, "" if all are zero.
func (l *literals) array(goes string, b []byte) string {
	if !slices.ContainsFunc(b, func(x byte) bool { return x != 0 }) {
		return ""
	}
	var s strings.Builder
	s.WriteString(goes + "{")
	for i, x := range b {
		if i > 0 {
			s.WriteString(", ")
		}
		fmt.Fprintf(&s, "%#02x", x)
	}
	return s.String() + "}"
}

func (l *literals) logical(t *typ) string {
	l.f.goType(t) // imports it
	switch goes := t.logical.goes; goes {
	case "avro.UUID":
		var u avro.UUID
		if t.node.Type() == schemas.String {
			u = l.r.UUID()
		} else {
			l.r.Fixed(u[:])
		}
		return l.array(goes, u[:])
	case "avro.Duration":
		d := l.r.Duration()
		if d == (avro.Duration{}) {
			return ""
		}
		return fmt.Sprintf("avro.Duration{Months: %d, Days: %d, Millis: %d}", d.Months, d.Days, d.Millis)
	case "avro.Decimal":
		return l.decimal(t)
	case "time.Duration":
		read := l.r.TimeMicros
		if t.node.Type() == schemas.Int {
			read = l.r.TimeMillis
		}
		return fmt.Sprintf("time.Duration(%d)", read())
	}
	switch name := t.node.Logical().Name; {
	case name == "date":
		return fmt.Sprintf("time.Unix(%d, 0).UTC()", int64(l.r.Int())*86400)
	case strings.HasSuffix(name, "millis"):
		return fmt.Sprintf("time.UnixMilli(%d).UTC()", l.r.Long())
	case strings.HasSuffix(name, "micros"):
		return fmt.Sprintf("time.UnixMicro(%d).UTC()", l.r.Long())
	default:
		return fmt.Sprintf("time.Unix(0, %d).UTC()", l.r.Long())
	}
}

func (l *literals) decimal(t *typ) string {
	var d avro.Decimal
	var err error // of writing d: a default may have more digits than the type, and is read all the same
	switch n, logical := t.node, t.node.Logical(); {
	case logical.Name == "big-decimal":
		d = l.r.BigDecimal()
	case n.Type() == schemas.Fixed:
		if d = l.r.FixedDecimal(n.Size(), logical.Scale); l.r.Err() == nil {
			_, err = avrort.AppendFixedDecimal(nil, d, n.Size(), logical.Precision, logical.Scale)
		}
	default:
		if d = l.r.Decimal(logical.Scale); l.r.Err() == nil {
			_, err = avrort.AppendDecimal(nil, d, logical.Precision, logical.Scale)
		}
	}
	if err != nil {
		l.r.Fail(fmt.Errorf("a decimal(%d,%d) cannot be that: %w; a decimal's default is the bytes of its number, not its text",
			t.node.Logical().Precision, t.node.Logical().Scale, err))
	}
	if l.r.Err() != nil {
		return ""
	}
	if d.Unscaled.IsInt64() {
		return fmt.Sprintf("avro.NewDecimal(%d, %d)", d.Unscaled.Int64(), d.Scale)
	}
	l.f.use("big")
	unscaled := "new(big.Int).SetBytes([]byte(" + strconv.Quote(string(new(big.Int).Abs(d.Unscaled).Bytes())) + "))"
	if d.Unscaled.Sign() < 0 {
		unscaled = "new(big.Int).Neg(" + unscaled + ")"
	}
	return fmt.Sprintf("avro.Decimal{Unscaled: %s, Scale: %d}", unscaled, d.Scale)
}

func (l *literals) record(t *typ) string {
	var s strings.Builder
	for _, fd := range t.named.fields {
		if expr := l.value(fd.typ, false); expr != "" {
			fmt.Fprintf(&s, "\n%s: %s,", fd.name, expr)
		}
		if l.r.Err() != nil {
			return ""
		}
	}
	if s.Len() == 0 {
		return ""
	}
	return l.f.ref(t.named) + "{" + s.String() + "\n}"
}

func (l *literals) items(t *typ) string {
	var s strings.Builder
	have := 0
	for n := l.r.Block(0, 0); n > 0; n = l.r.Block(have, 0) {
		for range n {
			s.WriteString("\n" + l.complete(t.item, false) + ",")
		}
		have += n
		if l.r.Err() != nil {
			return ""
		}
	}
	if have == 0 {
		return ""
	}
	return l.f.goType(t) + "{" + s.String() + "\n}"
}

func (l *literals) entries(t *typ) string {
	entries := map[string]string{}
	for n := l.r.Block(0, 1); n > 0; n = l.r.Block(len(entries), 1) {
		for range n {
			key := l.r.String()
			entries[key] = l.complete(t.item, false)
		}
		if l.r.Err() != nil {
			return ""
		}
	}
	if len(entries) == 0 {
		return ""
	}
	var s strings.Builder
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		fmt.Fprintf(&s, "\n%q: %s,", key, entries[key])
	}
	return l.f.goType(t) + "{" + s.String() + "\n}"
}

func (l *literals) nullable(t *typ) string {
	if l.r.UnionIndex(2) == t.null {
		return ""
	}
	switch {
	case t.kind == nilableKind && t.item.kind == bytesKind:
		return "[]byte(" + strconv.Quote(string(l.r.Bytes(nil))) + ")"
	case t.kind == nilableKind:
		return l.complete(t.item, false)
	case t.item.kind == recordKind:
		return "&" + l.complete(t.item, false)
	}
	return "avrort.Pointer(" + l.complete(t.item, true) + ")"
}

func (l *literals) union(u *union) string {
	b := u.branches[l.r.UnionIndex(len(u.branches))]
	switch {
	case b.goes == "":
		return ""
	case b.wrapper == "" && b.typ.kind == recordKind:
		return "&" + l.complete(b.typ, false)
	case b.wrapper == "":
		return l.complete(b.typ, false)
	}
	return b.wrapper + "{Value: " + l.complete(b.typ, false) + "}"
}

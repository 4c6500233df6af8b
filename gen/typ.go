package gen

import (
	"strconv"

	"github.com/kavro/kavro/schemas"
)

// typ is a schema's type as it looks in Go at one place.
type typ struct {
	kind    kind
	node    *schemas.Node
	named   *named   // of recordKind, enumKind, fixedKind
	item    *typ     // of arrays, maps, pointers, nullable and single-branch types
	union   *union   // of unionKind
	null    int      // index of null in a nullable type
	logical *logical // of logicalKind
}

type kind uint8

const (
	nullKind kind = iota
	boolKind
	intKind
	longKind
	floatKind
	doubleKind
	bytesKind
	stringKind
	logicalKind
	recordKind
	enumKind
	fixedKind
	arrayKind
	mapKind
	nullableKind // pointer, nil is null
	nilableKind  // of an array, map or bytes: nil is null
	pointerKind  // must not be nil: a record that contains itself
	singleKind   // union of one branch
	unionKind
	neverKind // union of no branches
)

var primitives = map[schemas.Type]struct {
	kind kind
	goes string // Go type
	call string // avrort.Append<call>, Reader.<call>
}{
	schemas.Boolean: {boolKind, "bool", "Bool"},
	schemas.Int:     {intKind, "int32", "Int"},
	schemas.Long:    {longKind, "int64", "Long"},
	schemas.Float:   {floatKind, "float32", "Float"},
	schemas.Double:  {doubleKind, "float64", "Double"},
	schemas.Bytes:   {bytesKind, "[]byte", "Bytes"},
	schemas.String:  {stringKind, "string", "String"},
}

// logical is how a logical type is read and written.
type logical struct {
	imports string // "time", or "" for package avro
	goes    string
	append  string // call with %s for dst and the value
	fails   bool   // append returns an error as well
	read    string // call of the Reader
	most    int    // bytes of a value at most, 0 if that is not known
}

// logicalOf is nil where the node has no logical type.
func logicalOf(n *schemas.Node) *logical {
	l := n.Logical()
	precision, scale, size := strconv.Itoa(l.Precision), strconv.Itoa(l.Scale), strconv.Itoa(n.Size())
	instant := func(name, read string) *logical {
		return &logical{"time", "time.Time", "avrort.Append" + name + "(dst, %s)", true, "r." + read + "()", maxVarint}
	}
	clock := func(name string) *logical {
		return &logical{"time", "time.Duration", "avrort.Append" + name + "(dst, %s)", true, "r." + name + "()", maxVarint}
	}
	switch l.Name {
	case "date":
		return instant("Date", "Date")
	case "timestamp-millis":
		return instant("TimestampMillis", "TimestampMillis")
	case "timestamp-micros":
		return instant("TimestampMicros", "TimestampMicros")
	case "timestamp-nanos":
		return instant("TimestampNanos", "TimestampNanos")
	case "local-timestamp-millis":
		return instant("LocalTimestampMillis", "TimestampMillis")
	case "local-timestamp-micros":
		return instant("LocalTimestampMicros", "TimestampMicros")
	case "local-timestamp-nanos":
		return instant("LocalTimestampNanos", "TimestampNanos")
	case "time-millis":
		return clock("TimeMillis")
	case "time-micros":
		return clock("TimeMicros")
	case "decimal":
		if n.Type() == schemas.Fixed {
			return &logical{"", "avro.Decimal", "avrort.AppendFixedDecimal(dst, %s, " + size + ", " + precision + ", " + scale + ")",
				true, "r.FixedDecimal(" + size + ", " + scale + ")", 0}
		}
		return &logical{"", "avro.Decimal", "avrort.AppendDecimal(dst, %s, " + precision + ", " + scale + ")", true, "r.Decimal(" + scale + ")", 0}
	case "big-decimal":
		return &logical{"", "avro.Decimal", "avrort.AppendBigDecimal(dst, %s)", true, "r.BigDecimal()", 0}
	case "duration":
		return &logical{"", "avro.Duration", "avrort.AppendDuration(dst, %s)", false, "r.Duration()", 12}
	case "uuid":
		if n.Type() == schemas.String {
			return &logical{"", "avro.UUID", "avrort.AppendUUID(dst, %s)", false, "r.UUID()", 37}
		}
		return &logical{"", "avro.UUID", "", false, "", 16} // its bytes
	}
	return nil
}

// plainLogical says that a fixed type is one of package avro's types, and needs
// none of its own.
func plainLogical(n *schemas.Node) bool {
	return n.Type() == schemas.Fixed && n.Logical().Name != ""
}

// field is a field of a record.
type field struct {
	avro *schemas.Field
	name string
	typ  *typ
}

// union is a sealed interface.
type union struct {
	name      string
	owner     string // where it is, for its comment
	pkg       *pkg
	within    *group // the group of the record it is in, if a branch belongs to it too
	marker    string
	branches  []branch
	append    string
	decode    string
	marshal   string
	unmarshal string
}

// branch is a branch of a union.
type branch struct {
	typ     *typ
	json    string // name of the branch
	goes    string // Go type of values in the interface: *Card, Status, OrderPaymentLong
	wrapper string // its name, "" if the branch stands for itself
}

// planAll decides what every field looks like.
func (g *generator) planAll() {
	for _, t := range g.order {
		if t.node.Type() != schemas.Record {
			continue
		}
		var names []string
		for _, f := range t.node.Fields() {
			names = append(names, f.Name())
		}
		taken := scope{"AvroSchema": true, "AppendAvro": true, "DecodeAvro": true, "MarshalJSON": true, "UnmarshalJSON": true}
		for i, name := range uniqueNames(names, taken) {
			f := t.node.Fields()[i]
			p := planner{g: g, pkg: t.pkg, record: t, group: t.group, owner: t.node.FullName() + "." + f.Name()}
			t.fields = append(t.fields, field{f, name, p.plan(f.Type(), t.name+name, true)})
		}
	}
	for _, w := range g.wrappers {
		p := planner{g: g, pkg: w.pkg, owner: w.name}
		w.typ = p.plan(w.input.schema.Root(), w.name+"Value", false)
	}
}

// planner plans the type of one field, or of one wrapper.
type planner struct {
	g      *generator
	pkg    *pkg
	record *named // nil in a wrapper
	group  *group
	owner  string
}

// plan is the Go type for n. hint is the name of a union here; direct says that n
// is the field's own type.
func (p *planner) plan(n *schemas.Node, hint string, direct bool) *typ {
	if l := logicalOf(n); l != nil {
		return &typ{kind: logicalKind, node: n, logical: l}
	}
	if prim, ok := primitives[n.Type()]; ok {
		return &typ{kind: prim.kind, node: n}
	}
	t := &typ{node: n, named: p.g.named[n.FullName()]}
	if t.named != nil {
		t.node = t.named.node
	}
	switch n.Type() {
	case schemas.Record:
		t.kind = recordKind
		if direct && p.record != nil && p.record.value != 0 && p.record.value == t.named.value {
			return &typ{kind: pointerKind, node: n, item: t}
		}
	case schemas.Enum:
		t.kind = enumKind
	case schemas.Fixed:
		t.kind = fixedKind
	case schemas.Array:
		t.kind, t.item = arrayKind, p.plan(n.Items(), hint+"Item", false)
	case schemas.Map:
		t.kind, t.item = mapKind, p.plan(n.Items(), hint+"Entry", false)
	case schemas.Union:
		p.planUnion(t, n, hint, direct)
	}
	return t
}

func (p *planner) planUnion(t *typ, n *schemas.Node, hint string, direct bool) {
	branches := n.Branches()
	null := -1
	for i, b := range branches {
		if b.Type() == schemas.Null {
			null = i
		}
	}
	switch {
	case len(branches) == 0:
		t.kind = neverKind
	case len(branches) == 1:
		t.kind, t.item = singleKind, p.plan(branches[0], hint, direct)
	case len(branches) == 2 && null >= 0:
		t.kind, t.null = nullableKind, null
		t.item = p.plan(branches[1-null], hint, false)
		switch t.item.kind {
		case arrayKind, mapKind, bytesKind:
			t.kind = nilableKind
		}
	default:
		t.kind, t.union = unionKind, p.newUnion(n, hint)
	}
}

func (p *planner) newUnion(n *schemas.Node, hint string) *union {
	if u := p.g.unions[n]; u != nil && u.pkg == p.pkg {
		return u
	}
	take := p.pkg.scope.take
	u := &union{name: take(hint), owner: p.owner, pkg: p.pkg}
	u.marker = take("is" + u.name)
	u.append, u.decode = take("append"+u.name), take("decode"+u.name)
	u.marshal, u.unmarshal = take("marshal"+u.name), take("unmarshal"+u.name)
	p.g.unions[n] = u
	for _, b := range n.Branches() {
		u.branches = append(u.branches, p.newBranch(u, b))
		reached(b, func(n *schemas.Node) {
			if t := p.g.named[n.FullName()]; p.group != nil && t.group == p.group {
				u.within = p.group
			}
		})
	}
	return u
}

func (p *planner) newBranch(u *union, n *schemas.Node) branch {
	b := branch{json: n.BranchName()}
	if n.Type() == schemas.Null {
		b.typ = &typ{kind: nullKind, node: n}
		return b
	}
	short := goName(n.Name())
	if n.Name() == "" {
		short = goName(n.Type().String())
	}
	b.typ = p.plan(n, u.name+short, false)
	t := b.typ.named
	switch {
	case t == nil || b.typ.kind == logicalKind || t.pkg != p.pkg:
		b.wrapper = p.pkg.scope.take(u.name + short)
		b.goes = b.wrapper
	case b.typ.kind == recordKind:
		b.goes = "*" + t.name
	default:
		b.goes = t.name
	}
	return b
}

package schemas

// A default in JSON, by type ("Complex Types", Avro 1.12 specification, table
// "field default values"). A union's default may be of any of its branches, as
// of 1.12; its JSON does not name the branch.
//
//	null             null
//	boolean          true, false
//	int, long        a number without fraction and exponent, within range
//	float, double    a number; as the field's own type also a string that Java's
//	                 Double.valueOf takes, such as "NaN", "-Infinity" and "1.5"
//	bytes, fixed     a string of code points 0-255, one per byte
//	string           a string
//	enum             one of the symbols
//	array            an array
//	map              an object
//	record           an object: a field without a value needs a default itself

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/internal/jsontext"
	"github.com/kavro/kavro/internal/numtext"
)

// defaultAt is a field with a default, and the token of it.
type defaultAt struct {
	field *Field
	at    int
}

// checkDefaults checks every default against its field's type, once all types
// are known.
func (p *parser) checkDefaults() error {
	c := defaultChecker{parser: p, steps: 1<<20 + 16*len(p.Tokens)}
	if p.lenient {
		c.findUseless()
		return nil
	}
	for _, d := range p.defaults {
		if m := c.checkField(d); m != nil {
			return p.fail(m.at, "the default of field %s does not fit: %s", d.field.name, m.reason)
		}
	}
	for _, d := range p.defaults {
		if p.Kind(d.at) >= jsontext.Array && c.endless(d) {
			return p.fail(d.at, "the default of field %s contains itself without end", d.field.name)
		}
	}
	return nil
}

// findUseless marks the defaults that stand for no value of their type: a field
// that has such a one has none for whoever reads.
func (c *defaultChecker) findUseless() {
	for _, d := range c.defaults {
		d.field.useless = c.checkField(d) != nil
	}
	for _, d := range c.defaults {
		if c.Kind(d.at) >= jsontext.Array && !d.field.useless && c.endless(d) {
			d.field.useless = true
		}
	}
}

// checkField returns nil if a field's default is one of its type.
func (c *defaultChecker) checkField(d defaultAt) *mismatch {
	if t := d.field.typ.typ; (t == Float || t == Double) && c.Kind(d.at) == jsontext.String {
		if _, ok := numtext.JavaDouble(c.str(d.at)); ok {
			return nil
		}
	}
	return c.check(d.field.typ, d.at)
}

// whole reads an int or a long. Lenient takes 1.0 and 1e3.
func (c *defaultChecker) whole(at, bits int) bool {
	if c.Kind(at) != jsontext.Number {
		return false
	}
	_, err := strconv.ParseInt(c.Raw(at), 10, bits)
	if err == nil || !c.lenient {
		return err == nil
	}
	v, ok := numtext.Whole([]byte(c.Raw(at)))
	return ok && (bits == 64 || v == int64(int32(v)))
}

type defaultChecker struct {
	*parser
	steps int // values that may still be looked at: unions within unions multiply the work
	quiet int // unions around whose branches are tried: nobody reads why one does not fit
	ends  map[*Field]ending
}

// ending is what is known of a default while endless looks for cycles.
type ending struct {
	at       int
	underWay bool
	ends     bool
}

// mismatch says why the value at a token does not fit a type.
type mismatch struct {
	at     int
	reason string
}

var noReason = &mismatch{}

func (c *defaultChecker) fail(at int, format string, args ...any) *mismatch {
	if c.quiet > 0 {
		return noReason
	}
	return &mismatch{at, fmt.Sprintf(format, args...)}
}

func (c *defaultChecker) mismatch(at int, want string) *mismatch {
	if c.quiet > 0 {
		return noReason
	}
	return c.fail(at, "want %s, not %s", want, short(c.Raw(at)))
}

// check returns nil if the value at a token is a default of type n.
func (c *defaultChecker) check(n *Node, at int) *mismatch {
	if c.steps--; c.steps < 0 {
		return &mismatch{at, "it takes too long to check"}
	}
	k := c.Kind(at)
	switch n.typ {
	case Null:
		if k != jsontext.Null {
			return c.mismatch(at, "null")
		}
	case Boolean:
		if k != jsontext.True && k != jsontext.False {
			return c.mismatch(at, "true or false")
		}
	case Int:
		if !c.whole(at, 32) {
			return c.mismatch(at, "an int, a whole number of 32 bits")
		}
	case Long:
		if !c.whole(at, 64) {
			return c.mismatch(at, "a long, a whole number of 64 bits")
		}
	case Float, Double:
		if k != jsontext.Number {
			return c.mismatch(at, "a number")
		}
	case String:
		if k != jsontext.String {
			return c.mismatch(at, "a string")
		}
	case Bytes, Fixed:
		return c.checkBytes(n, at)
	case Enum:
		if k != jsontext.String {
			return c.mismatch(at, "a symbol of "+n.name)
		}
		if _, ok := n.Symbol(c.str(at)); !ok {
			return c.mismatch(at, "a symbol of "+n.name)
		}
	case Array:
		if k != jsontext.Array {
			return c.mismatch(at, "an array")
		}
		for e := range c.Elements(at) {
			if m := c.check(n.items, e); m != nil {
				return m
			}
		}
	case Map:
		if k != jsontext.Object {
			return c.mismatch(at, "an object, the values by their keys")
		}
		for _, v := range c.Members(at) {
			if m := c.check(n.items, v); m != nil {
				return m
			}
		}
	case Union:
		return c.checkUnion(n, at)
	case Record:
		return c.checkRecord(n, at)
	}
	return nil
}

func (c *defaultChecker) checkBytes(n *Node, at int) *mismatch {
	if c.Kind(at) != jsontext.String {
		return c.mismatch(at, "a string, one character 0-255 for each byte")
	}
	s := c.str(at)
	for _, r := range s {
		if r > 0xff {
			return c.fail(at, "%q is no byte: one character 0-255 for each byte", r)
		}
	}
	if size := utf8.RuneCountInString(s); n.typ == Fixed && size != n.size && !c.lenient {
		return c.fail(at, "want %s, not %d", count.Of(n.size, "byte"), size)
	}
	return nil
}

func (c *defaultChecker) checkUnion(n *Node, at int) *mismatch {
	if len(n.branches) == 1 {
		return c.check(n.branches[0], at)
	}
	if c.branch(n, at) != nil {
		return nil
	}
	if c.steps < 0 {
		return &mismatch{at, "it takes too long to check"}
	}
	return c.fail(at, "%s fits no branch of the union", short(c.Raw(at)))
}

// branch is the first branch of a union that the value at a token fits, or nil.
func (c *defaultChecker) branch(n *Node, at int) *Node {
	c.quiet++
	defer func() { c.quiet-- }()
	for _, b := range n.branches {
		if c.check(b, at) == nil {
			return b
		}
	}
	return nil
}

func (c *defaultChecker) checkRecord(n *Node, at int) *mismatch {
	if c.Kind(at) != jsontext.Object {
		return c.mismatch(at, "an object, the fields of "+n.name)
	}
	for f, v := range c.values(n, at) {
		switch {
		case v < 0 && f.def == nil:
			return c.fail(at, "field %s of %s is missing and has no default", f.name, n.name)
		case v < 0: // its default is checked where it is defined
		default:
			if m := c.check(f.typ, v); m != nil {
				return m
			}
		}
	}
	return nil
}

// values yields the fields of a record with their values in an object, -1 where
// there is none.
func (c *defaultChecker) values(n *Node, object int) func(yield func(f *Field, value int) bool) {
	c.steps -= len(n.fields) * int(c.Tokens[object].Next-int32(object)) / 16
	find := func(name string) (int, bool) { return c.get(object, name) }
	if len(n.fields) > manyNames {
		index := make(map[string]int)
		for k, v := range c.Members(object) {
			index[c.str(k)] = v
		}
		find = func(name string) (int, bool) { v, ok := index[name]; return v, ok }
	}
	return func(yield func(*Field, int) bool) {
		for _, f := range n.fields {
			v, ok := find(f.name)
			if !ok {
				v = -1
			}
			if !yield(f, v) {
				return
			}
		}
	}
}

// endless reports whether a default, with the defaults of the fields that it
// leaves out, and theirs in turn, never ends, or comes to one that is of no use. Only fields of this text can lead
// back here: those of references cannot refer to it.
func (c *defaultChecker) endless(d defaultAt) bool {
	if c.ends == nil {
		c.ends = make(map[*Field]ending, len(c.defaults))
		for _, d := range c.defaults {
			c.ends[d.field] = ending{at: d.at}
		}
	}
	e, ok := c.ends[d.field]
	if !ok || e.ends {
		return false
	}
	if e.underWay {
		return true
	}
	c.ends[d.field] = ending{at: e.at, underWay: true}
	if c.leadsBack(d.field.typ, e.at) {
		return true
	}
	c.ends[d.field] = ending{ends: true}
	return false
}

// leadsBack looks for left out fields in a value of type n.
func (c *defaultChecker) leadsBack(n *Node, at int) bool {
	k := c.Kind(at)
	switch {
	case k < jsontext.Array:
	case n.typ == Union:
		if b := c.branch(n, at); b != nil {
			return c.leadsBack(b, at)
		}
	case n.typ == Array && k == jsontext.Array:
		for e := range c.Elements(at) {
			if c.leadsBack(n.items, e) {
				return true
			}
		}
	case n.typ == Map && k == jsontext.Object:
		for _, v := range c.Members(at) {
			if c.leadsBack(n.items, v) {
				return true
			}
		}
	case n.typ == Record && k == jsontext.Object:
		for f, v := range c.values(n, at) {
			if v >= 0 && c.leadsBack(f.typ, v) || v < 0 && f.def != nil && (f.useless || c.endless(defaultAt{field: f})) {
				return true
			}
		}
	}
	return false
}

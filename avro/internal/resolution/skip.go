package resolution

import "github.com/kavro/kavro/schemas"

// minSizes remembers the fewest bytes that a value of a type takes, which is
// what bounds a block's count by the bytes that remain.
type minSizes map[*schemas.Node]int

// manyBytes is where sizes stop being added up: a lower bound will do, and two of
// them fit an int of 32 bits.
const manyBytes = 1 << 29

func (m minSizes) of(n *schemas.Node) int {
	switch n.Type() {
	case schemas.Null:
		return 0
	case schemas.Float:
		return 4
	case schemas.Double:
		return 8
	case schemas.Fixed:
		return n.Size()
	case schemas.Record:
	default: // one byte at least: a varint, a count, a branch
		return 1
	}
	if size, ok := m[n]; ok {
		return size
	}
	m[n] = 0 // a record that contains itself for ever: no value, so any size will do
	size := 0
	for _, f := range n.Fields() {
		size = min(size+min(m.of(f.Type()), manyBytes), manyBytes)
	}
	m[n] = size
	return size
}

// any reports whether one of the fields takes any bytes.
func (m minSizes) any(fields []*schemas.Field) bool {
	for _, f := range fields {
		if m.of(f.Type()) > 0 {
			return true
		}
	}
	return false
}

// skip emits the code that skips a value of the writer's type. Without
// drop every byte of it is checked; with drop, blocks that say their size in
// bytes are jumped over.
func (c *compiler) skip(n *schemas.Node, drop bool) {
	if !c.writer.finite.has(n) {
		c.fail(endless(n))
		return
	}
	switch n.Type() {
	case schemas.Null:
	case schemas.Boolean:
		c.emit(opBoolean, 0, 0, 0)
	case schemas.Int:
		c.emit(opInt, 0, 0, 0)
	case schemas.Long:
		c.emit(opLong, 0, 0, 0)
	case schemas.Float:
		c.emit(opFixed, 4, 0, 0)
	case schemas.Double:
		c.emit(opFixed, 8, 0, 0)
	case schemas.Bytes, schemas.String:
		c.emit(opBytes, 0, 0, 0)
	case schemas.Fixed:
		c.emit(opFixed, n.Size(), 0, 0)
	case schemas.Enum:
		c.emit(opEnum, len(n.Symbols()), 0, 0)
	case schemas.Array, schemas.Map:
		flags := 0
		if drop {
			flags = itemsDrop
		}
		c.loop(n, flags, func() { c.skip(n.Items(), drop) })
	case schemas.Union:
		arms := make([]func(), len(n.Branches()))
		for i, b := range n.Branches() {
			arms[i] = func() { c.skip(b, drop) }
		}
		c.union(arms)
	case schemas.Record:
		if c.sizes.of(n) == 0 {
			return // null, and fixed of size 0, all the way down
		}
		if c.writer.uses(n) > 1 || c.writer.loops(n) {
			key := skipKey{n, drop}
			c.call(key, entry{skip: key}, c.writer.loops(n))
		} else {
			c.skipRecord(n, drop)
		}
	}
}

func (c *compiler) skipRecord(n *schemas.Node, drop bool) {
	for _, f := range n.Fields() {
		c.within(f.Name(), func() { c.skip(f.Type(), drop) })
	}
}

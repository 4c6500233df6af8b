package resolution

import (
	"fmt"

	"github.com/kavro/kavro/internal/wire"
)

// flush outputs what is pending. What comes next is pending from offset start on.
func (m *machine) flush(at, start int) {
	m.dst = append(m.dst, m.src[m.start:at]...)
	m.start = start
}

// block begins the next block of the loop whose opItems is at head, or ends the
// loop after the last one. Of a block that is dropped and says its size nothing
// is read.
func (m *machine) block(head int, items *loop, at int) (pc, next int, err error) {
	in := &m.code[head]
	for {
		items.left = 0
		if at < len(m.src) && m.src[at] == 0 { // kept first: most loops end here
			at++
			break
		}
		b, next, err := readBlock(m.src, at)
		if err != nil {
			return head, at, err
		}
		if b.count == 0 { // in more bytes than it takes
			at = next
			break
		}
		if err := m.checkBlock(b, len(m.src)-next, int(in.b), items.until); err != nil {
			return head, at, err
		}
		items.until += b.count
		if b.sized && in.c&itemsDrop != 0 {
			at = next + b.size
			continue
		}
		if b.sized && in.c&itemsChange != 0 { // the size will be another: leave it out
			m.flush(at, next)
			m.dst = wire.AppendLong(m.dst, b.count)
		}
		items.left, items.begin = int(b.count), next
		return head + 1, next, nil
	}
	*items = m.pop().outer
	return int(in.a), at, nil
}

// enum replaces the index of a symbol.
func (m *machine) enum(in *instruction, at int) (next int, err error) {
	i, next, err := index(m.src, at, in.b, "enum index")
	if err != nil {
		return at, err
	}
	to := m.symbols[in.a+i]
	if to < 0 && m.exact {
		return at, fmt.Errorf("the schema to be written has no symbol %s in its %s",
			m.nodes[in.c].Symbols()[i], Describe(m.nodes[in.c+1]))
	}
	if to < 0 {
		return at, fmt.Errorf("the reader's %s has no symbol %s, and no default",
			Describe(m.nodes[in.c+1]), m.nodes[in.c].Symbols()[i])
	}
	if to != i {
		m.flush(at, next)
		m.dst = wire.AppendLong(m.dst, int64(to))
	}
	return next, nil
}

// union replaces the index of a branch, or drops it.
func (m *machine) union(in *instruction, at int) (pc, next int, err error) {
	i, next, err := index(m.src, at, in.b, "union index")
	if err != nil {
		return 0, at, err
	}
	b := m.branches[in.a+i]
	if b.to != i {
		m.flush(at, next)
		if b.to >= 0 {
			m.dst = wire.AppendLong(m.dst, int64(b.to))
		}
	}
	return int(b.pc), next, nil
}

// promote replaces a number by one of another type.
func (m *machine) promote(o op, at int) (next int, err error) {
	var v float64
	switch o {
	case opIntToFloat, opIntToDouble:
		var i int32
		i, next, err = wire.Int(m.src, at)
		if v = float64(i); o == opIntToFloat {
			v = float64(float32(i))
		}
	case opLongToFloat, opLongToDouble:
		var i int64
		i, next, err = wire.Long(m.src, at)
		if v = float64(i); o == opLongToFloat {
			v = float64(float32(i)) // straight from 64 bits: rounded once
		}
	default:
		var f float32
		f, next, err = wire.Float(m.src, at)
		v = float64(f)
	}
	if err != nil {
		return at, err
	}
	m.flush(at, next)
	if o == opIntToFloat || o == opLongToFloat {
		m.dst = wire.AppendFloat(m.dst, float32(v))
	} else {
		m.dst = wire.AppendDouble(m.dst, v)
	}
	return next, nil
}

package resolution

import (
	"github.com/kavro/kavro/avro/avrort"
	"sync"
)

// machine is the state of a program that runs, but for what interpretFast keeps in
// registers. It lives on the stack: nothing in it points into it.
type machine struct {
	*Program
	limits *avrort.Settings
	src    []byte
	dst    []byte
	start  int   // the first byte of src that was read but not output
	base   int   // of the marks of the subroutine that runs
	depth  int   // of records within themselves
	empty  int64 // items so far that take no bytes
	filled int   // bytes of literals so far
	mode   Mode

	frames int       // loops and calls that are under way
	few    [2]frame  // the first of them
	marks  [4]int    // the first slots
	deep   *overflow // more of both, borrowed
}

// Mode is what may follow the part of src that changes.
type Mode uint8

const (
	Whole     Mode = iota // src is one datum, all of which is checked
	More                  // src begins with a datum
	Unchecked             // src is one datum, which someone else will check
)

// frame is a loop or a call that is under way.
type frame struct {
	pc    int32 // of the opItems, or of the opCall
	outer loop  // the loop around it
}

// loop counts the items of an array or map.
type loop struct {
	left  int   // items of the block that are still to come, this one included
	until int64 // items up to the block's end, over all blocks
	begin int   // where the item begins: a map's key
}

// overflow is memory for programs that go deep or leave many marks.
type overflow struct {
	frames []frame
	marks  []int
}

// maxKeptFrames is the largest overflow that is kept for reuse: that of an
// unusually deep datum goes to the garbage collector.
const maxKeptFrames = 1 << 10

var overflows = sync.Pool{New: func() any { return new(overflow) }}

// Run rewrites src, appending to dst, and returns how much of src it read, in bytes. The error
// is a *avrort.DecodeError; the other results are then not to be used. Nothing is allocated but
// memory for dst.
func (p *Program) Run(dst, src []byte, l *avrort.Settings, how Mode) (out []byte, size int, err error) {
	var m machine
	m.Program, m.limits, m.src, m.dst, m.mode = p, l, src, dst, how
	m.reserve()
	err = m.interpret()
	if m.deep != nil && cap(m.deep.frames) <= maxKeptFrames {
		m.deep.frames = m.deep.frames[:0]
		overflows.Put(m.deep)
	}
	return m.dst, m.start, err
}

func (m *machine) push(f frame) {
	if m.frames < len(m.few) {
		m.few[m.frames] = f
	} else {
		if m.deep == nil {
			m.deep = overflows.Get().(*overflow)
		}
		m.deep.frames = append(m.deep.frames, f)
	}
	m.frames++
}

func (m *machine) pop() frame {
	m.frames--
	f := m.frame(m.frames)
	if m.frames >= len(m.few) {
		m.deep.frames = m.deep.frames[:m.frames-len(m.few)]
	}
	return f
}

func (m *machine) frame(i int) frame {
	if i < len(m.few) {
		return m.few[i]
	}
	return m.deep.frames[i-len(m.few)]
}

// slot is where a subroutine keeps a mark.
func (m *machine) slot(a int32) *int {
	i := m.base + int(a)
	if i < len(m.marks) {
		return &m.marks[i]
	}
	return &m.deep.marks[i-len(m.marks)]
}

// reserve makes room for the marks of a subroutine.
func (m *machine) reserve() {
	if need := m.base + m.slots - len(m.marks); need > 0 {
		if m.deep == nil {
			m.deep = overflows.Get().(*overflow)
		}
		if need > len(m.deep.marks) {
			m.deep.marks = append(m.deep.marks, make([]int, need)...)
		}
	}
}

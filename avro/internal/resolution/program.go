package resolution

import (
	"errors"
	"math"

	"github.com/kavro/kavro/internal/wire"
	"github.com/kavro/kavro/schemas"
)

// A Program rewrites one datum. It reads the writer's bytes from front to back
// and keeps one invariant: what was output so far is dst, followed by the bytes
// src[start:at], which are pending. Checking a value only moves at, so runs of
// fields that stay as they are cost a check each and one copy together; dropping
// one flushes what is pending, reads on, and sets start to at.
//
// Records are inlined, but for those used more than once or within themselves,
// which are subroutines: the program's size stays linear in the schemas'.
//
// Safe for concurrent use.
type Program struct {
	code     []instruction
	targets  []int32 // of opUnion
	branches []branchTarget
	symbols  []int32 // of opEnumMap: the reader's index, -1 none
	literals [][]byte
	reasons  []error // of opFail
	checks   []check // of opCheck
	steps    []step
	where    []int32 // the step of each instruction
	nodes    []*schemas.Node

	frames int  // how deep loops and calls nest; of no use if calls is set
	slots  int  // marks that one subroutine needs at most
	calls  bool // there are subroutines
	exact  bool // nothing may be lost

	identical bool
}

type instruction struct {
	op      op
	a, b, c int32
}

type op uint8

const (
	opEnd    op = iota
	opReturn    // from opCall
	opCall      // the subroutine at a; b: 1 within a recursive record; c: marks in use here
	opJump      // to a
	opFail      // for reason a
	opTail      // nothing changes from here on: an unchecked run ends

	// Checks: the value stays as it is.
	opInt
	opLong
	opBoolean
	opBytes // and strings
	opFixed // of a bytes; float and double too
	opEnum  // of a symbols
	opUnion // of b branches, whose code begins at targets[a:]
	opLoop  // begins an array or map, whose opItems is at a
	opItems // is not run, but says: the end is at a, items take b bytes at least; c: flags
	opNext  // goes to the code behind the opItems at a, or to the next block

	// Changes.
	opFlush // outputs what is pending
	opDrop  // drops what is pending
	opMark  // keeps the offset in slot a
	opSeek  // flushes, then goes to the offset in slot a
	opCopy  // flushes, then outputs the bytes from slot a to slot b
	opEmit  // flushes, then outputs literal a
	opIntToFloat
	opIntToDouble
	opLongToFloat
	opLongToDouble
	opFloatToDouble
	opEnumMap  // of b symbols, mapped by symbols[a:]
	opUnionMap // of b branches, described by branches[a:]

	opCheck // asks check a about the bytes from slot b to here
)

// Flags of opItems.
const (
	itemsChange = 1 << iota // the items' bytes change, so a block's byte size is dropped
	itemsDrop               // nobody reads them: a block with a byte size is jumped over
	itemsKeyed              // a map
)

// branchTarget is a branch of a writer's union where indexes change.
type branchTarget struct {
	pc int32
	to int32 // the reader's index; -1: the reader's type is no union
}

// A step is one of the path to an instruction's value, from the loop or
// subroutine that it is in.
type step struct {
	parent int32
	name   string
}

// compileMatch turns a match into a program.
func compileMatch(root *match, types *writerTypes, conf *Config) *Program {
	c := &compiler{
		Program: &Program{steps: []step{{parent: -1}}, exact: conf.Exact},
		Config:  conf,
		sizes:   minSizes{},
		writer:  types,
		entries: map[any]*entry{},
	}
	c.top = root.kind == matchRecord && !root.loops
	c.compile(root)
	c.emit(opEnd, 0, 0, 0)
	for len(c.todo) > 0 {
		e := c.todo[0]
		c.todo = c.todo[1:]
		c.subroutine(e)
	}
	for _, call := range c.unresolved {
		c.code[call.pc].a = call.entry.pc
	}
	return c.Program
}

// compiler holds what is needed while a program is built.
type compiler struct {
	*Program
	*Config
	sizes  minSizes
	writer *writerTypes

	top        bool  // the next record is the top of the schema
	at         int32 // the step of the code being emitted
	frame      int   // loops around it
	slot       int   // marks in use around it
	entries    map[any]*entry
	todo       []*entry
	unresolved []call
}

// An entry is a subroutine: that of a match, or of a type that is skipped.
type entry struct {
	match *match
	skip  skipKey
	pc    int32
}

type call struct {
	pc    int
	entry *entry
}

// skipKey is a writer's type that is skipped.
type skipKey struct {
	node *schemas.Node
	drop bool
}

func (c *compiler) emit(o op, a, b, d int) int {
	c.code = append(c.code, instruction{o, int32(a), int32(b), int32(d)})
	c.where = append(c.where, c.at)
	return len(c.code) - 1
}

// within runs f with a step added to the path.
func (c *compiler) within(name string, f func()) {
	outer := c.at
	c.steps = append(c.steps, step{parent: outer, name: name})
	c.at = int32(len(c.steps) - 1)
	f()
	c.at = outer
}

// call emits a call of the subroutine for key.
func (c *compiler) call(key any, e entry, loops bool) {
	known := c.entries[key]
	if known == nil {
		known = &e
		c.entries[key] = known
		c.todo = append(c.todo, known)
	}
	c.calls = true
	depth := 0
	if loops {
		depth = 1
	}
	c.unresolved = append(c.unresolved, call{c.emit(opCall, 0, depth, c.slot), known})
}

func (c *compiler) subroutine(e *entry) {
	e.pc = int32(len(c.code))
	c.at, c.frame, c.slot = 0, 0, 0
	if e.match != nil {
		c.compileRecord(e.match)
	} else {
		c.skipRecord(e.skip.node, e.skip.drop)
	}
	c.emit(opReturn, 0, 0, 0)
}

func (c *compiler) compile(x *match) {
	if !c.writer.finite.has(x.writer) {
		c.fail(endless(x.writer))
		return
	}
	switch x.kind {
	case matchNone:
		c.failPart(x)
	case matchSame:
		c.checked(x.check, func() { c.skip(x.writer, false) })
	case matchPromote:
		c.checked(x.check, func() { c.emit(promotionOp(x.writer.Type(), x.reader.Type()), 0, 0, 0) })
	case matchItems:
		flags := 0
		if x.changes {
			flags = itemsChange
		}
		c.loop(x.writer, flags, func() { c.compile(x.item) })
	case matchEnum:
		c.compileEnum(x)
	case matchRecord:
		if !x.changes && !x.fails && c.sizes.of(x.writer) == 0 {
			return // no bytes become no bytes, however many records that is
		}
		if x.uses > 1 || x.loops {
			c.call(x, entry{match: x}, x.loops)
		} else {
			c.compileRecord(x)
		}
	case matchWriterUnion:
		c.compileUnion(x)
	case matchReaderUnion:
		c.literal(wire.AppendLong(nil, int64(x.branch)))
		c.compile(x.item)
	}
}

func endless(n *schemas.Node) string { return "no value of " + Describe(n) + " ends" }

func (c *compiler) fail(reason string) { c.failWith(errors.New(reason)) }

func (c *compiler) failWith(err error) {
	c.reasons = append(c.reasons, err)
	c.emit(opFail, len(c.reasons)-1, 0, 0)
}

// failPart fails data that have a part for which the two schemas do not match.
func (c *compiler) failPart(x *match) {
	c.failWith(&partError{text: x.explain(c.exact), failed: c.Failed})
}

// failBranch fails data that have a branch of a union that the reader lacks: that
// is their own fault, unless the reader has it, in another form.
func (c *compiler) failBranch(x *match) {
	if x.writer.Type() == schemas.Record && x.reader.Type() == schemas.Record {
		c.failPart(x)
		return
	}
	c.fail(x.explain(c.exact))
}

// A partError reads as the reason alone, since the path says where. It wraps the error
// of two schemas that do not match.
type partError struct {
	text   string
	failed func(path string, err error) error
}

func (e *partError) Error() string { return e.text }

func (e *partError) Unwrap() error { return e.failed("", errors.New(e.text)) }

// loop emits the code of an array or map around that of an item.
func (c *compiler) loop(n *schemas.Node, flags int, item func()) {
	size := c.sizes.of(n.Items())
	if n.Type() == schemas.Map {
		flags |= itemsKeyed
		size = min(size, manyBytes) + 1
	}
	c.emit(opLoop, len(c.code)+1, 0, 0)
	head := c.emit(opItems, 0, min(size, math.MaxInt32), flags)
	outer := c.at
	c.at = 0 // paths start anew: the loop's frame knows the index
	c.frame++
	c.frames = max(c.frames, c.frame)
	if n.Type() == schemas.Map {
		c.emit(opBytes, 0, 0, 0)
	}
	item()
	c.frame--
	c.at = outer
	c.emit(opNext, head, 0, 0)
	c.code[head].a = int32(len(c.code))
}

func (c *compiler) compileEnum(x *match) {
	if !x.changes && !x.fails {
		c.emit(opEnum, len(x.symbols), 0, 0)
		return
	}
	c.nodes = append(c.nodes, x.writer, x.reader)
	c.emit(opEnumMap, len(c.symbols), len(x.symbols), len(c.nodes)-2)
	c.symbols = append(c.symbols, x.symbols...)
}

func (c *compiler) compileUnion(x *match) {
	arms := make([]func(), len(x.branches))
	for i, b := range x.branches {
		arms[i] = func() {
			if b.match.kind == matchNone {
				c.failBranch(b.match)
			} else {
				c.compile(b.match)
			}
		}
	}
	if !x.changesItself(c.sizes) {
		c.union(arms)
		return
	}
	first := len(c.branches)
	for _, b := range x.branches {
		c.branches = append(c.branches, branchTarget{to: int32(b.to)})
	}
	c.emit(opUnionMap, first, len(arms), 0)
	c.arms(arms, func(i, pc int) { c.branches[first+i].pc = int32(pc) })
}

// union emits the code of a union whose branches keep their indexes.
func (c *compiler) union(arms []func()) {
	first := len(c.targets)
	c.targets = append(c.targets, make([]int32, len(arms))...)
	c.emit(opUnion, first, len(arms), 0)
	c.arms(arms, func(i, pc int) { c.targets[first+i] = int32(pc) })
}

// arms emits the code of each branch, and tells where it begins.
func (c *compiler) arms(arms []func(), begin func(i, pc int)) {
	var ends []int
	for i, arm := range arms {
		begin(i, len(c.code))
		arm()
		if i < len(arms)-1 {
			ends = append(ends, c.emit(opJump, 0, 0, 0))
		}
	}
	for _, pc := range ends {
		c.code[pc].a = int32(len(c.code))
	}
}

// literal emits bytes that the writer did not write.
func (c *compiler) literal(b []byte) {
	if len(b) == 0 {
		return
	}
	c.literals = append(c.literals, b)
	c.emit(opEmit, len(c.literals)-1, 0, 0)
}

package avro

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/internal/wire"
	"github.com/kavro/kavro/schemas"
)

// Data that no Go field takes are skipped by steps, compiled from their schema: a step for each
// value whose length its bytes tell, and one for all neighbours whose lengths the schema tells.
// Records become the steps of their fields.
//
// Each step checks what decoding the value checks, and says nothing of what is wrong: whoever
// runs steps without success runs [pass], which does, over the same data.
type skipStep struct {
	op    skipOp
	keyed bool        // skipItems: a map
	n     int         // skipFixed: bytes; skipEnum: symbols; skipItems: the fewest bytes of an item
	parts []*skipPart // skipUnion: branches; skipItems, skipRecord: one
}

type skipOp uint8

const (
	skipFixed  skipOp = iota // float, double, fixed
	skipString               // and bytes
	skipInt
	skipLong
	skipBool
	skipEnum
	skipUnion
	skipItems  // array and map
	skipRecord // one that contains itself: its depth is counted
	skipCall   // a record of many fields
)

// A skipPart is the steps of a value, or of neighbouring values. It may contain itself.
type skipPart struct {
	steps []skipStep
	// counts says that the work is bounded by limits rather than by the bytes that are skipped: there are
	// recursive records, or items that take no bytes.
	counts bool
	done   bool // compiled
}

// skipCompiler compiles each type once.
type skipCompiler map[*compiledSchema]*skipPart

// part compiles a value of s.
func (c skipCompiler) part(s *compiledSchema) *skipPart {
	if s.recursive {
		p := &skipPart{done: true}
		c.add(p, s)
		return p
	}
	return c.inner(s)
}

// inner is part, without the depth of s.
func (c skipCompiler) inner(s *compiledSchema) *skipPart {
	p := c[s]
	if p == nil {
		p = &skipPart{}
		c[s] = p
		if s.typ == schemas.Record {
			for _, f := range s.fields {
				c.add(p, f.schema)
			}
		} else {
			c.add(p, s)
		}
		p.done = true
	}
	return p
}

// maxInlined is the longest list of steps that is copied into another: lists stay linear in the schema.
const maxInlined = 8

// add adds the steps of a value of s to p.
func (c skipCompiler) add(p *skipPart, s *compiledSchema) {
	switch s.typ {
	case schemas.Null:
	case schemas.Boolean:
		p.add(skipStep{op: skipBool})
	case schemas.Int:
		p.add(skipStep{op: skipInt})
	case schemas.Long:
		p.add(skipStep{op: skipLong})
	case schemas.Float:
		p.add(skipStep{op: skipFixed, n: 4})
	case schemas.Double:
		p.add(skipStep{op: skipFixed, n: 8})
	case schemas.Fixed:
		p.add(skipStep{op: skipFixed, n: s.size})
	case schemas.Bytes, schemas.String:
		p.add(skipStep{op: skipString})
	case schemas.Enum:
		p.add(skipStep{op: skipEnum, n: len(s.symbols)})
	case schemas.Union:
		branches := make([]*skipPart, len(s.branches))
		for i, b := range s.branches {
			branches[i] = c.part(b)
		}
		p.add(skipStep{op: skipUnion, parts: branches})
	case schemas.Array, schemas.Map:
		step := c.items(s)
		p.counts = p.counts || step.n == 0
		p.add(step)
	case schemas.Record:
		fields := c.inner(s)
		switch {
		case s.recursive:
			p.counts = true
			p.add(skipStep{op: skipRecord, parts: []*skipPart{fields}})
		case !fields.done || len(fields.steps) > maxInlined:
			p.add(skipStep{op: skipCall, parts: []*skipPart{fields}})
		default:
			for _, step := range fields.steps {
				p.add(step)
			}
		}
	}
}

// items is the step for an array or map.
func (c skipCompiler) items(s *compiledSchema) skipStep {
	step := skipStep{op: skipItems, n: s.items.min, parts: []*skipPart{c.part(s.items)}}
	if s.typ == schemas.Map {
		step.keyed = true
		step.n++ // the key's length
	}
	return step
}

// add adds a step. One that skips a number of bytes joins the one before that does as well.
func (p *skipPart) add(s skipStep) {
	for _, part := range s.parts {
		p.counts = p.counts || part.counts || !part.done
	}
	if s.op == skipFixed {
		last := len(p.steps) - 1
		if s.n == 0 {
			return
		}
		if last >= 0 && p.steps[last].op == skipFixed && s.n <= math.MaxInt32-p.steps[last].n {
			p.steps[last].n += s.n
			return
		}
	}
	p.steps = append(p.steps, s)
}

// A skipRun runs steps over a datum.
type skipRun struct {
	src   []byte
	lim   *avrort.Settings
	depth int // of recursive records
	empty int // items so far that take no bytes
}

// wrong is the offset that is returned for data that are cut short, wrong, or beyond a limit.
const wrong = -1

// run skips the values of steps, the first at offset at, and returns the offset behind the last.
func (k *skipRun) run(steps []skipStep, at int) int {
	src := k.src
	for i := range steps {
		s := &steps[i]
		if s.op == skipFixed {
			if s.n > len(src)-at {
				return wrong
			}
			at += s.n
			continue
		}
		if at >= len(src) {
			return wrong
		}
		switch s.op {
		case skipString:
			if b := src[at]; b&0x81 == 0 && int(b>>1) < len(src)-at && int(b>>1) <= k.lim.MaxBytes {
				at += 1 + int(b>>1)
				continue
			}
			at = k.longString(at)
		case skipInt:
			if src[at] < 0x80 {
				at++
				continue
			}
			at = longInt(src, at)
		case skipLong:
			if src[at] < 0x80 {
				at++
				continue
			}
			at = longLong(src, at)
		case skipBool:
			if src[at] > 1 {
				return wrong
			}
			at++
		case skipEnum:
			if b := src[at]; b&0x81 == 0 && int(b>>1) < s.n {
				at++
				continue
			}
			_, at = longIndex(src, at, s.n, true)
		case skipUnion:
			at = k.union(s, at)
		case skipItems:
			at = k.items(s, at)
		case skipRecord:
			if k.depth++; k.depth > k.lim.MaxDepth {
				return wrong
			}
			at = k.run(s.parts[0].steps, at)
			k.depth--
		case skipCall:
			at = k.run(s.parts[0].steps, at)
		}
		if at < 0 {
			return wrong
		}
	}
	return at
}

func (k *skipRun) union(s *skipStep, at int) int {
	i, at := index(k.src, at, len(s.parts))
	if at < 0 {
		return wrong
	}
	steps := s.parts[i].steps
	if len(steps) == 0 { // null
		return at
	}
	return k.run(steps, at)
}

func (k *skipRun) items(s *skipStep, at int) int {
	steps := s.parts[0].steps
	fixed := len(steps) == 1 && steps[0].op == skipFixed && !s.keyed
	for have := 0; ; {
		n, next := k.block(at, have, s.n)
		if at = next; n == 0 {
			return at
		}
		have += n
		switch {
		case fixed && n > (len(k.src)-at)/steps[0].n:
			return wrong
		case fixed:
			at += n * steps[0].n
			continue
		case len(steps) == 0 && !s.keyed:
			continue
		}
		for range n {
			if s.keyed {
				if at = k.string(at); at < 0 {
					return wrong
				}
			}
			if at = k.run(steps, at); at < 0 {
				return wrong
			}
		}
	}
}

// block reads the head of a block of items that take least bytes at least; have items came before it. n is 0
// after the last block, and where next is wrong.
func (k *skipRun) block(at, have, least int) (n, next int) {
	if at < len(k.src) && k.src[at] == 0 {
		return 0, at + 1
	}
	count, next, err := wire.Long(k.src, at)
	if err == nil && count < 0 {
		var size int64
		size, next, err = wire.Long(k.src, next)
		if count = -count; count < 0 || size < 0 || size > int64(len(k.src)-next) {
			return 0, wrong
		}
	}
	if err != nil || count > int64(k.lim.MaxItems)-int64(have) {
		return 0, wrong
	}
	if least > 0 {
		if count > int64((len(k.src)-next)/least) {
			return 0, wrong
		}
		return int(count), next
	}
	if count > int64(k.lim.MaxEmptyItems-k.empty) {
		return 0, wrong
	}
	k.empty += int(count)
	return int(count), next
}

func (k *skipRun) string(at int) int {
	if at < len(k.src) {
		if b := k.src[at]; b&0x81 == 0 && int(b>>1) < len(k.src)-at && int(b>>1) <= k.lim.MaxBytes {
			return at + 1 + int(b>>1)
		}
	}
	return k.longString(at)
}

func (k *skipRun) longString(at int) int {
	n, next, err := wire.Long(k.src, at)
	if err != nil || n < 0 || n > int64(len(k.src)-next) || n > int64(k.lim.MaxBytes) {
		return wrong
	}
	return next + int(n)
}

// index reads the index of one of n branches.
func index(src []byte, at, n int) (i, next int) {
	if at < len(src) {
		if b := src[at]; b&0x81 == 0 && int(b>>1) < n {
			return int(b >> 1), at + 1
		}
	}
	return longIndex(src, at, n, false)
}

// longIndex reads the index of one of n branches, or symbols: an int.
func longIndex(src []byte, at, n int, isInt bool) (i, next int) {
	v, next, err := wire.Long(src, at)
	if err == nil && isInt {
		_, next, err = wire.Int(src, at)
	}
	if err != nil || uint64(v) >= uint64(n) {
		return 0, wrong
	}
	return int(v), next
}

func longInt(src []byte, at int) int {
	_, next, err := wire.Int(src, at)
	if err != nil {
		return wrong
	}
	return next
}

func longLong(src []byte, at int) int {
	if len(src)-at >= 8 {
		const tops = 0x8080808080808080 // clear in the last byte of a varint
		if last := ^binary.LittleEndian.Uint64(src[at:]) & tops; last != 0 {
			return at + bits.TrailingZeros64(last)>>3 + 1
		}
	}
	_, next, err := wire.Long(src, at)
	if err != nil {
		return wrong
	}
	return next
}

// A skipPlan skips neighbouring fields of a record.
type skipPlan struct {
	skipPart
	fields []*compiledSchema
	limits *avrort.Settings
}

func (b *planner) skipPlan(fields []compiledField) *skipPlan {
	p := &skipPlan{limits: &b.env.cfg.Settings}
	for _, f := range fields {
		b.skips.add(&p.skipPart, f.schema)
		p.fields = append(p.fields, f.schema)
	}
	return p
}

// skip passes over the fields. What the Reader must count, or say of wrong data, is left to [pass].
func (p *skipPlan) skip(r *avrort.Reader) {
	if !p.counts {
		k := skipRun{src: r.Rest(), lim: p.limits}
		if n := k.run(p.steps, 0); n >= 0 {
			r.Advance(n)
			return
		}
	}
	for _, s := range p.fields {
		pass(r, s)
	}
}

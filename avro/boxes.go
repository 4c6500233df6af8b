package avro

import (
	"time"

	"github.com/kavro/kavro/schemas"
)

// A number, a string or a time in an any is memory of its own: a thousand
// numbers, a thousand allocations. Generic values of one datum share it instead,
// as their strings share their text: it is allocated for as many values as the
// schema and the block counts announce, at most [mostBoxes] at once.
//
// What is in a box does not change any more: an any is read only.

// mostBoxes is how many values share an allocation at most: 4 KiB of strings.
const mostBoxes = 256

// boxes are what a Reader puts the values of any in.
type boxes struct {
	words   boxesFor[uint64] // for all kinds of numbers
	strings boxesFor[string]
	times   boxesFor[time.Time]
}

// boxesFor are boxes for one kind of value. used says which are free: cutting them
// off would write a pointer for each, which costs more while the collector runs.
type boxesFor[T any] struct {
	all  []T
	used int
	due  int // values that are announced, and have no box yet
}

// boxCount is how many values of each kind there are.
type boxCount struct{ words, strings, times int }

// boxesOf is how many boxes a value of a shape takes in any case: arrays, maps
// and unions announce what they have when they come to it. It is known for all
// parts of s.
func boxesOf(s *shape, raw bool) boxCount {
	switch s.class(raw) {
	case classInt, classLong, classFloat, classDouble, classClock:
		return boxCount{words: 1}
	case classString:
		return boxCount{strings: 1}
	case classTime:
		return boxCount{times: 1}
	}
	var sum boxCount
	if s.typ == schemas.Record {
		for _, f := range s.fields {
			sum.add(1, f.shape.boxes)
		}
	}
	return sum
}

// add adds n times c. What it counts takes bytes, so that more than maxMin are
// never there.
func (sum *boxCount) add(n int, c boxCount) {
	sum.words = min(sum.words+n*c.words, maxMin)
	sum.strings = min(sum.strings+n*c.strings, maxMin)
	sum.times = min(sum.times+n*c.times, maxMin)
}

// expect announces n values of a shape.
func (r *Reader) expect(n int, s *shape) {
	if sharesBoxes && !r.copied && s.boxes != (boxCount{}) {
		r.boxed = true
		b := &r.boxes
		due := boxCount{b.words.due, b.strings.due, b.times.due}
		due.add(min(n, maxMin), s.boxes)
		b.words.due, b.strings.due, b.times.due = due.words, due.strings, due.times
	}
}

// unbox lets go of all boxes.
func (r *Reader) unbox() { r.boxes, r.boxed = boxes{}, false }

// take returns a free box; nil if none is due.
func (b *boxesFor[T]) take() *T {
	if b.used == len(b.all) {
		if b.due <= 1 { // a box of its own is what an any has
			b.due = 0
			return nil
		}
		n := min(b.due, mostBoxes)
		b.all, b.used, b.due = make([]T, n), 0, b.due-n
	}
	b.used++
	return &b.all[b.used-1]
}

// anyString is any(v), in a shared box if there is one.
func (r *Reader) anyString(v string) any {
	if p := r.boxes.strings.take(); p != nil {
		*p = v
		return stringAt(p)
	}
	return v
}

func (r *Reader) anyTime(v time.Time) any {
	if p := r.boxes.times.take(); p != nil {
		*p = v
		return timeAt(p)
	}
	return v
}

func (r *Reader) anyInt(v int32) any {
	if w := r.boxes.words.take(); w != nil {
		return intIn(w, v)
	}
	return v
}

func (r *Reader) anyLong(v int64) any {
	if w := r.boxes.words.take(); w != nil {
		return longIn(w, v)
	}
	return v
}

func (r *Reader) anyFloat(v float32) any {
	if w := r.boxes.words.take(); w != nil {
		return floatIn(w, v)
	}
	return v
}

func (r *Reader) anyDouble(v float64) any {
	if w := r.boxes.words.take(); w != nil {
		return doubleIn(w, v)
	}
	return v
}

func (r *Reader) anyClock(v time.Duration) any {
	if w := r.boxes.words.take(); w != nil {
		return clockIn(w, v)
	}
	return v
}

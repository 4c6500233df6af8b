package resolution

// compileRecord emits the code of a record. The reader's fields are taken in
// order while a cursor runs over the writer's. Fields between the cursor and the
// one that is wanted are dropped; those that are wanted later leave marks where
// they begin and end, by which they are found again.
func (c *compiler) compileRecord(x *match) {
	outer := c.slot
	defer func() { c.slot = outer }()

	r := newRecordCompiler(c, x)
	tail := -1
	if c.top {
		tail = r.tail()
		c.top = false
	}
	for i := 0; i < len(x.fields); i++ {
		f := x.fields[i]
		switch {
		case f.from < 0:
			c.literal(f.value)
		case f.from >= r.next:
			r.drop(f.from)
			if i == tail {
				c.emit(opTail, 0, 0, 0)
			}
			r.next = f.from + 1
			r.field(f.from, func() { c.checked(f.check, func() { c.compile(f.match) }) })
		case !f.stays():
			r.back(f)
		default:
			run := r.run(i)
			last := x.fields[i+run-1].from
			c.emit(opCopy, r.begins[f.from], r.ends[last], 0)
			i += run - 1
		}
	}
	r.drop(len(x.writer.Fields()))
}

// stays reports whether a field of the writer keeps its bytes, and cannot fail.
func (f *fieldMatch) stays() bool { return !f.match.changes && !f.match.fails && f.check == nil }

type recordCompiler struct {
	*compiler
	match  *match
	late   map[int]bool // the writer's fields that are wanted when the cursor has passed them
	begins map[int]int  // the slots of marks in front of late fields
	ends   map[int]int  // and behind them; unset: no mark is needed there
	next   int          // the writer's field that comes next
}

// unset is a slot that is not known yet.
const unset = -1

func newRecordCompiler(c *compiler, x *match) *recordCompiler {
	r := &recordCompiler{compiler: c, match: x, late: map[int]bool{}, begins: map[int]int{}, ends: map[int]int{}}
	next := 0
	for _, f := range x.fields {
		switch {
		case f.from < 0:
		case f.from >= next:
			next = f.from + 1
		default:
			r.late[f.from] = true
		}
	}
	for i := 0; i < len(x.fields); {
		run := max(r.run(i), 1)
		if f := x.fields[i]; r.late[f.from] {
			r.begins[f.from] = unset
			r.ends[x.fields[i+run-1].from] = unset
		}
		i += run
	}
	return r
}

// tail is the first of the reader's fields from which on nothing changes, and
// nothing can fail that would not fail for the reader too; -1 if there is none.
func (r *recordCompiler) tail() int {
	fields := r.match.fields
	next, tail := len(r.match.writer.Fields()), -1
	for i := len(fields) - 1; i > 0; i-- {
		f := fields[i]
		if f.from < 0 || f.from >= next || r.late[f.from] || !f.stays() ||
			r.sizes.any(r.match.writer.Fields()[f.from+1:next]) {
			break
		}
		next, tail = f.from, i
	}
	return tail
}

// run is how many of the reader's fields, from field i on, are late, unchanged,
// and neighbours in the writer's record too: they are copied together.
func (r *recordCompiler) run(i int) int {
	n := 0
	for _, f := range r.match.fields[i:] {
		if !r.late[f.from] || !f.stays() || n > 0 && f.from != r.match.fields[i].from+n {
			break
		}
		n++
	}
	return n
}

// drop passes over the writer's fields before field to.
func (r *recordCompiler) drop(to int) {
	dropped := false
	for ; r.next < to; r.next++ {
		f := r.match.writer.Fields()[r.next]
		if r.sizes.of(f.Type()) == 0 && r.writer.finite.has(f.Type()) && !r.late[r.next] {
			continue
		}
		if !dropped {
			r.emit(opFlush, 0, 0, 0)
			dropped = true
		}
		r.field(r.next, func() {
			if r.exact && !r.late[r.next] {
				r.checked(r.isUnset(r.match, f), func() { r.skip(f.Type(), true) })
			} else {
				r.skip(f.Type(), !r.late[r.next])
			}
		})
	}
	if dropped {
		r.emit(opDrop, 0, 0, 0)
	}
}

// field emits the code that reads one of the writer's fields, with the marks
// that are needed to come back.
func (r *recordCompiler) field(field int, code func()) {
	r.within(r.match.writer.Fields()[field].Name(), func() {
		if _, ok := r.begins[field]; ok {
			r.begins[field] = r.mark()
		}
		code()
		if _, ok := r.ends[field]; ok {
			r.ends[field] = r.mark()
		}
	})
}

// back emits a field that the cursor has passed and whose bytes change.
func (r *recordCompiler) back(f fieldMatch) {
	r.within(r.match.writer.Fields()[f.from].Name(), func() {
		here := r.mark()
		r.emit(opSeek, r.begins[f.from], 0, 0)
		r.checked(f.check, func() { r.compile(f.match) })
		r.emit(opSeek, here, 0, 0)
	})
}

// checked emits code, and a check of the bytes that it moves over.
func (c *compiler) checked(check check, code func()) {
	if check == nil {
		code()
		return
	}
	outer := c.slot
	slot := c.mark()
	code()
	c.checks = append(c.checks, check)
	c.emit(opCheck, len(c.checks)-1, slot, 0)
	c.slot = outer
}

// mark emits an opMark in a slot of its own, and returns the slot.
func (c *compiler) mark() int {
	slot := c.slot
	c.emit(opMark, slot, 0, 0)
	c.slot++
	c.slots = max(c.slots, c.slot)
	return slot
}

package avro

// compileRecord emits the code of a record. The reader's fields are taken in
// order while a cursor runs over the writer's. Fields between the cursor and the
// one that is wanted are dropped; those that are wanted later leave marks where
// they begin and end, by which they are found again.
func (c *compiler) compileRecord(x *match) {
	outer := c.slot
	defer func() { c.slot = outer }()

	r := recordCompiler{compiler: c, match: x, late: x.lateFields(), marks: map[int][2]int{}}
	for _, f := range x.fields {
		switch {
		case f.from < 0:
			c.literal(f.value)
		case f.from >= r.next:
			r.drop(f.from)
			r.next = f.from + 1
			r.walk(f.from, func() { c.compile(f.match) })
		default:
			r.back(f)
		}
	}
	r.drop(len(x.writer.Fields()))
}

type recordCompiler struct {
	*compiler
	match *match
	late  map[int]bool   // the writer's fields that are read again, or late
	marks map[int][2]int // the slots of theirs
	next  int            // the writer's field that comes next
}

// lateFields are the writer's fields that the reader wants when the cursor has
// passed them.
func (x *match) lateFields() map[int]bool {
	late := map[int]bool{}
	next := 0
	for _, f := range x.fields {
		switch {
		case f.from < 0:
		case f.from >= next:
			next = f.from + 1
		default:
			late[f.from] = true
		}
	}
	return late
}

// drop passes over the writer's fields before field to.
func (r *recordCompiler) drop(to int) {
	dropped := false
	for ; r.next < to; r.next++ {
		f := r.match.writer.Fields()[r.next]
		if r.sizes.of(f.Type()) == 0 && r.finite[f.Type()] && !r.late[r.next] {
			continue
		}
		if !dropped {
			r.emit(opFlush, 0, 0, 0)
			dropped = true
		}
		r.walk(r.next, func() { r.skip(f.Type(), !r.late[r.next]) })
	}
	if dropped {
		r.emit(opDrop, 0, 0, 0)
	}
}

// walk emits the code that moves over one of the writer's fields, with marks
// around it if it is wanted late.
func (r *recordCompiler) walk(field int, code func()) {
	r.within(r.match.writer.Fields()[field].Name(), func() {
		if !r.late[field] {
			code()
			return
		}
		begin := r.mark()
		code()
		r.marks[field] = [2]int{begin, r.mark()}
	})
}

// back emits a field that the cursor has passed.
func (r *recordCompiler) back(f fieldMatch) {
	marks := r.marks[f.from]
	if !f.match.changes && !f.match.fails {
		r.emit(opCopy, marks[0], marks[1], 0)
		return
	}
	r.within(r.match.writer.Fields()[f.from].Name(), func() {
		here := r.mark()
		r.emit(opSeek, marks[0], 0, 0)
		r.compile(f.match)
		r.emit(opSeek, here, 0, 0)
	})
}

// mark emits an opMark in a slot of its own, and returns the slot.
func (c *compiler) mark() int {
	slot := c.slot
	c.emit(opMark, slot, 0, 0)
	c.slot++
	c.slots = max(c.slots, c.slot)
	return slot
}

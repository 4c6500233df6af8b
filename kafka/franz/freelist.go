package franz

import "sync"

// spares lends the memory for records on their way. It is taken by many
// goroutines and comes back on the one that calls promises, which is the worst
// case for a sync.Pool of single records: each would cross from one processor
// to another. So they come back by the dozen, and each processor keeps a dozen
// at hand.
type freeList struct {
	full    sync.Pool // of *dozen with at least one element
	empty   sync.Pool // of *dozen without
	filling *batch    // used by put only, so by one goroutine at a time
}

type batch struct {
	n  int
	of [12]*delivery
}

// get returns nil if there is none to spare.
func (f *freeList) get() *delivery {
	d, ok := f.full.Get().(*batch)
	if !ok {
		return nil
	}
	d.n--
	s := d.of[d.n]
	d.of[d.n] = nil
	if d.n > 0 {
		f.full.Put(d)
	} else {
		f.empty.Put(d)
	}
	return s
}

// put must not be called by two goroutines at a time.
func (f *freeList) put(s *delivery) {
	if f.filling == nil {
		f.filling, _ = f.empty.Get().(*batch)
		if f.filling == nil {
			f.filling = new(batch)
		}
	}
	d := f.filling
	d.of[d.n] = s
	if d.n++; d.n == len(d.of) {
		f.filling = nil
		f.full.Put(d)
	}
}

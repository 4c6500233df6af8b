package franz

import "sync"

// spares lends the memory for records on their way. It is taken by many
// goroutines and comes back on the one that calls promises, which is the worst
// case for a sync.Pool of single records: each would cross from one processor
// to another. So they come back by the dozen, and each processor keeps a dozen
// at hand.
type spares struct {
	full  sync.Pool // of *dozen with at least one element
	empty sync.Pool // of *dozen without
	back  *dozen    // used by put only, so by one goroutine at a time
}

type dozen struct {
	n  int
	of [12]*sent
}

// get returns nil if there is none to spare.
func (f *spares) get() *sent {
	d, ok := f.full.Get().(*dozen)
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
func (f *spares) put(s *sent) {
	if f.back == nil {
		f.back, _ = f.empty.Get().(*dozen)
		if f.back == nil {
			f.back = new(dozen)
		}
	}
	d := f.back
	d.of[d.n] = s
	if d.n++; d.n == len(d.of) {
		f.back = nil
		f.full.Put(d)
	}
}

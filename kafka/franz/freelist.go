package franz

import "sync"

// freeList keeps deliveries for reuse. Many goroutines take them, and one goroutine, which
// calls kgo's promises, puts them back. That is the worst case for a sync.Pool of single
// deliveries: each would move from the cache of one processor to that of another. So they
// are put back in batches, and each processor takes from a batch of its own.
type freeList struct {
	full    sync.Pool // of *batch with at least one element
	empty   sync.Pool // of *batch without
	filling *batch    // the batch that put fills; used by put alone
}

type batch struct {
	n  int
	of [12]*delivery
}

// get returns a delivery to reuse, or nil.
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

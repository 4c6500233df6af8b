package avroproducer

import (
	"math/bits"
	"sync"
)

// buffer is where a record is serialized. It always has capacity: an empty key that is not null
// must be an empty slice, not nil.
type buffer struct{ bytes []byte }

// buffers keeps buffers for reuse, by size: class i has capacities from 1<<i on, below 2<<i. So a
// large record takes a buffer that is large enough, and a small one never keeps a large buffer.
type buffers struct {
	most    int // the largest capacity that is kept
	classes [bits.UintSize]sync.Pool
}

const smallest = 256

// get returns an empty buffer with a capacity of n at least.
func (f *buffers) get(n int) *buffer {
	class := bits.Len(uint(max(n, smallest) - 1))
	if b, ok := f.classes[class].Get().(*buffer); ok {
		return b
	}
	return &buffer{make([]byte, 0, 1<<class)}
}

// put keeps b for get.
func (f *buffers) put(b *buffer) {
	if n := cap(b.bytes); smallest <= n && n <= f.most {
		b.bytes = b.bytes[:0]
		f.classes[bits.Len(uint(n))-1].Put(b)
	}
}

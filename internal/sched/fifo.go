package sched

// fifo is a queue that reuses its memory. Elements can be returned to the front.
type fifo[T any] struct {
	items []T
	head  int // items[:head] are removed
}

func (q *fifo[T]) len() int { return len(q.items) - q.head }

// at returns the i-th element from the front.
func (q *fifo[T]) at(i int) *T { return &q.items[q.head+i] }

func (q *fifo[T]) push(v T) { q.items = append(q.items, v) }

// pushFront puts v in front of all others.
func (q *fifo[T]) pushFront(v T) {
	if q.head == 0 {
		var zero T
		q.items = append(q.items, zero)
		copy(q.items[1:], q.items)
	} else {
		q.head--
	}
	q.items[q.head] = v
}

// pop removes the front. The queue must not be empty.
func (q *fifo[T]) pop() T {
	v := q.items[q.head]
	var zero T
	q.items[q.head] = zero
	q.head++
	switch {
	case q.head == len(q.items):
		q.items, q.head = q.items[:0], 0
	case q.head >= 1024 && q.head > len(q.items)/2:
		// Bound the memory of a queue that never becomes empty.
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	return v
}

func (q *fifo[T]) clear() { q.items, q.head = nil, 0 }

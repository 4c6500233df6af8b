package franz

import (
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

// recordPool keeps the memory of kgo's records for reuse. kgo takes a slice for each batch
// that it decodes, and puts it back when addRecords has recycled the last record in it. So
// only kafka.Records become garbage: a fifth less CPU per record (BenchmarkConsume).
//
// It is no sync.Pool: the garbage collector empties those, and in a program with a small
// heap it runs more often than fetches arrive.
type recordPool struct {
	mu      sync.Mutex
	free    [][]kgo.Record
	records int // the capacity of all slices in free
}

// maxPooled bounds the capacity that is kept, in records: some 3 MB.
const maxPooled = 16_384

// GetRecords implements kgo.PoolRecords.
func (s *recordPool) GetRecords(n int) []kgo.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last := len(s.free) - 1; last >= 0 { // one that is too small is dropped: a larger one takes its place
		records := s.free[last]
		s.free[last], s.free = nil, s.free[:last]
		s.records -= cap(records)
		if cap(records) >= n {
			return records[:0]
		}
	}
	return make([]kgo.Record, 0, n)
}

// PutRecords implements kgo.PoolRecords.
func (s *recordPool) PutRecords(records []kgo.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.records+cap(records) <= maxPooled {
		s.free = append(s.free, records)
		s.records += cap(records)
	}
}

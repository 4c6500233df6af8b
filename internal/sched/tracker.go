package sched

// tracker records which records of one partition are processed, in any order. The offset that
// may be committed is the end of the contiguous prefix: all records before it are processed.
//
// Offsets ascend but are not dense: compaction and transaction markers leave gaps. So records
// are identified by a sequence number, from 0 in the order of polling.
type tracker struct {
	records fifo[record] // from the first unprocessed record
	first   uint64       // sequence number of the front of records
	pending int          // number of unprocessed records
	next    int64        // the end of the prefix, if ok
	epoch   int32        // the leader epoch of the record before next
	ok      bool         // the prefix is not empty
}

type record struct {
	offset int64
	epoch  int32 // leader epoch, -1 if unknown
	done   bool
	polled int64 // time of polling, in the unit of the tracker's owner
}

// add records that a record was polled, and returns its sequence number.
func (t *tracker) add(offset int64, leaderEpoch int32, polled int64) (seq uint64) {
	t.records.push(record{offset: offset, epoch: leaderEpoch, polled: polled})
	t.pending++
	return t.first + uint64(t.records.len()) - 1
}

// done records that a record is processed. It is idempotent.
func (t *tracker) done(seq uint64) {
	if t.isDone(seq) {
		return
	}
	t.records.at(int(seq - t.first)).done = true
	t.pending--
	for t.records.len() > 0 && t.records.at(0).done {
		e := t.records.pop()
		t.first++
		t.next, t.epoch, t.ok = e.offset+1, e.epoch, true
	}
}

// isDone reports whether a record is processed.
func (t *tracker) isDone(seq uint64) bool {
	return seq < t.first || t.records.at(int(seq-t.first)).done
}

// prefix returns the offset after the contiguous prefix; ok is false while the first record is
// unprocessed.
func (t *tracker) prefix() (next int64, leaderEpoch int32, ok bool) { return t.next, t.epoch, t.ok }

// oldest returns the offset of the first unprocessed record, and when it was polled; ok is
// false if there is none.
func (t *tracker) oldest() (offset, polled int64, ok bool) {
	if t.records.len() == 0 {
		return 0, 0, false
	}
	e := t.records.at(0)
	return e.offset, e.polled, true
}

package avroconsumer

// tracker follows the records of one partition from the moment they were polled
// until they are dealt with, in whatever order that happens. What may be
// committed is the end of the contiguous prefix: every record before it is
// dealt with.
//
// Offsets ascend but need not be dense: compaction and the markers of
// transactions leave gaps, so records are known by a sequence number, counted
// from 0 in the order of polling.
type tracker struct {
	entries fifo[entry] // from the first record that is not dealt with
	first   uint64      // the sequence number of entries' front
	pending int         // records not dealt with
	next    int64       // the end of the prefix, once ok
	epoch   int32       // the leader epoch of the record before next
	ok      bool        // at least one record was dealt with in order
}

type entry struct {
	offset int64
	epoch  int32 // leader epoch, -1 if unknown
	done   bool
	polled int64 // when, as the tracker's owner counts time
}

// add takes note of a record that was polled, and returns its number.
func (t *tracker) add(offset int64, leaderEpoch int32, polled int64) (seq uint64) {
	t.entries.push(entry{offset: offset, epoch: leaderEpoch, polled: polled})
	t.pending++
	return t.first + uint64(t.entries.len()) - 1
}

// done takes note that a record was dealt with. Saying so twice does no harm.
func (t *tracker) done(seq uint64) {
	if t.isDone(seq) {
		return
	}
	t.entries.at(int(seq - t.first)).done = true
	t.pending--
	for t.entries.len() > 0 && t.entries.at(0).done {
		e := t.entries.pop()
		t.first++
		t.next, t.epoch, t.ok = e.offset+1, e.epoch, true
	}
}

// isDone says whether a record was dealt with.
func (t *tracker) isDone(seq uint64) bool {
	return seq < t.first || t.entries.at(int(seq-t.first)).done
}

// prefix returns the offset after the contiguous prefix; !ok if not even the
// first record was dealt with.
func (t *tracker) prefix() (next int64, leaderEpoch int32, ok bool) { return t.next, t.epoch, t.ok }

// oldest returns the offset of the first record that is not dealt with, and when
// it was polled; !ok if there is none.
func (t *tracker) oldest() (offset, polled int64, ok bool) {
	if t.entries.len() == 0 {
		return 0, 0, false
	}
	e := t.entries.at(0)
	return e.offset, e.polled, true
}

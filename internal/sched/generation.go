package sched

import (
	"cmp"
	"slices"
	"time"

	"github.com/kavro/kavro/kafka"
)

// Generation is one assignment of one partition. It begins when the partition is assigned, or by a
// Seek. A record refers to the generation that it was polled in, so that a handler that returns late
// finds a stale one and changes nothing.
type Generation struct {
	kafka.TopicPartition
	phase     phase
	intake    intake
	tracker   tracker
	position  int64 // offset of the next record to be polled, or a position such as kafka.OffsetNone
	committed int64 // the group's offset as far as it is known

	queues   map[uint64]*queue // of unprocessed records, and the main queue
	main     *queue            // queues[0]; nil if there is none
	tasks    []*Task           // in progress
	handlers int               // number of those with a handler
	inFlight int               // number of polled and unprocessed records
	bytes    int               // keys and values of those

	paused   bool        // by the program
	told     bool        // what the client was last told: that it is paused
	waiting  int         // number of queues that wait for the registry
	before   *Generation // in phase Waiting: the generation before the Seek
	end      int64       // with Config.ToEnd: where to stop; -1 if unknown
	finished bool        // polled to its end

	patience time.Duration // how long the reader holds at the next high-water mark
	highAt   time.Duration // when the mark was last reached

	noted struct{ changed, holding, ended, available bool } // what update has found before
}

// phase is the phase of a generation.
type phase uint8

const (
	reading  phase = iota // tasks start
	waiting               // no task starts: handlers of the generation before the Seek are running
	revoking              // no task starts: the program drains and commits
	stale                 // revoked, lost, or replaced by a Seek: results of its tasks are ignored
)

// intake is whether more of a generation is polled.
type intake uint8

const (
	open      intake = iota // it is polled
	holding                 // over the high-water mark: the reader does not poll at all
	throttled               // over the high-water mark: the client is told to pause it
)

// Assigned begins generations of these partitions, at the group's committed offsets.
func (m *Machine) Assigned(committed []kafka.Offset) {
	for _, o := range committed {
		m.begin(&Generation{TopicPartition: o.TopicPartition, position: o.Offset, committed: o.Offset, end: -1})
	}
}

// begin makes g the current generation of its partition.
func (m *Machine) begin(g *Generation) {
	g.queues, g.patience = map[uint64]*queue{}, maxHold
	m.assigned[g.TopicPartition] = g
	m.update(g)
}

// StartAt moves a new generation to another offset. The next commit is due also if that is before the
// group's offset.
func (m *Machine) StartAt(o kafka.Offset) {
	if g := m.assigned[o.TopicPartition]; g != nil {
		g.position, g.committed = o.Offset, kafka.OffsetNone
	}
}

// EndAt sets the end that a partition is read to under Config.ToEnd. low is its first offset.
func (m *Machine) EndAt(tp kafka.TopicPartition, low, high int64) {
	if g := m.assigned[tp]; g != nil {
		g.end = high
		g.finished = low >= high || g.position >= high || g.position == kafka.OffsetEnd
		m.update(g)
	}
}

// Seek moves the position of a partition: polled records are dropped, and no task starts until the
// handlers that are running have returned.
func (m *Machine) Seek(to kafka.Offset) {
	g := m.assigned[to.TopicPartition]
	if g == nil {
		return
	}
	next := &Generation{
		TopicPartition: g.TopicPartition, position: to.Offset, committed: kafka.OffsetNone,
		paused: g.paused, told: g.told, end: g.end, before: g.before,
	}
	if g.handlers > 0 {
		next.before, g.before = g, nil
	}
	if next.before != nil {
		next.phase = waiting
	}
	m.retire(g)
	m.begin(next)
}

// SetPaused pauses or resumes a partition for the program.
func (m *Machine) SetPaused(tp kafka.TopicPartition, paused bool) {
	if g := m.assigned[tp]; g != nil && g.paused != paused {
		g.paused = paused
		m.update(g)
	}
}

// Revoke lets no more tasks of these partitions start, drops their queues, and returns those that are
// assigned. The caller waits until they are idle, commits, and drops them.
func (m *Machine) Revoke(tps []kafka.TopicPartition) []*Generation {
	var out []*Generation
	for _, tp := range tps {
		if g := m.assigned[tp]; g != nil {
			m.stopTasks(g)
			g.phase = revoking
			m.clearQueues(g)
			m.update(g)
			out = append(out, g)
		}
	}
	return out
}

// Drop ends the generation of a partition that was revoked or lost, and returns it, nil if there is
// none.
func (m *Machine) Drop(tp kafka.TopicPartition) *Generation {
	g := m.assigned[tp]
	if g != nil {
		m.retire(g)
		delete(m.assigned, tp)
	}
	return g
}

// retire makes g stale.
func (m *Machine) retire(g *Generation) {
	m.stopTasks(g)
	g.phase = stale
	m.clearQueues(g)
	m.update(g)
}

// Assignment returns the current generation of each assigned partition, sorted.
func (m *Machine) Assignment() []*Generation {
	out := make([]*Generation, 0, len(m.assigned))
	for _, g := range m.assigned {
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b *Generation) int { return Compare(a.TopicPartition, b.TopicPartition) })
	return out
}

// Of returns the current generation of a partition, nil if there is none.
func (m *Machine) Of(tp kafka.TopicPartition) *Generation { return m.assigned[tp] }

// Stale reports whether g is no longer the current generation of its partition.
func (g *Generation) Stale() bool { return g.phase == stale }

// Idle reports whether no handler of g is running.
func (g *Generation) Idle() bool { return g.handlers == 0 }

// Position returns the offset of the first unprocessed record, or of the next one to be polled.
func (m *Machine) Position(g *Generation) int64 {
	m.Progress(g)
	if offset, _, ok := g.tracker.oldest(); ok {
		return offset
	}
	return g.position
}

// available reports whether tasks of g may start.
func (g *Generation) available() bool { return g.phase == reading && !g.paused }

// wantPaused reports whether the client is to fetch nothing more of g.
func (g *Generation) wantPaused() bool {
	return g.paused || g.intake == throttled || g.waiting > 0 || g.end >= 0 && g.finished
}

// atEnd reports whether g was read to its end, and everything is processed.
func (g *Generation) atEnd() bool {
	return g.finished && g.tracker.pending == 0 && len(g.tasks) == 0
}

// update brings what the machine counts of g up to date, after g has changed.
func (m *Machine) update(g *Generation) {
	if available := g.available(); available != g.noted.available {
		if g.noted.available = available; available {
			m.unblock(g)
		} else {
			m.stopTasks(g)
		}
	}
	current := g.phase != stale
	count(&m.holding, &g.noted.holding, current && g.intake == holding && !g.wantPaused())
	count(&m.ended, &g.noted.ended, current && g.atEnd())
	if current && g.told != g.wantPaused() && !g.noted.changed {
		g.noted.changed = true
		m.changed = append(m.changed, g)
	}
}

// unblock schedules the queues of g, which is available now, in the order of polling.
func (m *Machine) unblock(g *Generation) {
	var queues []*queue
	for _, q := range g.queues {
		if q.state == blocked {
			queues = append(queues, q)
		}
	}
	slices.SortFunc(queues, func(a, b *queue) int { return cmp.Compare(a.items.at(0).seq, b.items.at(0).seq) })
	for _, q := range queues {
		q.state = empty
		m.schedule(q)
	}
}

// count adds 1 to n, or subtracts 1, where counted has to become want.
func count(n *int, counted *bool, want bool) {
	switch {
	case want && !*counted:
		*n++
	case !want && *counted:
		*n--
	}
	*counted = want
}

// Pauses returns the partitions that the client is to be told to pause and to resume, since the last
// call.
func (m *Machine) Pauses() (pause, resume []kafka.TopicPartition) {
	for _, g := range m.changed {
		g.noted.changed = false
		want := g.wantPaused()
		if g.phase == stale || want == g.told {
			continue
		}
		if g.told = want; want {
			pause = append(pause, g.TopicPartition)
		} else {
			resume = append(resume, g.TopicPartition)
		}
	}
	m.changed = m.changed[:0]
	return pause, resume
}

// PausesChanged reports whether Pauses may return partitions.
func (m *Machine) PausesChanged() bool { return len(m.changed) > 0 }

// added counts a record that was polled.
func (m *Machine) added(g *Generation, size int) {
	g.inFlight++
	g.bytes += size
	if g.intake != open || g.inFlight < m.Records && g.bytes < m.Bytes {
		return
	}
	g.highAt, g.intake = m.now, holding
	if m.mode == Polling { // Poll returns nothing while the client polls
		g.patience = 0
	}
	if g.patience == 0 {
		g.intake = throttled
		return
	}
	m.timers.add(g.deadline(), g)
}

// processed marks a record as processed.
func (m *Machine) processed(it *Item) {
	g := it.gen
	g.tracker.done(it.seq)
	g.inFlight--
	g.bytes -= it.size()
	if m.Reuse && m.mode != Polling && !it.returned {
		m.spare = append(m.spare, it.Rec)
	}
	if g.intake != open && g.inFlight <= m.Records/2 && g.bytes <= m.Bytes/2 {
		g.intake, g.patience = open, maxHold
		if m.now-g.highAt > maxHold {
			g.patience = 0
		}
	}
}

// Spare appends the records that were processed since the last call to dst, with Config.Reuse. The
// program that Poll returned one to may have kept it: such a record is not among them.
func (m *Machine) Spare(dst []*kafka.Record) []*kafka.Record {
	dst = append(dst, m.spare...)
	clear(m.spare)
	m.spare = m.spare[:0]
	return dst
}

// deadline and expire end the time that the reader holds.
func (g *Generation) deadline() time.Duration {
	if g.intake != holding || g.phase == stale {
		return never
	}
	return g.highAt + g.patience
}

func (g *Generation) expire(m *Machine) {
	g.intake = throttled
	m.update(g)
}

// unprocessed empties the queues of g and returns its unprocessed records in the order of polling,
// those of tasks in progress included.
func (g *Generation) unprocessed() []Item {
	var all []Item
	for _, t := range g.tasks {
		all = append(all, t.unprocessed()...)
	}
	for _, q := range g.queues {
		for q.items.len() > 0 {
			all = append(all, q.items.pop())
		}
		q.state = empty
	}
	g.tasks, g.main = nil, nil
	clear(g.queues)
	slices.SortStableFunc(all, func(a, b Item) int { return cmp.Compare(a.seq, b.seq) })
	return all
}

// Compare orders partitions by topic and number.
func Compare(a, b kafka.TopicPartition) int {
	return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
}

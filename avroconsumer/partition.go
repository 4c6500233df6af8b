package avroconsumer

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/kavro/kavro/kafka"
)

// partition is one assignment of one partition: from the moment it is assigned,
// or sought in, until it is revoked, lost, or sought in again. Records keep the
// partition they came with, so whatever finishes late meets one that is gone and
// counts for nothing.
//
// All fields are guarded by core.mu.
type partition struct {
	kafka.TopicPartition
	tracker   tracker
	position  int64 // of the next record to be polled, or a position such as kafka.OffsetNone
	committed int64 // the group's offset, as far as known

	lanes  map[uint64]*lane // of records that wait or are being handled
	main   *lane            // lanes[0], once there is one
	jobs   []*job           // what handlers are at work on
	queued int              // records that were polled and are not dealt with
	bytes  int              // of those

	gone     bool       // no longer assigned
	stopping bool       // to be gone soon: nothing more is handed out
	pred     *partition // the one before a Seek: while it is at work, this one waits

	paused  bool      // by the user
	full    bool      // too much is in memory
	filled  time.Time // since when it is, or was last
	slow    bool      // it came down slowly, the last time: pause it at once
	waiting int       // lanes that wait for the registry
	halted  bool      // what the client was told

	end      int64 // WithToEnd: where to stop; -1 if unknown
	finished bool  // read to its end

	ctx     context.Context // of its handlers, while there is a runner
	cancel  context.CancelCauseFunc
	running int           // lanes that handlers are at work on
	idle    chan struct{} // closed when running falls to 0; nil if nobody waits
}

func newPartition(tp kafka.TopicPartition, position, committed int64) *partition {
	return &partition{TopicPartition: tp, position: position, committed: committed, lanes: map[uint64]*lane{}, end: -1}
}

// item is one record on its way through the consumer, or the end of a partition.
type item struct {
	rec      *kafka.Record // of an end: only topic, partition and offset
	part     *partition
	seq      uint64 // its number in part.tracker
	lane     uint64 // its key in part.lanes
	attempts int32  // times that Run has tried it in vain
	undealt  bool   // scratch: a handler gives it back
	end      bool   // no record: the partition was read to its end
}

func (it *item) size() int { return len(it.rec.Key) + len(it.rec.Value) }

// available says whether p's records may be handed out now.
func (p *partition) available() bool {
	return !p.gone && !p.stopping && !p.paused && (p.pred == nil || p.pred.running == 0)
}

// halt is whether the client should fetch nothing more of p.
func (p *partition) halt() bool {
	return p.paused || p.full && p.slow || p.waiting > 0 || p.end >= 0 && p.finished
}

// gather takes all records out of p's lanes, in the order they were polled in.
// What a handler is still at work on is among them: it will be handed out again.
func (p *partition) gather() []item {
	var all []item
	for _, j := range p.jobs {
		all = append(all, j.given...)
	}
	for _, l := range p.lanes {
		for l.items.len() > 0 {
			all = append(all, l.items.pop())
		}
		l.drop()
	}
	p.jobs, p.main = nil, nil
	clear(p.lanes)
	p.waiting = 0
	slices.SortStableFunc(all, func(a, b item) int { return cmp.Compare(a.seq, b.seq) })
	return all
}

// whenIdle returns a channel that is closed once no handler is at work.
func (p *partition) whenIdle() <-chan struct{} {
	if p.idle == nil {
		p.idle = make(chan struct{})
	}
	idle := p.idle
	p.signalIdle()
	return idle
}

func (p *partition) signalIdle() {
	if p.running == 0 && p.idle != nil {
		close(p.idle)
		p.idle = nil
	}
}

// undealt is the offset of the first record that is not dealt with, or of the
// next one to come.
func (p *partition) undealt() int64 {
	if offset, _, ok := p.tracker.oldest(); ok {
		return offset
	}
	return p.position
}

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

	queues    map[uint64]*queue // of records that wait or are being handled
	mainQueue *queue            // lanes[0], once there is one
	tasks     []*task           // what handlers are at work on
	inFlight  int               // records that were polled and are not dealt with
	bytes     int               // of those

	stale    bool       // no longer assigned
	revoking bool       // to be gone soon: nothing more is handed out
	previous *partition // the one before a Seek: while it is at work, this one waits

	userPaused    bool      // by the user
	overHighMark  bool      // too much is in memory
	overSince     time.Time // since when it is, or was last
	drainsSlowly  bool      // it came down slowly, the last time: pause it at once
	waitingQueues int       // lanes that wait for the registry
	clientPaused  bool      // what the client was told

	end      int64 // WithToEnd: where to stop; -1 if unknown
	finished bool  // read to its end

	ctx     context.Context // of its handlers, while there is a runner
	cancel  context.CancelCauseFunc
	running int           // lanes that handlers are at work on
	idle    chan struct{} // closed when running falls to 0; nil if nobody waits
}

func newPartition(tp kafka.TopicPartition, position, committed int64) *partition {
	return &partition{TopicPartition: tp, position: position, committed: committed, queues: map[uint64]*queue{}, end: -1}
}

// item is one record on its way through the consumer, or the end of a partition.
type item struct {
	rec         *kafka.Record // of an end: only topic, partition and offset
	part        *partition
	seq         uint64 // its number in part.tracker
	queueKey    uint64 // its key in part.lanes
	attempts    int32  // times that Run has tried it in vain
	unprocessed bool   // scratch: a handler gives it back
	end         bool   // no record: the partition was read to its end
}

func (it *item) size() int { return len(it.rec.Key) + len(it.rec.Value) }

// available says whether p's records may be handed out now.
func (p *partition) available() bool {
	return !p.stale && !p.revoking && !p.userPaused && (p.previous == nil || p.previous.running == 0)
}

// halt is whether the client should fetch nothing more of p.
func (p *partition) wantPaused() bool {
	return p.userPaused || p.overHighMark && p.drainsSlowly || p.waitingQueues > 0 || p.end >= 0 && p.finished
}

// gather takes all records out of p's lanes, in the order they were polled in.
// What a handler is still at work on is among them: it will be handed out again.
func (p *partition) drainQueues() []item {
	var all []item
	for _, t := range p.tasks {
		all = append(all, t.dequeued...)
	}
	for _, q := range p.queues {
		for q.items.len() > 0 {
			all = append(all, q.items.pop())
		}
		q.drop()
	}
	p.tasks, p.mainQueue = nil, nil
	clear(p.queues)
	p.waitingQueues = 0
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
func (p *partition) firstUnprocessed() int64 {
	if offset, _, ok := p.tracker.oldest(); ok {
		return offset
	}
	return p.position
}

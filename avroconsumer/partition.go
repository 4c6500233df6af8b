package avroconsumer

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/kavro/kavro/kafka"
)

// partition is one assignment of one partition. It begins when the partition is assigned, or
// by a Seek, and ends when it is revoked, lost, or by the next Seek: it is then stale. A
// record refers to the assignment that it was polled in, so that a handler that returns late
// finds a stale one and changes nothing.
//
// All fields are guarded by core.mu.
type partition struct {
	kafka.TopicPartition
	tracker   tracker
	position  int64 // the offset of the next record to be polled, or a position such as kafka.OffsetNone
	committed int64 // the group's offset as far as this consumer knows

	queues    map[uint64]*queue // of unprocessed records
	mainQueue *queue            // queues[0]; nil if there is none
	tasks     []*task           // in progress
	inFlight  int               // number of polled and unprocessed records
	bytes     int               // keys and values of those

	stale    bool       // no longer the current assignment
	revoking bool       // being revoked: no task starts
	previous *partition // the assignment before a Seek: no task starts while its handlers run

	userPaused    bool      // by Pause
	overHighMark  bool      // over the high-water mark, and not yet below the low-water mark
	overSince     time.Time // when it last exceeded the high-water mark
	drainsSlowly  bool      // it exceeded maxBackpressure last time: pause it immediately
	waitingQueues int       // queues that wait for the registry
	clientPaused  bool      // what the client was last told

	end      int64 // WithToEnd: where to stop; -1 if unknown
	finished bool  // read to its end

	ctx     context.Context // of its handlers; nil before the first task
	cancel  context.CancelCauseFunc
	running int           // number of tasks in progress
	idle    chan struct{} // closed when running falls to 0; nil if nobody waits
}

func newPartition(tp kafka.TopicPartition, position, committed int64) *partition {
	return &partition{TopicPartition: tp, position: position, committed: committed, queues: map[uint64]*queue{}, end: -1}
}

// item is one record in the consumer, or the end of a partition.
type item struct {
	rec         *kafka.Record // of an end: topic, partition and offset only
	part        *partition
	seq         uint64 // sequence number in part.tracker
	queueKey    uint64 // its queue's key in part.queues
	attempts    int32  // number of failed attempts by Run
	unprocessed bool   // set by runner.process: the record is to be requeued
	end         bool   // no record: the partition was read to its end
}

func (it *item) size() int { return len(it.rec.Key) + len(it.rec.Value) }

// available reports whether records of p may be processed now.
func (p *partition) available() bool {
	return !p.stale && !p.revoking && !p.userPaused && (p.previous == nil || p.previous.running == 0)
}

// wantPaused reports whether the client should fetch nothing more of p.
func (p *partition) wantPaused() bool {
	return p.userPaused || p.overHighMark && p.drainsSlowly || p.waitingQueues > 0 || p.end >= 0 && p.finished
}

// drainQueues removes all records from p's queues and returns them in the order of polling.
// Records in running tasks are among them: they will be processed again.
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

// whenIdle returns a channel that is closed when no handler of p is running.
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

// firstUnprocessed returns the offset of the first unprocessed record, or of the next one to
// be polled.
func (p *partition) firstUnprocessed() int64 {
	if offset, _, ok := p.tracker.oldest(); ok {
		return offset
	}
	return p.position
}

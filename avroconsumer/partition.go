package avroconsumer

import (
	"context"
	"hash/maphash"
	"slices"
	"time"

	"github.com/kavro/kavro/base"
)

// partition is one assignment of one partition: from the moment it is assigned,
// or sought in, until it is revoked, lost, or sought in again. Records keep the
// partition they came with, so whatever finishes late meets one that is gone and
// counts for nothing.
//
// All fields are guarded by core.mu.
type partition struct {
	base.TopicPartition
	tracker   tracker
	position  int64 // of the next record to be polled, or a position such as base.OffsetNone
	committed int64 // the group's offset, as far as known

	lanes  map[uint64]*lane // of records that wait or are being handled
	queued int              // records that were polled and are not dealt with
	bytes  int              // of those

	gone     bool       // no longer assigned
	stopping bool       // to be gone soon: nothing more is handed out
	pred     *partition // the one before a Seek: while it is at work, this one waits

	paused  bool // by the user
	full    bool // too much is in memory
	waiting int  // lanes that wait for the registry
	halted  bool // what the base was told

	end      int64 // WithToEnd: where to stop; -1 if unknown
	finished bool  // read to its end

	ctx     context.Context // of its handlers, while there is a runner
	cancel  context.CancelCauseFunc
	running int           // lanes that handlers are at work on
	idle    chan struct{} // closed when running falls to 0; nil if nobody waits
}

func newPartition(tp base.TopicPartition, position, committed int64) *partition {
	return &partition{TopicPartition: tp, position: position, committed: committed, lanes: map[uint64]*lane{}, end: -1}
}

// item is one record on its way through the consumer, or the end of a partition.
type item struct {
	rec      *base.Record // nil: the end of the partition was reached at offset end
	end      int64
	part     *partition
	seq      uint64 // its number in part.tracker
	lane     uint64 // its key in part.lanes
	attempts int    // times that Run has tried it in vain
	undealt  bool   // scratch: a handler gives it back

	ctx  context.Context // the observer's, while handed out by Poll
	from time.Time       // when it was handed out
	err  error           // with which
}

func (it *item) size() int { return len(it.rec.Key) + len(it.rec.Value) }

// lane is a queue of records of one partition that are handled one after the
// other. How records are dealt to lanes is what makes an Ordering.
type lane struct {
	part  *partition
	key   uint64
	items fifo[item]
	taken []item // what a handler is at work on
	busy  bool   // a handler is

	parked bool        // until timer
	timer  *time.Timer // of parked or of linger
	waits  int         // times the registry did not answer, in a row

	listed bool // in core.ready
	ripe   bool // RunBatch: has waited long enough for more records
	ripens bool // RunBatch: timer is running for that
	orphan bool // replaced: its handler is late
}

// lane returns the lane of a key, which is made if needed.
func (p *partition) lane(key uint64) *lane {
	l, ok := p.lanes[key]
	if !ok {
		l = &lane{part: p, key: key}
		p.lanes[key] = l
	}
	return l
}

// available says whether p's records may be handed out now.
func (p *partition) available() bool {
	return !p.gone && !p.stopping && !p.paused && (p.pred == nil || p.pred.running == 0)
}

// halt is whether the base should fetch nothing more of p.
func (p *partition) halt() bool {
	return p.paused || p.full || p.waiting > 0 || p.end >= 0 && p.finished
}

// laneKey deals a record to a lane.
func (o Ordering) laneKey(seed maphash.Seed, key []byte, seq uint64) uint64 {
	switch {
	case o == Partition:
		return 0
	case o == Key && key != nil:
		return maphash.Bytes(seed, key) | 1 // odd: never the lane of a record without a key
	default:
		return 2 + 2*seq
	}
}

// gather takes all records out of p's lanes, in the order they were polled in.
// What a handler is still at work on is among them: it will be handed out again.
func (p *partition) gather() []item {
	var all []item
	for _, l := range p.lanes {
		all = append(all, l.taken...)
		for l.items.len() > 0 {
			all = append(all, l.items.pop())
		}
		l.drop()
		l.orphan = true
	}
	clear(p.lanes)
	p.waiting = 0
	slices.SortStableFunc(all, func(a, b item) int {
		switch {
		case a.seq < b.seq:
			return -1
		case a.seq > b.seq:
			return 1
		default:
			return 0
		}
	})
	return all
}

// drop stops what l waits for.
func (l *lane) drop() {
	if l.timer != nil {
		l.timer.Stop()
	}
	l.items.clear()
	l.parked, l.ripens = false, false
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

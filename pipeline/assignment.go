package pipeline

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/internal/stall"
	"github.com/kavro/kavro/kafka"
)

// assignment holds the assigned partitions, and for WithToEnd how far each was read. It
// implements kafka.Rebalance.
type assignment struct {
	config  *config
	session kafka.Session

	mu    sync.Mutex
	parts map[kafka.TopicPartition]*part
	wake  func() // interrupts the poll in progress; nil if there is none

	stall stall.Watch // of the rebalance that this member waits for
}

// beginStallWatch starts the time of a rebalance: this member waits for its assignment.
func (p *assignment) beginStallWatch() { p.stall.Begin(p.warnStalled) }

// warnStalled warns of a long rebalance, unless the cause is that this program does not poll.
func (p *assignment) warnStalled(since time.Time) {
	p.mu.Lock()
	polling := p.wake != nil
	p.mu.Unlock()
	if polling {
		avroconsumer.Warn(p.config.observer, p.config.logger, avroconsumer.NewStalledError(p.session, since))
	}
}

// Rebalanced implements kafka.Rebalanced: the group has told this member its assignment.
func (p *assignment) Rebalanced() { p.stall.End() }

// part is the state of one assigned partition.
type part struct {
	next     int64 // offset of the first record that is not committed
	end      int64 // offset to read to; -1 if unknown
	finished bool  // read to its end
}

// Assigned adds partitions, and returns the offsets to start at.
func (p *assignment) Assigned(ctx context.Context, committed []kafka.Offset) (start []kafka.Offset, err error) {
	p.stall.End() // the functions below may take long, without a stall of the group
	for _, f := range p.config.onAssigned {
		chosen, err := f(ctx, slices.Clone(committed))
		if err != nil {
			return nil, err
		}
		for _, o := range chosen {
			start = slices.DeleteFunc(start, func(s kafka.Offset) bool { return s.TopicPartition == o.TopicPartition })
		}
		start = append(start, chosen...)
	}
	added := make(map[kafka.TopicPartition]*part, len(committed))
	for _, o := range committed {
		added[o.TopicPartition] = &part{next: o.Offset, end: -1}
	}
	for _, o := range start {
		if it := added[o.TopicPartition]; it != nil {
			it.next = o.Offset
		}
	}
	if broker, ok := offsetsOf(p.session); ok && p.config.toEnd {
		for tp, it := range added {
			low, high, err := broker.Watermarks(ctx, tp)
			if err != nil {
				return nil, err
			}
			it.end, it.finished = high, low >= high || it.next == kafka.OffsetEnd
		}
	}
	p.mu.Lock()
	if p.parts == nil {
		p.parts = map[kafka.TopicPartition]*part{}
	}
	for tp, it := range added {
		p.parts[tp] = it
	}
	p.wakeAtEnd()
	p.mu.Unlock()
	p.config.observer.Assigned(topicPartitions(committed))
	return start, nil
}

// Revoked drops partitions. Their records polled since Begin are aborted with the batch.
func (p *assignment) Revoked(_ context.Context, tps []kafka.TopicPartition) {
	p.drop(tps)
	p.config.observer.Revoked(tps)
}

// Lost drops partitions that belong to another member already.
func (p *assignment) Lost(tps []kafka.TopicPartition) {
	p.drop(tps)
	p.config.observer.Lost(tps)
}

func (p *assignment) drop(tps []kafka.TopicPartition) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, tp := range tps {
		delete(p.parts, tp)
	}
	if len(p.parts) == 0 {
		p.beginStallWatch()
	}
	p.wakeAtEnd()
}

// wakeAtEnd interrupts the poll in progress if everything was read to its end. mu is held.
func (p *assignment) wakeAtEnd() {
	if p.wake != nil && p.atEndLocked() {
		p.wake()
	}
}

// committed records the committed offsets of a batch, and the ends that it reached.
func (p *assignment) committed(next, ends []kafka.Offset) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, o := range next {
		if it := p.parts[o.TopicPartition]; it != nil {
			it.next = o.Offset
		}
	}
	for _, o := range ends {
		if it := p.parts[o.TopicPartition]; it != nil {
			it.finished = true
		}
	}
}

// whileCollecting sets the function that interrupts a poll when everything was read to its
// end; nil for none.
func (p *assignment) whileCollecting(wake func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wake = wake
}

// part returns the current assignment of a partition, nil if there is none. A partition that
// was revoked and assigned again has another one.
func (p *assignment) part(tp kafka.TopicPartition) *part {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.parts[tp]
}

// passed reports whether everything up to a position is committed, or its partition is no
// longer assigned.
func (p *assignment) passed(at position) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	it := p.parts[at.TopicPartition]
	return it == nil || it.next > at.offset
}

// others returns the assigned partitions except one.
func (p *assignment) others(but kafka.TopicPartition) []kafka.TopicPartition {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []kafka.TopicPartition
	for tp := range p.parts {
		if tp != but {
			out = append(out, tp)
		}
	}
	return out
}

// atEnd reports whether everything was read to its end and committed. Without an assignment it
// is false: during an eager rebalance no member has partitions.
func (p *assignment) atEnd() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.atEndLocked()
}

func (p *assignment) atEndLocked() bool {
	if !p.config.toEnd {
		return false
	}
	for _, it := range p.parts {
		if !it.finished && (it.end < 0 || it.next < it.end) {
			return false
		}
	}
	return len(p.parts) > 0
}

func topicPartitions(o []kafka.Offset) []kafka.TopicPartition {
	out := make([]kafka.TopicPartition, len(o))
	for i := range o {
		out[i] = o[i].TopicPartition
	}
	return out
}

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

// positions knows what is assigned, and for WithToEnd how far it was read. It is
// what the session tells of rebalances.
type assignment struct {
	config  *config
	session kafka.Session

	mu    sync.Mutex
	parts map[kafka.TopicPartition]*part
	wake  func() // ends the poll that is under way; nil if there is none

	stall stall.Watch // of the rebalance that this member waits for
}

// joining says that the group will tell what this member has.
func (p *assignment) beginStallWatch() { p.stall.Begin(p.warnStalled) }

// stalled warns of a rebalance that takes long, unless it is this program that does not
// poll.
func (p *assignment) warnStalled(since time.Time) {
	p.mu.Lock()
	polling := p.wake != nil
	p.mu.Unlock()
	if polling {
		avroconsumer.Warn(p.config.observer, p.config.logger, avroconsumer.NewStalledError(p.session, since))
	}
}

// Rebalanced is told that the group has said what this member has.
func (p *assignment) Rebalanced() { p.stall.End() }

// part is the state of one assigned partition.
type part struct {
	next     int64 // of the first record that was not committed
	end      int64 // to read to; -1 if unknown
	finished bool  // told to be at its end
}

// Assigned takes partitions over.
func (p *assignment) Assigned(ctx context.Context, committed []kafka.Offset) (start []kafka.Offset, err error) {
	p.stall.End() // what follows is this program's own time
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
	fresh := make(map[kafka.TopicPartition]*part, len(committed))
	for _, o := range committed {
		fresh[o.TopicPartition] = &part{next: o.Offset, end: -1}
	}
	for _, o := range start {
		if it := fresh[o.TopicPartition]; it != nil {
			it.next = o.Offset
		}
	}
	if broker, ok := offsetsOf(p.session); ok && p.config.toEnd {
		for tp, it := range fresh {
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
	for tp, it := range fresh {
		p.parts[tp] = it
	}
	p.wakeAtEnd()
	p.mu.Unlock()
	p.config.observer.Assigned(topicPartitions(committed))
	return start, nil
}

// Revoked lets partitions go. What was polled of them since Begin is aborted with
// the rest of the round.
func (p *assignment) Revoked(_ context.Context, tps []kafka.TopicPartition) {
	p.drop(tps)
	p.config.observer.Revoked(tps)
}

// Lost is Revoked for partitions that are gone already.
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

// noteEnd lets whoever polls know if there is nothing left to wait for. mu is
// held.
func (p *assignment) wakeAtEnd() {
	if p.wake != nil && p.atEndLocked() {
		p.wake()
	}
}

// committed takes note of a round: what it committed, and the ends that it
// reached.
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

// whileCollecting has wake called when there turns out to be nothing to wait for.
func (p *assignment) whileCollecting(wake func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wake = wake
}

// part returns the assignment that a record belongs to, nil if there is none. A
// partition that went away and came back is another assignment.
func (p *assignment) part(tp kafka.TopicPartition) *part {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.parts[tp]
}

// passed says whether everything up to a place is committed, or no longer ours.
func (p *assignment) passed(at position) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	it := p.parts[at.TopicPartition]
	return it == nil || it.next > at.offset
}

// others returns what is assigned beside one partition.
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

// atEnd says whether everything was read to its end and committed. Nothing
// assigned is no end: in the middle of an eager rebalance every member has
// nothing.
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

package franz

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kavro/kavro/kafka"
)

// starts returns the offsets at which partitions start: those of Rebalance or Assign, else the
// group's, else as auto.offset.reset says. It returns numbers: for OffsetStart and OffsetEnd
// kgo would ask a broker first, and would overwrite the offset of a Seek with the answer.
func (r *reader) starts(ctx context.Context, parts []kafka.Offset) map[string]map[int32]kgo.Offset {
	wanted := make([]kafka.Offset, 0, len(parts))
	r.mu.Lock()
	for _, o := range parts {
		if p := r.parts[o.TopicPartition]; p != nil {
			if p.from.Offset == kafka.OffsetNone {
				p.from = o // the group's offset, where Assigned has given none
			}
			wanted = append(wanted, p.from)
		}
	}
	r.mu.Unlock()

	logs := r.bounds(ctx, wanted)
	diverged := r.diverged(ctx, wanted)

	r.mu.Lock()
	defer r.mu.Unlock()
	at := map[string]map[int32]kgo.Offset{}
	for _, want := range wanted {
		p := r.parts[want.TopicPartition]
		if p == nil {
			continue
		}
		log := logs[want.TopicPartition]
		if end, ok := diverged[want.TopicPartition]; ok {
			r.report(want.TopicPartition, &kafka.Error{Code: codeLogTruncation, Err: fmt.Errorf("the log was cut at %d, below offset %d", end, want.Offset)})
			want.Offset = end
		}
		start, err := r.c.s.resolve(want.Offset, log)
		if p.seek != kafka.OffsetNone {
			start, err = p.seek, nil
		}
		if err != nil {
			// There is no offset to start at. It is paused until a Seek.
			r.report(want.TopicPartition, err)
			r.hold(want.TopicPartition, p)
			start = max(log.low, 0)
		}
		r.begin(want.TopicPartition, p, start, log)
		if at[want.Topic] == nil {
			at[want.Topic] = map[int32]kgo.Offset{}
		}
		at[want.Topic][want.Partition] = kgo.NewOffset().At(start)
	}
	return at
}

// begin records that kgo starts p at start. The caller holds mu.
func (r *reader) begin(tp kafka.TopicPartition, p *part, start int64, log bounds) {
	p.installed = true
	p.pos, p.begin = start, start
	if start < 0 {
		p.pos, p.begin = kafka.OffsetNone, kafka.OffsetNone // kgo asks a broker
		return
	}
	r.endAt(tp, p, log)
}

// endAt reports the end of a partition whose position is the end of the log. The caller holds
// mu.
func (r *reader) endAt(tp kafka.TopicPartition, p *part, log bounds) {
	if !r.c.s.partitionEOF || p.held || !log.known || p.pos < log.end {
		return
	}
	p.ended = true
	r.ends = append(r.ends, kafka.Offset{TopicPartition: tp, Offset: p.pos, LeaderEpoch: -1})
	r.wakePoll()
}

// report queues an error of a partition for the next batch. The caller holds mu.
func (r *reader) report(tp kafka.TopicPartition, err error) {
	r.errs = append(r.errs, kafka.PartitionError{TopicPartition: tp, Err: at(err, tp)})
	r.wakePoll()
}

// hold keeps kgo from fetching a partition without a position. The caller holds mu.
func (r *reader) hold(tp kafka.TopicPartition, p *part) {
	p.held = true
	r.cl.PauseFetchPartitions(byTopic([]kafka.TopicPartition{tp}))
}

// bounds are the offsets of one partition's log.
type bounds struct {
	known     bool
	low, high int64 // the first offset kept, and the one after the last record
	end       int64 // the first offset that may not be read yet: high, or the last stable offset
}

// resolve returns the number that offset stands for. Where the bounds of the log are not known
// it returns kgo's values instead, and kgo asks a broker: -1 for the end, -2 for the start.
func (s *settings) resolve(offset int64, log bounds) (int64, error) {
	if offset >= 0 {
		if !log.known || offset >= log.low && offset <= log.high {
			return offset, nil
		}
		if s.offsetReset == "error" {
			return 0, noOffset(fmt.Errorf("offset %d is not in the log, %d .. %d, and auto.offset.reset is error: %w", offset, log.low, log.high, kerr.OffsetOutOfRange))
		}
		offset = kafka.OffsetNone
	}
	if offset == kafka.OffsetNone {
		switch s.offsetReset {
		case "error":
			return 0, noOffset(fmt.Errorf("nothing is committed, and auto.offset.reset is error"))
		case "earliest":
			offset = kafka.OffsetStart
		default:
			offset = kafka.OffsetEnd
		}
	}
	switch {
	case !log.known:
		return offset, nil
	case offset == kafka.OffsetStart:
		return log.low, nil
	default:
		return log.high, nil
	}
}

// boundsTries and boundsPause bound the wait for the bounds of logs: a new topic has no leader
// for a moment. Afterwards resolve leaves the request to kgo.
const (
	boundsTries = 20
	boundsPause = 100 * time.Millisecond
)

// bounds asks for the bounds of all partitions in wanted. Those without an answer are left out.
func (r *reader) bounds(ctx context.Context, wanted []kafka.Offset) map[kafka.TopicPartition]bounds {
	all := map[kafka.TopicPartition]bounds{}
	parts := make([]kafka.TopicPartition, len(wanted))
	for i := range wanted {
		parts[i] = wanted[i].TopicPartition
	}
	for try := 0; len(parts) > 0 && try < boundsTries; try++ {
		if try > 0 {
			select {
			case <-time.After(boundsPause):
			case <-ctx.Done():
				return all
			}
		}
		parts = r.askBounds(ctx, parts, all)
	}
	return all
}

// askBounds asks once, adds to all, and returns the partitions with a retriable error.
func (r *reader) askBounds(ctx context.Context, parts []kafka.TopicPartition, all map[kafka.TopicPartition]bounds) (again []kafka.TopicPartition) {
	var low, high, stable map[kafka.TopicPartition]listed
	var wg sync.WaitGroup
	wg.Go(func() { low = list(ctx, r.cl, listStart, 0, parts) })
	wg.Go(func() { high = list(ctx, r.cl, listEnd, 0, parts) })
	if r.c.s.partitionEOF && r.c.s.readable() == 1 {
		wg.Go(func() { stable = list(ctx, r.cl, listEnd, 1, parts) })
	}
	wg.Wait()
	if stable == nil {
		stable = high
	}
	for _, tp := range parts {
		l, h, s := low[tp], high[tp], stable[tp]
		err := errors.Join(l.err, h.err, s.err)
		e, ok := errors.AsType[*kafka.Error](err)
		switch {
		case err == nil:
			all[tp] = bounds{known: true, low: l.offset, high: h.offset, end: s.offset}
		case ok && e.Retriable:
			again = append(again, tp)
		}
	}
	return again
}

// sortOffsets sorts by topic and partition.
func sortOffsets(list []kafka.Offset) {
	slices.SortFunc(list, func(a, b kafka.Offset) int { return compareParts(a.TopicPartition, b.TopicPartition) })
}

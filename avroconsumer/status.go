package avroconsumer

import (
	"context"
	"slices"
	"time"

	"github.com/kavro/kavro/kafka"
)

// Status is what is true of an assigned partition at a moment.
type Status struct {
	kafka.TopicPartition
	Position  int64         // of the first record that is not dealt with: see Position
	Committed int64         // the group's offset as far as this consumer knows, kafka.OffsetNone if it does not
	InFlight  int           // records that were polled and are not dealt with
	Bytes     int           // keys and values of those
	Handling  int           // handlers at work
	OldestAge time.Duration // since the oldest of those in flight was polled; 0 if there is none
	Paused    bool          // by Pause
	Waiting   bool          // for the registry
}

// Status returns the status of all assigned partitions, sorted: none in the middle of
// a rebalance, see [Consumer.Group]. It asks nobody.
func (c *Consumer[K, V]) Status() []Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]Status, 0, len(c.assigned))
	for tp, p := range c.assigned {
		s := Status{
			TopicPartition: tp,
			Position:       p.firstUnprocessed(),
			Committed:      p.committed,
			InFlight:       p.inFlight,
			Bytes:          p.bytes,
			Handling:       p.running,
			Paused:         p.userPaused,
			Waiting:        p.waitingQueues > 0,
		}
		if _, polled, ok := p.tracker.oldest(); ok {
			s.OldestAge = time.Since(c.born) - time.Duration(polled)
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b Status) int { return comparePartitions(a.TopicPartition, b.TopicPartition) })
	return out
}

// Lag is how far a partition's end is away.
type Lag struct {
	kafka.TopicPartition
	End     int64 // the offset after its last record
	Records int64 // from Position to End, gaps included; -1 if the position is not known yet
}

// Lag asks the broker for the ends of all assigned partitions.
func (c *Consumer[K, V]) Lag(ctx context.Context) ([]Lag, error) {
	broker, err := c.offsets("Lag")
	if err != nil {
		return nil, err
	}
	var out []Lag
	for _, o := range c.Position() {
		low, high, err := broker.Watermarks(ctx, o.TopicPartition)
		if err != nil {
			return nil, err
		}
		l := Lag{TopicPartition: o.TopicPartition, End: high}
		switch o.Offset {
		case kafka.OffsetNone:
			l.Records = -1
		case kafka.OffsetEnd:
		case kafka.OffsetStart:
			l.Records = high - low
		default:
			l.Records = max(high-o.Offset, 0)
		}
		out = append(out, l)
	}
	return out, nil
}

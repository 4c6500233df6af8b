package avroconsumer

import (
	"context"
	"time"

	"github.com/kavro/kavro/kafka"
)

// Status is the state of an assigned partition at one moment.
type Status struct {
	kafka.TopicPartition
	State     string        // in words: reading, paused, throttled, waiting for the registry, ...
	Position  int64         // offset of the first unprocessed record: see Consumer.Position
	Committed int64         // the group's offset as far as this consumer knows; kafka.OffsetNone if unknown
	InFlight  int           // number of polled and unprocessed records
	Bytes     int           // keys and values of those, in bytes
	Handling  int           // number of handlers running
	OldestAge time.Duration // since the oldest record in flight was polled; 0 if there is none
	Blocking  string        // what the oldest record in flight waits for, and the commit with it; "" if nothing
	Paused    bool          // by Consumer.Pause
	Waiting   bool          // for the registry
}

// Status returns the status of all assigned partitions, sorted. During a rebalance there may
// be none: see [Consumer.Group]. It does not touch the network.
func (c *Consumer[K, V]) Status() []Status {
	c.lock()
	defer c.unlock()
	generations := c.machine.Assignment()
	out := make([]Status, len(generations))
	for i, g := range generations {
		s := c.machine.Status(g)
		out[i] = Status{
			TopicPartition: g.TopicPartition, State: s.State.String(), Position: s.Position, Committed: s.Committed,
			InFlight: s.InFlight, Bytes: s.Bytes, Handling: s.Handlers, OldestAge: s.Oldest, Blocking: s.Blocking,
			Paused: s.Paused, Waiting: s.Waiting,
		}
	}
	return out
}

// Lag is the distance from a consumer's position to the end of a partition.
type Lag struct {
	kafka.TopicPartition
	End     int64 // the offset after its last record
	Records int64 // from Position to End, gaps included; -1 while the position is not known
}

// Lag returns the lag of all assigned partitions, sorted. It asks the broker for their ends.
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

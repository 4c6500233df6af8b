package pipeline

import (
	"context"
	"sync"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// deadLetterDecoder decodes the headers of a dead letter.
type deadLetterDecoder struct{}

func (deadLetterDecoder) Decode(_ context.Context, _ []byte, from *serde.Target, v *DeadLetterRecord) error {
	info, own, err := avroconsumer.ParseDeadLetter(from.Headers)
	*v = DeadLetterRecord{DeadLetterInfo: info, Headers: own}
	return err
}

// tally counts each dead letter once, although aborted batches are repeated.
type tally struct {
	mu     sync.Mutex
	n      Replayed
	seen   map[kafka.TopicPartition]int64 // the offset after the last one
	report func(Replayed)
}

func (t *tally) add(r *kafka.Record, sent bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	tp := kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}
	if r.Offset < t.seen[tp] {
		return
	}
	t.seen[tp] = r.Offset + 1
	t.n.Read++
	if sent {
		t.n.Sent++
	}
	if t.report != nil {
		t.report(t.n)
	}
}

func (t *tally) total() Replayed {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.n
}

// dryRun is a consumer that commits nothing.
type dryRun struct{ kafka.Consumer }

// Commit does nothing.
func (dryRun) Commit(context.Context, []kafka.Offset) error { return nil }

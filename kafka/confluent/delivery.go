//go:build cgo

package confluent

import (
	"time"

	ckafka "github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kavro/kavro/kafka"
)

// delivery is a record in flight. librdkafka carries it as the opaque of the message; it is reused
// after the report.
type delivery struct {
	record *kafka.Record
	done   func(*kafka.Record, error)
	millis int64 // the timestamp that was sent
}

// deliver calls done for every report, one after the other, until quit. confluent-kafka-go sends a
// message per record through the channel. deliver receives them in batches, so that it locks, and
// wakes waiting calls of Produce, once per batch.
func (p *producer) deliver() {
	var made []*delivery
	for {
		select {
		case ev := <-p.reports:
			made = p.report(ev, made)
		case <-p.quit:
			return
		}
		for n := min(len(p.reports), 1000); n > 0; n-- {
			made = p.report(<-p.reports, made)
		}
		if p.finish(made) {
			p.wakeProducer()
		}
		made = made[:0]
	}
}

// report makes one report, and appends its delivery to made.
func (p *producer) report(ev ckafka.Event, made []*delivery) []*delivery {
	m, ok := ev.(*ckafka.Message)
	if !ok {
		return append(made, ev.(abandoned).report())
	}
	d := m.Opaque.(*delivery)
	if p.ledger != nil && !p.ledger.reported(d) {
		return made // reported by Close before
	}
	r := d.record
	r.Offset, r.LeaderEpoch = -1, -1
	r.TimestampType = kafka.TimestampCreate
	if r.Timestamp.IsZero() {
		r.Timestamp = time.UnixMilli(d.millis)
	}
	var err error
	if m.TopicPartition.Error != nil {
		err = p.deliveryError(m)
		p.firstFailure.CompareAndSwap(nil, &deliveryFailure{err})
	} else {
		p.errs.OK()
		r.Partition = m.TopicPartition.Partition
		r.Offset = max(-1, int64(m.TopicPartition.Offset)) // unknown with acks=0
		if m.TopicPartition.LeaderEpoch != nil {
			r.LeaderEpoch = *m.TopicPartition.LeaderEpoch
		}
	}
	if d.done != nil {
		d.done(r, err)
	}
	return append(made, d)
}

// deliveryFailure is why the first record of a transaction was not delivered.
type deliveryFailure struct{ err error }

// finish counts deliveries as reported and recycles them. It returns whether waiting calls of
// Produce are to be woken.
func (p *producer) finish(made []*delivery) (wake bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range made {
		p.recycle(d)
	}
	p.release(len(made))
	p.wakeAfter -= len(made)
	return p.wakeAfter <= 0
}

// deliveryError is why a record was not delivered.
func (p *producer) deliveryError(m *ckafka.Message) error {
	if p.purging.Load() {
		if ke, ok := m.TopicPartition.Error.(ckafka.Error); ok {
			switch ke.Code() {
			case ckafka.ErrPurgeQueue, ckafka.ErrPurgeInflight:
				return p.unsent
			}
		}
	}
	return p.errs.Explain(convertAt(m.TopicPartition.Error, *m.TopicPartition.Topic, m.TopicPartition.Partition))
}

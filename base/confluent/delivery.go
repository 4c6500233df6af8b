//go:build cgo

package confluent

import (
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kavro/kavro/base"
)

// delivery is what a report needs to find back to its record. librdkafka
// carries it as the message's opaque; it is reused once the report was made.
type delivery struct {
	record    *base.Record
	done      func(*base.Record, error)
	round     *round
	timestamp time.Time
}

// deliver calls done for every report, one after the other, until quit. The
// binding sends a message per record through the channel; they are taken in
// batches, with one look at those who wait for room per batch.
func (p *producer) deliver() {
	for {
		select {
		case ev := <-p.reports:
			p.report(ev)
		case <-p.quit:
			return
		}
		for n := len(p.reports); n > 0; n-- {
			p.report(<-p.reports)
		}
		p.offerRoom()
	}
}

// report makes one report.
func (p *producer) report(ev kafka.Event) {
	m, ok := ev.(*kafka.Message)
	if !ok {
		ev.(given).up()
		return
	}
	d := m.Opaque.(*delivery)
	if p.ledger != nil && !p.ledger.settle(d) {
		return // given up by Close before
	}
	r, done, of := d.record, d.done, d.round
	r.Offset, r.LeaderEpoch = -1, -1
	if r.Timestamp.IsZero() {
		r.Timestamp = d.timestamp.Truncate(time.Millisecond)
	}
	r.TimestampType = base.TimestampCreate
	d.record, d.done, d.round = nil, nil, nil
	p.deliveries.Put(d)

	var err error
	if m.TopicPartition.Error != nil {
		err = p.deliveryError(m)
	} else {
		r.Partition = m.TopicPartition.Partition
		r.Offset = max(-1, int64(m.TopicPartition.Offset)) // unknown with acks=0
		if m.TopicPartition.LeaderEpoch != nil {
			r.LeaderEpoch = *m.TopicPartition.LeaderEpoch
		}
	}
	if done != nil {
		done(r, err)
	}
	of.release()
}

// deliveryError is why a record was not delivered.
func (p *producer) deliveryError(m *kafka.Message) error {
	if p.purging.Load() {
		if ke, ok := m.TopicPartition.Error.(kafka.Error); ok {
			switch ke.Code() {
			case kafka.ErrPurgeQueue, kafka.ErrPurgeInflight:
				return base.ErrClosed
			}
		}
	}
	return convertAt(m.TopicPartition.Error, *m.TopicPartition.Topic, m.TopicPartition.Partition)
}

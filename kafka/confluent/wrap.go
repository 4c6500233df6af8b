//go:build cgo

package confluent

import (
	"sync"
	"time"

	ckafka "github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kavro/kavro/internal/clienterr"
	"github.com/kavro/kavro/kafka"
)

// WrapProducer makes a producer that works through client. The caller keeps client and closes it,
// after the producer. The caller also reads client.Events(), as always; reports of the producer's
// records do not go there.
//
// Close flushes within its context. Records that were not sent are reported with ErrClosed; client
// still has them and may send them. The transactional methods work if client has a
// transactional.id. go.batch.producer must not be set on client: it loses headers.
func WrapProducer(client *ckafka.Producer) kafka.TxnProducer {
	l := &ledger{out: make(map[*delivery]struct{})}
	return &txnProducer{producer: startProducer(client, l, clienterr.New(kafka.Hooks{}))}
}

// WrapConsumer makes a consumer that works through client. The caller keeps client and closes it,
// after the consumer, and must not poll it meanwhile. Close calls Revoked and unsubscribes.
// hooks.Logger receives kavro's warnings only: log lines go where client's configuration says.
//
// client must have enable.auto.commit=false, so that Commit alone moves offsets. The error is a
// [*kafka.ConfigError] if client has go.events.channel.enable: Poll would not receive its events.
func WrapConsumer(client *ckafka.Consumer, hooks kafka.Hooks) (kafka.Consumer, error) {
	if client.Events() != nil { //nolint:staticcheck // deprecated, and the only way to detect the key
		return nil, &kafka.ConfigError{Key: "go.events.channel.enable", Reason: "must be false: events come out of Poll"}
	}
	kind := consumerKind{wrapped: true, grouped: true, reset: resetUnknown}
	return startConsumer(client, kind, newEvents(client, nil, hooks, clienterr.New(hooks))), nil
}

// Client returns confluent-kafka-go's producer of a producer or session of this package. It must not
// be closed.
func Client(client any) (*ckafka.Producer, bool) {
	p, ok := client.(interface{ producerClient() *ckafka.Producer })
	if !ok {
		return nil, false
	}
	return p.producerClient(), true
}

// ConsumerClient returns confluent-kafka-go's consumer of a consumer or session of this package. It
// must be neither closed nor polled.
func ConsumerClient(client any) (*ckafka.Consumer, bool) {
	c, ok := client.(interface{ consumerClient() *ckafka.Consumer })
	if !ok {
		return nil, false
	}
	return c.consumerClient(), true
}

func (p *producer) producerClient() *ckafka.Producer { return p.client }
func (c *consumer) consumerClient() *ckafka.Consumer { return c.client }
func (s *session) producerClient() *ckafka.Producer  { return s.producer.client }

// A ledger has the records that a wrapped client has not reported, so that Close can report them
// itself.
type ledger struct {
	mu         sync.Mutex
	out        map[*delivery]struct{}
	unreported int // reported by Close, and not yet by the client
}

func (l *ledger) add(d *delivery) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.out[d] = struct{}{}
}

// remove removes d, which the client has refused.
func (l *ledger) remove(d *delivery) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.out, d)
}

// reported removes d, which the client has reported. It returns false if Close has reported d before.
func (l *ledger) reported(d *delivery) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.out[d]; !ok {
		l.unreported--
		return false
	}
	delete(l.out, d)
	return true
}

// fail sends a report for each record to reports: deliver calls done, since that runs on one goroutine
// only.
func (l *ledger) fail(reports chan<- ckafka.Event, why error) {
	l.mu.Lock()
	var all []*delivery
	for d := range l.out {
		all = append(all, d)
	}
	clear(l.out)
	l.unreported += len(all)
	l.mu.Unlock()
	for _, d := range all {
		reports <- abandoned{d, why}
	}
}

// abandoned is the report of a record that Close does not wait for any more.
type abandoned struct {
	d   *delivery
	why error // wraps kafka.ErrClosed
}

func (abandoned) String() string { return "abandoned" }

// report makes the report. It returns a copy of the delivery to finish: the client may yet report the
// delivery itself, so that must not be reused.
func (g abandoned) report() *delivery {
	d := *g.d
	d.record.Offset, d.record.LeaderEpoch = -1, -1
	if d.done != nil {
		d.done(d.record, g.why)
	}
	return &d
}

// releaseWrapped ends the use of a wrapped client. While that has records of ours, deliver goes on to
// receive their reports, which would block the client's poller else. It ends with the last of them,
// or with the client.
func (p *producer) releaseWrapped() {
	outstanding := func() bool {
		p.ledger.mu.Lock()
		defer p.ledger.mu.Unlock()
		return p.ledger.unreported > 0 && !p.client.IsClosed()
	}
	if !outstanding() {
		close(p.quit)
		p.serving.Wait()
		return
	}
	go func() {
		for outstanding() {
			time.Sleep(flushSlice)
		}
		close(p.quit)
	}()
}

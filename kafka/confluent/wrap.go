//go:build cgo

package confluent

import (
	"sync"
	"time"

	ckafka "github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kavro/kavro/internal/clienterr"
	"github.com/kavro/kavro/kafka"
)

// WrapProducer makes a producer that works through client, which stays the
// caller's to close, after the wrapper. Its Events() stay the caller's too, and
// must be read as always: reports of records that go through the wrapper do not
// pass there.
//
// Close flushes the wrapper's records within its context. It cannot take the
// rest back from client: they are given to done with ErrClosed, but may still
// be sent. The transactional methods work if client has a transactional.id.
// go.batch.producer must not be set on client: it loses headers.
func WrapProducer(client *ckafka.Producer) kafka.TxnProducer {
	l := &ledger{out: make(map[*delivery]struct{})}
	return &txnProducer{producer: startProducer(client, l, clienterr.New(kafka.Hooks{}))}
}

// WrapConsumer makes a consumer that works through client, which stays the
// caller's to close, after the wrapper; nobody else may poll it meanwhile.
// Close calls Revoked and unsubscribes. hooks.Logger receives kavro's warnings
// only: client's log lines go where its configuration says.
//
// For the promise that only Commit moves offsets, client must have
// enable.auto.commit=false. The error is a [*kafka.ConfigError] if client has
// go.events.channel.enable, since its events then do not come out of Poll.
func WrapConsumer(client *ckafka.Consumer, hooks kafka.Hooks) (kafka.Consumer, error) {
	if client.Events() != nil { //nolint:staticcheck // deprecated, and so to be found out
		return nil, &kafka.ConfigError{Key: "go.events.channel.enable", Reason: "must be false: events come out of Poll"}
	}
	kind := consumerKind{wrapped: true, grouped: true, reset: resetUnknown}
	return startConsumer(client, kind, newEvents(client, nil, hooks, clienterr.New(hooks))), nil
}

// Client returns the producer underneath b, a producer or a session of this
// package. The client goes on using it; closing it is up to the client.
func Client(b any) (*ckafka.Producer, bool) {
	p, ok := b.(interface{ producerClient() *ckafka.Producer })
	if !ok {
		return nil, false
	}
	return p.producerClient(), true
}

// ConsumerClient returns the consumer underneath b, a consumer or a session of
// this package. The client goes on using it; closing it is up to the client.
func ConsumerClient(b any) (*ckafka.Consumer, bool) {
	c, ok := b.(interface{ consumerClient() *ckafka.Consumer })
	if !ok {
		return nil, false
	}
	return c.consumerClient(), true
}

func (p *producer) producerClient() *ckafka.Producer { return p.client }
func (c *consumer) consumerClient() *ckafka.Consumer { return c.client }
func (s *session) producerClient() *ckafka.Producer  { return s.producer.client }

// A ledger knows which records of ours a wrapped client still has, so that they
// can be given up without it.
type ledger struct {
	mu         sync.Mutex
	out        map[*delivery]struct{}
	unreported int // given up, and not reported since
}

func (l *ledger) add(d *delivery) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.out[d] = struct{}{}
}

// remove takes out d, which never reached the client.
func (l *ledger) remove(d *delivery) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.out, d)
}

// settle takes out d, which the client has reported. It returns false if d was
// given up before.
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

// fail gives up everything: the reports are made by the deliverer, since done
// runs on one goroutine only.
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

// given is the report of a delivery that was given up.
type abandoned struct {
	d   *delivery
	why error // wraps kafka.ErrClosed
}

func (abandoned) String() string { return "given up" }

// up makes the report. It returns a delivery to count off: not the one that the
// client may yet report, which must not be used again.
func (g abandoned) report() *delivery {
	d := *g.d
	d.record.Offset, d.record.LeaderEpoch = -1, -1
	if d.done != nil {
		d.done(d.record, g.why)
	}
	return &d
}

// leave ends the use of a wrapped client. While it still has records of ours
// the deliverer goes on to take their reports, else they would block the
// client's poller; it ends with the last of them, or with the client.
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

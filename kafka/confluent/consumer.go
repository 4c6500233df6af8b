//go:build cgo

package confluent

import (
	"cmp"
	"context"
	"sync"
	"time"

	ckafka "github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kavro/kavro/internal/clienterr"
	"github.com/kavro/kavro/kafka"
)

// NewConsumer makes a consumer. Without group.id it reads by Assign alone, and has no offsets of
// a group. The result is also a [kafka.Assigner], [kafka.Offsets], [kafka.Metadata] and
// [kafka.Explainer].
//
// NewConsumer does not wait for the network: librdkafka connects in the background. The error
// is a [*kafka.ConfigError] where the configuration is wrong.
func NewConsumer(conf kafka.Config, hooks kafka.Hooks) (kafka.Consumer, error) {
	c, err := newConsumer(conf, hooks, clienterr.New(hooks))
	if err != nil {
		return nil, err
	}
	return c, nil
}

func newConsumer(conf kafka.Config, hooks kafka.Hooks, t *clienterr.Tracker) (*consumer, error) {
	plan, kind := consumerConf(conf, hooks)
	client, err := open(plan, ckafka.NewConsumer, func(c *ckafka.Consumer) { _ = c.Close() })
	if err != nil {
		return nil, err
	}
	t.ExpectAnswer(servers(plan.m))
	t.Connecting()
	c := startConsumer(client, kind, newEvents(client, client.Logs(), hooks, t))
	go awaitAnswer(&c.gate, t, c.closing, client, c.drainEvents)
	return c, nil
}

// pollSlice bounds one call into librdkafka, which cannot be interrupted. Poll returns at most so
// long after its context has ended.
const pollSlice = 50 * time.Millisecond

// consumer is a kafka.Consumer.
//
// Poll, Subscribe, Assign and Close exclude each other by the poll lock. librdkafka serves
// rebalances inside its poll, on the goroutine that holds the lock.
type consumer struct {
	client *ckafka.Consumer
	kind   consumerKind
	events *events
	gate   gate // every call into librdkafka

	pollLock chan struct{} // a lock: holds a token while it is free
	closing  chan struct{} // closed by Close: a running Poll returns
	once     sync.Once

	// positions is held while records are received from librdkafka and while Seek moves
	// positions, so that no record from before a Seek is returned after it. It is not
	// held while Rebalance is called.
	positions sync.Mutex

	readsMu sync.Mutex
	reads   bool // librdkafka may return records; guarded by readsMu

	mu    sync.Mutex
	parts map[kafka.TopicPartition]*part // what is assigned, started or not

	// The poll lock guards what follows.
	mode          mode
	rebalance     kafka.Rebalance
	topics        []string        // subscribed
	pollCtx       context.Context // of the running Poll, for the callbacks inside it
	batch         *kafka.Batch    // of the running Poll
	joining       *joining        // partitions that were assigned and not yet started
	pendingErrors []kafka.PartitionError
	pollExceeded  bool // max.poll.interval.ms has passed: the revocation that follows is a loss

	rebalances int // number of rebalances served
}

// mode is how partitions are chosen.
type mode uint8

const (
	idle mode = iota
	subscribed
	assigned
)

// consumerKind is the constant properties of a consumer.
type consumerKind struct {
	wrapped     bool  // made by WrapConsumer: the client is not closed
	grouped     bool  // it has a group.id
	incremental bool  // group.protocol=consumer: members do not wait for each other
	reset       reset // auto.offset.reset
}

// part is one assigned partition.
type part struct {
	told   bool          // Rebalance.Assigned was called with it
	begun  bool          // librdkafka reads it
	paused bool          // by Pause
	lost   bool          // paused in librdkafka: it has no offset to start at
	seek   *kafka.Offset // where to start, by a Seek before it began; nil: none
}

func startConsumer(client *ckafka.Consumer, kind consumerKind, ev *events) *consumer {
	c := &consumer{
		client:   client,
		kind:     kind,
		events:   ev,
		pollLock: make(chan struct{}, 1),
		closing:  make(chan struct{}),
		parts:    make(map[kafka.TopicPartition]*part),
	}
	c.pollLock <- struct{}{}
	return c
}

// lockPoll waits within ctx for the poll lock.
func (c *consumer) lockPoll(ctx context.Context) error {
	select {
	case <-c.closing:
		return kafka.ErrClosed
	default:
	}
	select {
	case <-c.pollLock:
		return nil
	case <-c.closing:
		return kafka.ErrClosed
	case <-ctx.Done():
		return c.events.ContextError(ctx)
	}
}

func (c *consumer) unlockPoll() { c.pollLock <- struct{}{} }

// Poll implements kafka.Consumer. It serves rebalances and events meanwhile.
func (c *consumer) Poll(ctx context.Context, b *kafka.Batch, max int) error {
	clear(b.Records)
	b.Records, b.Ends, b.Errors = b.Records[:0], b.Ends[:0], b.Errors[:0]
	if err := c.lockPoll(ctx); err != nil {
		return err
	}
	defer c.unlockPoll()
	if c.mode == idle {
		return local(ckafka.ErrState, "", -1, "neither subscribed nor assigned")
	}
	c.pollCtx, c.batch = ctx, b
	defer func() { c.pollCtx, c.batch = nil, nil }()

	for {
		select {
		case <-c.closing:
			return kafka.ErrClosed
		default:
		}
		if err := c.events.ContextError(ctx); err != nil {
			return err
		}
		if err := c.begin(ctx); err != nil {
			return c.events.Explain(err)
		}
		wait := min(pollSlice, time.Duration(millis(ctx))*time.Millisecond)
		if len(c.pendingErrors) > 0 {
			b.Errors, c.pendingErrors, wait = append(b.Errors, c.pendingErrors...), nil, 0
		}
		c.collect(wait, max)
		if len(b.Records) > 0 {
			c.events.OK()
		}
		if !isEmpty(b) {
			return nil
		}
		if err := c.events.Fatal(); err != nil {
			return err
		}
	}
}

// collect moves what librdkafka has to the batch, until that has max records or partitions were
// assigned. It waits for the first event only.
func (c *consumer) collect(wait time.Duration, max int) {
	if !c.gate.enter() {
		return
	}
	defer c.gate.leave()
	c.positions.Lock()
	defer c.positions.Unlock()
	var chunk []kafka.Record
	for ms := int(wait / time.Millisecond); ; ms = 0 {
		before := len(c.batch.Records)
		ev := c.client.Poll(ms)
		switch ev := ev.(type) {
		case *ckafka.Message:
			if ev.TopicPartition.Error != nil {
				c.failed(ev.TopicPartition)
			} else {
				if len(chunk) == 0 {
					chunk = make([]kafka.Record, chunkSize(before, max))
				}
				fill(&chunk[0], ev)
				c.batch.Records, chunk = append(c.batch.Records, &chunk[0]), chunk[1:]
			}
		case ckafka.PartitionEOF:
			c.batch.Ends = append(c.batch.Ends, offset(ckafka.TopicPartition(ev)))
		case ckafka.Error:
			c.handleError(ev)
		case nil:
			// Nothing, or a rebalance: librdkafka has served that inside Poll.
			return
		default:
			c.events.handle(ev)
		}
		if len(c.batch.Records) >= max && len(c.batch.Records) > before || c.joining != nil || c.events.Fatal() != nil {
			return
		}
	}
}

// drainEvents handles the events of a consumer that does not read yet: they may say why a request
// is not answered. Later Poll handles them.
func (c *consumer) drainEvents() {
	c.readsMu.Lock()
	defer c.readsMu.Unlock()
	if c.reads || !c.gate.enter() {
		return
	}
	defer c.gate.leave()
	for ev := c.client.Poll(0); ev != nil; ev = c.client.Poll(0) {
		c.events.handle(ev)
	}
}

// stopDraining ends drainEvents, before there can be records.
func (c *consumer) stopDraining() {
	c.readsMu.Lock()
	defer c.readsMu.Unlock()
	c.reads = true
}

func isEmpty(b *kafka.Batch) bool {
	return len(b.Records) == 0 && len(b.Ends) == 0 && len(b.Errors) == 0
}

// chunkSize is how many records share one allocation, after so many in a batch of up to limit. A
// record that the caller keeps keeps the memory of its chunk alive: so it is at most 64, and less
// at the beginning of a batch.
func chunkSize(before, limit int) int { return max(1, min(1+before, limit-before, 64)) }

// fill sets r from m, and shares its bytes.
func fill(r *kafka.Record, m *ckafka.Message) {
	*r = kafka.Record{
		Topic:         *m.TopicPartition.Topic,
		Partition:     m.TopicPartition.Partition,
		Offset:        int64(m.TopicPartition.Offset),
		LeaderEpoch:   -1,
		Key:           m.Key,
		Value:         m.Value,
		Timestamp:     m.Timestamp,
		TimestampType: kafka.TimestampType(m.TimestampType), // the same numbers: the protocol's plus one
	}
	if m.TopicPartition.LeaderEpoch != nil {
		r.LeaderEpoch = *m.TopicPartition.LeaderEpoch
	}
	if len(m.Headers) > 0 {
		r.Headers = make([]kafka.Header, len(m.Headers))
		for i, h := range m.Headers {
			r.Headers[i] = kafka.Header(h)
		}
	}
}

// Subscribe implements kafka.Consumer. A second call first revokes the partitions of the first.
func (c *consumer) Subscribe(topics []string, r kafka.Rebalance) error {
	ctx := context.Background()
	if err := c.needGroup(); err != nil {
		return err
	}
	if err := c.lockPoll(ctx); err != nil {
		return err
	}
	defer c.unlockPoll()
	if !c.gate.enter() {
		return kafka.ErrClosed
	}
	defer c.gate.leave()
	switch c.mode {
	case assigned:
		return local(ckafka.ErrState, "", -1, "partitions were assigned by hand")
	case subscribed:
		c.revokeAll(ctx)
		if err := c.unsubscribe(); err != nil {
			return err
		}
	}
	c.rebalance = r
	c.stopDraining()
	if err := c.client.SubscribeTopics(topics, c.onRebalance); err != nil {
		return convert(err)
	}
	c.mode, c.topics = subscribed, append([]string(nil), topics...)
	if c.kind.incremental {
		c.rebalanced()
	}
	return nil
}

// needGroup returns an error if there is no group.id.
func (c *consumer) needGroup() error {
	if c.kind.grouped {
		return nil
	}
	return &kafka.ConfigError{Key: "group.id", Reason: "required to subscribe and to commit"}
}

// Explain implements kafka.Explainer.
func (c *consumer) Explain(err error) error { return c.events.Explain(err) }

// Close implements kafka.Consumer. When ctx has ended it goes on in the background, without
// calls of Rebalance, and Close returns ctx's error, if no other has ended the consumer.
func (c *consumer) Close(ctx context.Context) error {
	err := error(nil)
	c.once.Do(func() { err = c.close(ctx) })
	return err
}

func (c *consumer) close(ctx context.Context) error {
	close(c.closing) // a running Poll returns, and no later call gets the poll lock
	c.events.Tracker.Close()
	locked := false
	select {
	case <-c.pollLock:
		locked = true
	default:
		select {
		case <-c.pollLock:
			locked = true
		case <-ctx.Done(): // Poll is inside the caller's Rebalance
		}
	}
	if locked {
		c.revokeAll(ctx)
	}
	released := make(chan error, 1)
	go func() {
		if !locked {
			<-c.pollLock
		}
		released <- c.teardown()
	}()
	select {
	case err := <-released:
		return cmp.Or(c.events.Fatal(), err)
	case <-ctx.Done():
		return cmp.Or(c.events.Fatal(), c.events.ContextError(ctx))
	}
}

// teardown closes the client when no call is inside librdkafka any more. A wrapped client is left
// without a subscription; it leaves the group when its owner polls or closes it. The error is the
// one that has ended the client, where no Poll has returned it.
func (c *consumer) teardown() error {
	<-c.gate.close()
	if err := c.unsubscribe(); err != nil {
		c.events.Report(err)
	}
	c.events.stop()
	if c.kind.wrapped {
		return nil
	}
	err := c.client.Close() // frees the client also on an error
	c.events.wait()
	return convert(err)
}

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

// NewConsumer makes a consumer of a configuration with librdkafka's keys, see
// the package's documentation for what differs. Without group.id it can only
// Assign, and has no offsets of a group. The result is also a [kafka.Offsets], a
// [kafka.Assigner] and a [kafka.Metadata].
//
// The error is a [*kafka.ConfigError] where the configuration is at fault.
// NewConsumer does not wait for the network: librdkafka connects in the background.
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

// pollSlice bounds one call into librdkafka, which cannot be interrupted: the
// most that Poll outlives its context by.
const pollSlice = 50 * time.Millisecond

// consumer is a kafka.Consumer.
//
// Poll, Subscribe, Assign and Close have a turn each. Rebalances are served
// inside librdkafka's poll, on the goroutine that has the turn.
type consumer struct {
	client *ckafka.Consumer
	kind   consumerKind
	events *events
	gate   gate // every call into librdkafka

	pollLock chan struct{} // holds a token while nobody has the turn
	closing  chan struct{} // closed by Close: a running Poll gives up its turn
	once     sync.Once

	// positions is held while records are taken out of librdkafka and while
	// Seek moves positions, so that a record of before never comes after. It is
	// not held while Rebalance is called.
	positions sync.Mutex

	readsMu sync.Mutex
	reads   bool // records may come out of librdkafka; guarded by unread

	mu    sync.Mutex
	parts map[kafka.TopicPartition]*part // what was assigned, begun or not

	// The following belong to whoever has the turn.
	mode          mode
	rebalance     kafka.Rebalance
	topics        []string        // subscribed
	pollCtx       context.Context // of the running Poll, for the callbacks inside it
	batch         *kafka.Batch    // of the running Poll
	joining       *joining        // partitions that were assigned and not yet begun
	pendingErrors []kafka.PartitionError
	pollExceeded  bool // max.poll.interval.ms: what librdkafka had is lost, and its revocation follows

	rebalances int // served so far
}

// mode says who decides what is read.
type mode uint8

const (
	idle mode = iota
	subscribed
	assigned
)

// consumerKind is what does not change about a consumer.
type consumerKind struct {
	wrapped     bool  // the client is not ours
	grouped     bool  // it has a group.id
	incremental bool  // group.protocol=consumer: nobody waits for others
	reset       reset // auto.offset.reset
}

// part is one partition that this consumer has.
type part struct {
	told   bool          // Rebalance knows that it came
	begun  bool          // librdkafka has it
	paused bool          // by Pause
	lost   bool          // librdkafka has it paused: nothing says where to begin
	seek   *kafka.Offset // where to begin, if Seek said so before
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

// takeTurn waits until Poll, Subscribe, Assign and Close are free.
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

// Poll serves rebalances and events until there is something to give.
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

// collect takes out of librdkafka what is there, waiting for the first event
// only, until the batch has max records or partitions were assigned.
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
			// Nothing, or a rebalance: those are served inside Poll.
			return
		default:
			c.events.handle(ev)
		}
		if len(c.batch.Records) >= max && len(c.batch.Records) > before || c.joining != nil || c.events.Fatal() != nil {
			return
		}
	}
}

// overhear takes in what the client of a consumer that does not read has said: it may
// be why a question is not answered. One that reads hears of it in Poll.
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

// beginReading ends overhear, before there can be records.
func (c *consumer) stopDraining() {
	c.readsMu.Lock()
	defer c.readsMu.Unlock()
	c.reads = true
}

func isEmpty(b *kafka.Batch) bool {
	return len(b.Records) == 0 && len(b.Ends) == 0 && len(b.Errors) == 0
}

// chunkSize is how many records share one allocation, after so many in a batch of
// up to limit: few while few come, and never so many that one record that is kept
// keeps much.
func chunkSize(before, limit int) int { return max(1, min(1+before, limit-before, 64)) }

// fill makes a record of a message, whose bytes it takes over.
func fill(r *kafka.Record, m *ckafka.Message) {
	*r = kafka.Record{
		Topic:         *m.TopicPartition.Topic,
		Partition:     m.TopicPartition.Partition,
		Offset:        int64(m.TopicPartition.Offset),
		LeaderEpoch:   -1,
		Key:           m.Key,
		Value:         m.Value,
		Timestamp:     m.Timestamp,
		TimestampType: kafka.TimestampType(m.TimestampType), // the numbers are the protocol's plus one, on both sides
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

// Subscribe joins the group for topics. A second call first gives up what the
// first one got.
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

// needGroup is the error of what only a member of a group can do.
func (c *consumer) needGroup() error {
	if c.kind.grouped {
		return nil
	}
	return &kafka.ConfigError{Key: "group.id", Reason: "required to subscribe and to commit"}
}

// Explain implements kafka.Explainer.
func (c *consumer) Explain(err error) error { return c.events.Explain(err) }

// Close calls Revoked (or Lost) and leaves the group within ctx. What takes
// longer goes on in the background, without calling anybody. The error is the one
// that has ended the consumer, if one has, else ctx's if that ended first.
func (c *consumer) Close(ctx context.Context) error {
	err := error(nil)
	c.once.Do(func() { err = c.close(ctx) })
	return err
}

func (c *consumer) close(ctx context.Context) error {
	close(c.closing) // a running Poll gives up its turn, and nobody takes another
	c.events.Tracker.Close()
	mine := false
	select {
	case <-c.pollLock:
		mine = true
	default:
		select {
		case <-c.pollLock:
			mine = true
		case <-ctx.Done(): // Poll is in the caller's own code
		}
	}
	if mine {
		c.revokeAll(ctx)
	}
	released := make(chan error, 1)
	go func() {
		if !mine {
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

// teardown releases everything, when no call is inside librdkafka any more. A
// wrapped client is left as it was: without a subscription. Its group hears of
// that when its owner polls or closes it. The error is the one that has ended the
// client, where nobody has polled it out before.
func (c *consumer) teardown() error {
	<-c.gate.close()
	if err := c.unsubscribe(); err != nil {
		c.events.Report(err)
	}
	c.events.stop()
	if c.kind.wrapped {
		return nil
	}
	err := c.client.Close() // frees the client in any case
	c.events.wait()
	return convert(err)
}

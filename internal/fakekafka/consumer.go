package fakekafka

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/kavro/kavro/kafka"
)

// ConsumerConfig configures a consumer. The zero value reads without a group, committed
// records only, from the end, and does not report ends.
type ConsumerConfig struct {
	Group           string
	Cooperative     bool // cooperative rebalances; the default is eager
	FromStart       bool // without a committed offset (auto.offset.reset=earliest)
	Ends            bool // enable.partition.eof
	ReadUncommitted bool
	OnCommit        func(context.Context, []kafka.Offset) error // called before each commit; its error is the commit's
}

// Consumer is a [kafka.Consumer], with [kafka.Offsets], [kafka.Assigner] and
// [kafka.Metadata].
type Consumer struct {
	cluster *Cluster
	config  ConsumerConfig
	group   *Group // nil without a group
	busy    atomic.Bool

	// Guarded by the cluster's lock.
	topics     []string
	manual     bool // Assign was called
	handler    kafka.Rebalance
	cursors    map[kafka.TopicPartition]*cursor
	lost       []kafka.TopicPartition // by Expel, not reported yet
	released   int                    // the generation for which all partitions were given up
	adopted    int                    // the generation whose assignment is in effect
	nextCursor int                    // index of the first cursor that fill reads
	failures   []kafka.PartitionError
	fatal      error
	closed     bool
	polls      int
	onRevoked  func(kafka.TopicPartition) // called when a partition is revoked
}

// cursor is the position in an assigned partition.
type cursor struct {
	position    int64
	paused      bool
	endReported bool // the end was reported, and no record read since
}

// Consumer makes a consumer.
func (c *Cluster) Consumer(config ConsumerConfig) *Consumer {
	m := &Consumer{cluster: c, config: config, cursors: map[kafka.TopicPartition]*cursor{}}
	if config.Group != "" {
		m.group = c.Group(config.Group)
	}
	return m
}

// Fail makes the next Poll return err.
func (m *Consumer) Fail(err error) {
	m.cluster.mu.Lock()
	defer m.cluster.mu.Unlock()
	m.fatal = err
	m.cluster.wake()
}

// FailPartition makes the next Poll bring an error of one partition.
func (m *Consumer) FailPartition(topic string, partition int32, err error) {
	m.cluster.mu.Lock()
	defer m.cluster.mu.Unlock()
	m.failures = append(m.failures, kafka.PartitionError{
		TopicPartition: kafka.TopicPartition{Topic: topic, Partition: partition}, Err: err,
	})
	m.cluster.wake()
}

// Polls returns how often Poll was called.
func (m *Consumer) Polls() int {
	m.cluster.mu.Lock()
	defer m.cluster.mu.Unlock()
	return m.polls
}

// Paused returns the partitions that are paused.
func (m *Consumer) Paused() []kafka.TopicPartition {
	m.cluster.mu.Lock()
	defer m.cluster.mu.Unlock()
	var out []kafka.TopicPartition
	for tp, c := range m.cursors {
		if c.paused {
			out = append(out, tp)
		}
	}
	return sorted(out)
}

// Subscribe joins the group.
func (m *Consumer) Subscribe(topics []string, r kafka.Rebalance) error {
	defer m.alone("Subscribe")()
	if err := m.release(context.Background()); err != nil {
		return err
	}
	m.cluster.mu.Lock()
	defer m.cluster.mu.Unlock()
	if m.closed {
		return kafka.ErrClosed
	}
	if m.group == nil {
		return &kafka.ConfigError{Key: "group.id", Reason: "is needed to subscribe"}
	}
	m.topics, m.handler, m.manual = slices.Clone(topics), r, false
	clear(m.cursors)
	if len(topics) == 0 {
		m.group.remove(m)
		return nil
	}
	m.group.join(m)
	return nil
}

// Assign reads partitions without the group's coordination.
func (m *Consumer) Assign(ctx context.Context, at ...kafka.Offset) error {
	m.cluster.mu.Lock()
	defer m.cluster.mu.Unlock()
	if m.closed {
		return kafka.ErrClosed
	}
	m.manual = true
	clear(m.cursors)
	for _, o := range at {
		m.cursors[o.TopicPartition] = &cursor{position: m.resolve(o)}
	}
	m.cluster.wake()
	return nil
}

// Poll returns records, ends and errors, and takes part in rebalances.
func (m *Consumer) Poll(ctx context.Context, b *kafka.Batch, limit int) error {
	defer m.alone("Poll")()
	b.Records, b.Ends, b.Errors = b.Records[:0], b.Ends[:0], b.Errors[:0]
	m.cluster.mu.Lock()
	m.polls++
	m.cluster.mu.Unlock()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		// Look for a step, for records, and for the channel to wait on with one lock held:
		// otherwise a change in between would be missed.
		m.cluster.mu.Lock()
		s := m.step()
		if s == nil {
			err := m.fill(b, limit)
			changed := m.cluster.changed
			m.cluster.mu.Unlock()
			if err != nil || len(b.Records)+len(b.Ends)+len(b.Errors) > 0 {
				return err
			}
			select {
			case <-changed:
			case <-ctx.Done():
			}
			continue
		}
		m.cluster.mu.Unlock()
		if err := m.follow(ctx, s); err != nil {
			return err
		}
	}
}

// step returns the member's next step of a rebalance, nil if there is none. The cluster is
// locked.
func (m *Consumer) step() *step {
	if m.group == nil || m.manual || m.closed || len(m.topics) == 0 {
		return nil
	}
	return m.group.step(m)
}

// follow performs a step.
func (m *Consumer) follow(ctx context.Context, s *step) error {
	switch {
	case len(s.lost) > 0:
		if m.handler != nil {
			m.handler.Lost(s.lost)
		}
	case len(s.revoked) > 0:
		m.giveUp(ctx, s.revoked)
	case len(s.assigned) > 0:
		if err := m.start(ctx, s.assigned); err != nil {
			return err
		}
	}
	if r, ok := m.handler.(kafka.Rebalanced); ok && s.complete {
		r.Rebalanced()
	}
	return nil
}

// giveUp calls Revoked, then releases the partitions.
func (m *Consumer) giveUp(ctx context.Context, p []kafka.TopicPartition) {
	m.cluster.mu.Lock()
	for _, tp := range p {
		delete(m.cursors, tp) // nothing is fetched any more
		if m.onRevoked != nil {
			m.onRevoked(tp)
		}
	}
	m.cluster.mu.Unlock()
	if m.handler != nil {
		m.handler.Revoked(ctx, p)
	}
	m.cluster.mu.Lock()
	defer m.cluster.mu.Unlock()
	for _, tp := range p {
		if m.group.owner[tp] == m {
			delete(m.group.owner, tp)
		}
	}
	m.cluster.wake()
}

// start calls Assigned with partitions that m owns now, and starts to read them.
func (m *Consumer) start(ctx context.Context, p []kafka.TopicPartition) error {
	m.cluster.mu.Lock()
	committed := make([]kafka.Offset, len(p))
	for i, tp := range p {
		committed[i] = m.committed(tp)
	}
	m.cluster.mu.Unlock()
	var start []kafka.Offset
	if m.handler != nil {
		var err error
		if start, err = m.handler.Assigned(ctx, slices.Clone(committed)); err != nil {
			return err
		}
	}
	m.cluster.mu.Lock()
	defer m.cluster.mu.Unlock()
	for _, o := range append(committed, start...) { // start overrides
		if m.group.owner[o.TopicPartition] == m {
			m.cursors[o.TopicPartition] = &cursor{position: m.resolve(o)}
		}
	}
	return nil
}

// fill reads from the cursors, beginning with another one each time. The cluster is locked.
func (m *Consumer) fill(b *kafka.Batch, limit int) error {
	if m.closed {
		return kafka.ErrClosed
	}
	if err := m.fatal; err != nil {
		m.fatal = nil
		return err
	}
	b.Errors = append(b.Errors, m.failures...)
	m.failures = nil
	assigned := make([]kafka.TopicPartition, 0, len(m.cursors))
	for tp := range m.cursors {
		assigned = append(assigned, tp)
	}
	sorted(assigned)
	m.nextCursor++
	for i := range assigned {
		tp := assigned[(i+m.nextCursor)%len(assigned)]
		c, l := m.cursors[tp], m.cluster.log(tp)
		if c.paused {
			continue
		}
		before := len(b.Records)
		b.Records, c.position = l.read(b.Records, tp, c.position, limit-before, m.config.ReadUncommitted)
		if len(b.Records) > before {
			c.endReported = false
		}
		if m.config.Ends && !c.endReported && c.position >= l.stable(m.config.ReadUncommitted) {
			c.endReported = true
			b.Ends = append(b.Ends, kafka.Offset{TopicPartition: tp, Offset: c.position, LeaderEpoch: -1})
		}
	}
	return nil
}

// Commit moves the group's offsets.
func (m *Consumer) Commit(ctx context.Context, next []kafka.Offset) error {
	if m.config.OnCommit != nil {
		if err := m.config.OnCommit(ctx, next); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	m.cluster.mu.Lock()
	defer m.cluster.mu.Unlock()
	if m.closed {
		return kafka.ErrClosed
	}
	for _, o := range next {
		if !m.manual && m.group.owner[o.TopicPartition] != m {
			return &kafka.Error{Code: codeUnknownMember, Topic: o.Topic, Partition: o.Partition, Err: errNotOwner}
		}
	}
	m.group.commit(next)
	return nil
}

func (g *Group) commit(next []kafka.Offset) {
	for _, o := range next {
		g.committed[o.TopicPartition] = o
		g.history = append(g.history, o)
	}
}

// Pause stops reading partitions.
func (m *Consumer) Pause(p ...kafka.TopicPartition) error { return m.setPaused(p, true) }

// Resume undoes Pause.
func (m *Consumer) Resume(p ...kafka.TopicPartition) error { return m.setPaused(p, false) }

func (m *Consumer) setPaused(p []kafka.TopicPartition, paused bool) error {
	m.cluster.mu.Lock()
	defer m.cluster.mu.Unlock()
	if m.closed {
		return kafka.ErrClosed
	}
	for _, tp := range p {
		if c, ok := m.cursors[tp]; ok {
			c.paused = paused
		}
	}
	m.cluster.wake()
	return nil
}

// Seek moves positions.
func (m *Consumer) Seek(ctx context.Context, to ...kafka.Offset) error {
	m.cluster.mu.Lock()
	defer m.cluster.mu.Unlock()
	if m.closed {
		return kafka.ErrClosed
	}
	for _, o := range to {
		if c, ok := m.cursors[o.TopicPartition]; ok {
			c.position, c.endReported = m.resolve(o), false
		}
	}
	m.cluster.wake()
	return nil
}

// Close leaves the group, giving up what it has.
func (m *Consumer) Close(ctx context.Context) error {
	defer m.alone("Close")()
	m.cluster.mu.Lock()
	closed := m.closed
	m.cluster.mu.Unlock()
	if closed {
		return nil
	}
	err := m.release(ctx)
	m.cluster.mu.Lock()
	defer m.cluster.mu.Unlock()
	m.closed = true
	if m.group != nil {
		m.group.remove(m)
	}
	return err
}

// release gives up everything that the group gave.
func (m *Consumer) release(ctx context.Context) error {
	if m.group == nil {
		return nil
	}
	m.cluster.mu.Lock()
	owned, lost := m.group.owned(m), m.lost
	m.lost = nil
	m.cluster.mu.Unlock()
	if len(lost) > 0 && m.handler != nil {
		m.handler.Lost(lost)
	}
	if len(owned) > 0 {
		m.giveUp(ctx, owned)
	}
	return nil
}

// OffsetsAt looks offsets up by time.
func (m *Consumer) OffsetsAt(ctx context.Context, t time.Time, p ...kafka.TopicPartition) ([]kafka.Offset, error) {
	m.cluster.mu.Lock()
	defer m.cluster.mu.Unlock()
	out := make([]kafka.Offset, len(p))
	for i, tp := range p {
		out[i] = kafka.Offset{TopicPartition: tp, Offset: m.cluster.log(tp).at(t), LeaderEpoch: -1}
	}
	return out, nil
}

// Watermarks returns the first offset and the end.
func (m *Consumer) Watermarks(ctx context.Context, tp kafka.TopicPartition) (low, high int64, err error) {
	m.cluster.mu.Lock()
	defer m.cluster.mu.Unlock()
	return 0, m.cluster.log(tp).next, nil
}

// Committed returns the group's offsets.
func (m *Consumer) Committed(ctx context.Context, p ...kafka.TopicPartition) ([]kafka.Offset, error) {
	m.cluster.mu.Lock()
	defer m.cluster.mu.Unlock()
	out := make([]kafka.Offset, len(p))
	for i, tp := range p {
		out[i] = m.committed(tp)
	}
	return out, nil
}

// Partitions returns the partitions of a topic.
func (m *Consumer) Partitions(ctx context.Context, topic string) ([]int32, error) {
	return m.cluster.partitions(topic)
}

func (m *Consumer) committed(tp kafka.TopicPartition) kafka.Offset {
	if m.group != nil {
		if o, ok := m.group.committed[tp]; ok {
			return o
		}
	}
	return kafka.Offset{TopicPartition: tp, Offset: kafka.OffsetNone, LeaderEpoch: -1}
}

// resolve returns the offset of a position.
func (m *Consumer) resolve(o kafka.Offset) int64 {
	if o.Offset == kafka.OffsetNone {
		if o = m.committed(o.TopicPartition); o.Offset == kafka.OffsetNone {
			o.Offset = kafka.OffsetEnd
			if m.config.FromStart {
				o.Offset = kafka.OffsetStart
			}
		}
	}
	switch o.Offset {
	case kafka.OffsetStart:
		return 0
	case kafka.OffsetEnd:
		return m.cluster.log(o.TopicPartition).next
	default:
		return o.Offset
	}
}

// alone panics if two goroutines are within calls that exclude each other.
func (m *Consumer) alone(call string) func() {
	if !m.busy.CompareAndSwap(false, true) {
		panic("fakekafka: " + call + " during another Poll, Subscribe or Close")
	}
	return func() { m.busy.Store(false) }
}

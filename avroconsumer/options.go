package avroconsumer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/internal/ending"
	"github.com/kavro/kavro/kafka"
)

// Option changes how [New] makes a consumer.
type Option func(*config)

type config struct {
	manual       bool
	interval     time.Duration // between periodic commits
	workers      int
	ordering     Ordering
	records      int // high mark of one partition
	bytes        int
	drainTimeout time.Duration
	policies     [classes]Policy
	tombstones   Tombstones
	observers    []Observer
	observer     Observer     // all of them
	logger       *slog.Logger // of warnings; nil: slog.Default()
	start        Start
	toEnd        bool
	onAssigned   []func(context.Context, []kafka.Offset) ([]kafka.Offset, error)
	onRevoked    []func(context.Context, []kafka.TopicPartition)
	onLost       []func([]kafka.TopicPartition)
	ownsClient   bool
	closers      []func(context.Context) error

	given map[string]bool // options of which one can count
	errs  []error         // of the options themselves
}

// once remembers that an option sets something. The second one is an error.
func (c *config) once(option string) {
	if c.given[option] {
		c.refuse(option, "is given twice")
	}
	if c.given == nil {
		c.given = make(map[string]bool)
	}
	c.given[option] = true
}

func defaults() config {
	return config{
		interval:     5 * time.Second, // auto.commit.interval.ms
		workers:      1,
		ordering:     Partition,
		records:      5_000,
		bytes:        32 << 20,
		drainTimeout: ending.Drain,
	}
}

func (c *config) refuse(option, format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("avroconsumer: "+option+": "+format, args...))
}

func (c *config) check() error {
	if c.interval <= 0 {
		c.refuse("WithAutoCommit", "%v is not positive", c.interval)
	}
	if c.workers < 1 {
		c.refuse("WithConcurrency", "%d workers, want at least 1", c.workers)
	}
	if c.ordering > None {
		c.refuse("WithConcurrency", "ordering %d is none of Partition, Key and None", c.ordering)
	}
	if c.records < 1 || c.bytes < 1 {
		c.refuse("WithInFlight", "%s and %s, want at least 1", count.Of(c.records, "record"), count.Of(c.bytes, "byte"))
	}
	if c.drainTimeout <= 0 {
		c.refuse("WithDrainTimeout", "%v is not positive", c.drainTimeout)
	}
	if slices.Contains(c.observers, nil) {
		c.refuse("WithObserver", "the observer is nil")
	}
	if err := c.start.check(); err != nil {
		c.refuse("WithStart", "%w", err)
	}
	if err := c.tombstones.Check(); err != nil {
		c.refuse("WithTombstones", "%w", err)
	}
	for class, p := range c.policies {
		if err := p.Check(Class(class)); err != nil {
			c.refuse("WithPolicy", "%v errors: %w", Class(class), err)
		}
	}
	return errors.Join(c.errs...)
}

// Ordering says which records Run handles one after the other.
type Ordering uint8

// The orderings.
const (
	Partition Ordering = iota // those of one partition
	Key                       // those of one partition with the same key; those without a key in any order
	None                      // none
)

// WithAutoCommit sets how often what was dealt with is committed in the
// background (auto.commit.interval.ms). The default is every 5 seconds.
func WithAutoCommit(interval time.Duration) Option {
	return func(c *config) {
		c.once("WithAutoCommit")
		if c.given["WithManualCommit"] {
			c.refuse("WithAutoCommit", "excludes WithManualCommit")
		}
		c.manual, c.interval = false, interval
	}
}

// WithManualCommit leaves committing to [Consumer.Commit] alone
// (enable.auto.commit=false).
func WithManualCommit() Option {
	return func(c *config) {
		if c.given["WithAutoCommit"] {
			c.refuse("WithManualCommit", "excludes WithAutoCommit")
		}
		if c.given == nil {
			c.given = make(map[string]bool)
		}
		c.given["WithManualCommit"], c.manual = true, true
	}
}

// WithConcurrency lets Run handle up to n records (RunBatch: n batches) at the
// same time, in this order. The default is one at a time.
func WithConcurrency(n int, o Ordering) Option {
	return func(c *config) {
		c.once("WithConcurrency")
		c.workers, c.ordering = n, o
	}
}

// WithInFlight bounds what one partition may have in memory: when as many records
// or bytes were polled and are not dealt with, nothing more of it is polled until
// half of it is left. Run stops polling for that, for half a second at most; a
// partition that takes longer is paused, and the others go on. A poll that is under
// way may exceed the bound. The default is 5,000 records and 32 MiB.
func WithInFlight(records, bytes int) Option {
	return func(c *config) {
		c.once("WithInFlight")
		c.records, c.bytes = records, bytes
	}
}

// WithDrainTimeout sets how long handlers at work may take to return when their
// partition is revoked or Run ends, before their contexts are cancelled. The
// default is 15 seconds: with the commit, and Close, a program that is told to end
// takes less than 25. It bounds how long polling may stand still.
func WithDrainTimeout(d time.Duration) Option {
	return func(c *config) {
		c.once("WithDrainTimeout")
		c.drainTimeout = d
	}
}

// WithPolicy says what Run and RunBatch do with records that fail with an error
// of this class. The default is [Stop]. Poll and the iterators have no policies:
// they return the error.
func WithPolicy(class Class, p Policy) Option {
	return func(c *config) {
		if class >= RegistryUnavailable && class <= ReaderSchemaErrors {
			c.refuse("WithPolicy", "no policy can be given for %v errors: the record is not to blame", class)
			return
		}
		if class >= classes {
			c.refuse("WithPolicy", "%v is no class", class)
			return
		}
		c.once("WithPolicy for " + class.String() + " errors")
		c.policies[class] = p
	}
}

// WithObserver has o told of what happens. Several are told in the order given: see
// [Observers].
func WithObserver(o Observer) Option {
	return func(c *config) { c.observers = append(c.observers, o) }
}

// WithLogger has l receive warnings, such as [StalledError], or that records wait for
// a registry that does not answer, once a minute for each cause. The default is
// slog.Default(), as it is then; slog.New(slog.DiscardHandler) silences them.
func WithLogger(l *slog.Logger) Option { return func(c *config) { c.logger = l } }

// WithStart says where to begin reading.
func WithStart(at Start) Option {
	return func(c *config) {
		c.once("WithStart")
		c.start = at
	}
}

// WithToEnd stops reading once every assigned partition was read to the end that
// it had when it was assigned: Poll returns [ErrEnd], iterators end, Run returns
// nil. The client should be told enable.partition.eof, else a partition whose
// last offsets hold no records (markers of transactions, compaction) is not seen
// to end. A member of a group that gets no partitions waits.
func WithToEnd() Option { return func(c *config) { c.toEnd = true } }

// OnAssigned has f called with partitions that this consumer gets, and what the
// group committed for each (kafka.OffsetNone: nothing), before any of their
// records is handed out: f may load state. Reading starts where f says, for the
// partitions that it returns; see [WithStart] for the others. An error ends the
// Poll or Run in which it happens.
//
// f runs where polling does. It may take its time, though not longer than
// max.poll.interval.ms, and must not call Subscribe, Assign, Seek or Close. Several
// are called in the order given; what a later one says about a partition wins.
func OnAssigned(f func(ctx context.Context, committed []kafka.Offset) (start []kafka.Offset, err error)) Option {
	return func(c *config) {
		if f != nil {
			c.onAssigned = append(c.onAssigned, f)
		}
	}
}

// OnRevoked has f called with partitions that go to another member, or are given
// up by Close, after their handlers have returned and before what was dealt with
// is committed. Commit works within f. f runs where polling does. Several are called
// in the order given.
func OnRevoked(f func(ctx context.Context, p []kafka.TopicPartition)) Option {
	return func(c *config) {
		if f != nil {
			c.onRevoked = append(c.onRevoked, f)
		}
	}
}

// OnLost has f called with partitions that belong to another member already:
// nothing of theirs can be committed any more. f runs where polling does. Several are
// called in the order given.
func OnLost(f func(p []kafka.TopicPartition)) Option {
	return func(c *config) {
		if f != nil {
			c.onLost = append(c.onLost, f)
		}
	}
}

// Defaults are options that those given after it win over.
func Defaults(opts ...Option) Option {
	return func(c *config) {
		for _, o := range opts {
			o(c)
		}
		c.given = nil
	}
}

// WithOwnedClient makes [Consumer.Close] close the client as well.
func WithOwnedClient() Option { return func(c *config) { c.ownsClient = true } }

// WithCloser makes [Consumer.Close] call f last, once. Several are called in the
// order given.
func WithCloser(f func(context.Context) error) Option {
	return func(c *config) { c.closers = append(c.closers, f) }
}

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
	records      int // high-water mark of one partition
	bytes        int
	drainTimeout time.Duration
	policies     [classes]Policy
	tombstones   Tombstones
	reuse        bool
	observers    []Observer
	observer     Observer     // observers combined
	logger       *slog.Logger // for warnings; nil: slog.Default()
	start        Start
	toEnd        bool
	onAssigned   []func(context.Context, []kafka.Offset) ([]kafka.Offset, error)
	onRevoked    []func(context.Context, []kafka.TopicPartition)
	onLost       []func([]kafka.TopicPartition)
	ownsClient   bool
	closers      []func(context.Context) error

	given map[string]bool // options that were given and must not be given again
	errs  []error         // errors of the options
}

// once records that an option was given. A second time is an error.
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
	if c.workers > maxWorkers {
		c.refuse("WithConcurrency", "%d workers, want at most %d", c.workers, maxWorkers)
	}
	if c.ordering > None {
		c.refuse("WithConcurrency", "ordering %d is not Partition, Key or None", c.ordering)
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

// maxWorkers bounds WithConcurrency: a greater number is a mistake.
const maxWorkers = 1_000_000

// CheckOptions returns the error of [New] for opts. A program that makes the client as well reports it
// together with what is wrong with the client.
func CheckOptions(opts ...Option) error {
	c := defaults()
	for _, o := range opts {
		o(&c)
	}
	return c.check()
}

// Ordering is the set of records that Run processes one after the other.
type Ordering uint8

// The orderings.
const (
	Partition Ordering = iota // the records of one partition
	Key                       // the records of one partition with the same key; those without a key in any order
	None                      // no records: all in any order
)

// WithAutoCommit sets the interval at which processed records are committed in the background
// (auto.commit.interval.ms). The default is 5 seconds.
func WithAutoCommit(interval time.Duration) Option {
	return func(c *config) {
		c.once("WithAutoCommit")
		if c.given["WithManualCommit"] {
			c.refuse("WithAutoCommit", "excludes WithManualCommit")
		}
		c.manual, c.interval = false, interval
	}
}

// WithManualCommit disables all commits except those of [Consumer.Commit] and
// [Consumer.CommitAsync] (enable.auto.commit=false).
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

// WithConcurrency lets Run process up to n records at the same time, and RunBatch up to n
// batches; o says which records stay in order. The default is one at a time, the greatest n a
// million.
func WithConcurrency(n int, o Ordering) Option {
	return func(c *config) {
		c.once("WithConcurrency")
		c.workers, c.ordering = n, o
	}
}

// WithReuse makes Run and RunBatch recycle messages, values and records when their handler returns, so
// that a value is decoded into one that was used before. A handler must not keep
//
//   - the message, nor a pointer to it or its Raw record;
//   - slices, maps and pointers of its key and value, nor [][]byte of them: strings may be kept;
//   - Headers, and the bytes of Raw.Key and Raw.Value.
//
// The same holds for a [DeadLetterWriter] and an [Observer] once their call has returned. Retries, dead
// letters and Commit see intact records. It changes nothing for Poll, Messages and Batches, whose
// messages belong to the program.
//
// With the build tag kavro_poison, what is recycled is overwritten at once, so that a test finds who
// keeps it: go test -tags kavro_poison ./...
func WithReuse() Option {
	return func(c *config) {
		c.once("WithReuse")
		c.reuse = true
	}
}

// WithInFlight sets the high-water mark of one partition, in records and in bytes of keys and
// values. When that many are polled and unprocessed, nothing more of the partition is polled
// until they have fallen to half of it. Run then stops polling for up to half a second; a
// partition that takes longer is paused, so that others continue. A poll in progress may
// exceed the mark. The default is 5,000 records and 32 MiB.
func WithInFlight(records, bytes int) Option {
	return func(c *config) {
		c.once("WithInFlight")
		c.records, c.bytes = records, bytes
	}
}

// WithDrainTimeout bounds the time that running handlers get to return when their partition is
// revoked or Run ends, before their contexts are cancelled. Polling stops meanwhile. The
// default is 15 seconds: together with the commit and Close, a program ends in less than 25.
func WithDrainTimeout(d time.Duration) Option {
	return func(c *config) {
		c.once("WithDrainTimeout")
		c.drainTimeout = d
	}
}

// WithPolicy sets what Run and RunBatch do with records that fail with an error of this class.
// The default is [Stop]. Poll and the iterators return the error instead.
func WithPolicy(class Class, p Policy) Option {
	return func(c *config) {
		if class >= RegistryUnavailable && class <= ReaderSchemaErrors {
			c.refuse("WithPolicy", "no policy can be given for %v errors: the record is not the cause", class)
			return
		}
		if class >= classes {
			c.refuse("WithPolicy", "%v is not a class", class)
			return
		}
		c.once("WithPolicy for " + class.String() + " errors")
		c.policies[class] = p
	}
}

// WithObserver notifies o of records, commits, rebalances and errors. Several observers are
// called in the order given: see [Observers].
func WithObserver(o Observer) Option {
	return func(c *config) { c.observers = append(c.observers, o) }
}

// WithLogger writes warnings to l: of a [StalledError], and of records that wait for a
// registry that does not answer, once a minute for each cause. The default is the current
// slog.Default(); slog.New(slog.DiscardHandler) discards them.
func WithLogger(l *slog.Logger) Option {
	return func(c *config) {
		c.once("WithLogger")
		c.logger = l
	}
}

// WithStart sets where reading starts. The default is the group's committed offset, or else
// auto.offset.reset.
func WithStart(at Start) Option {
	return func(c *config) {
		c.once("WithStart")
		c.start = at
	}
}

// WithToEnd ends reading when every assigned partition was read to the end that it had when it
// was assigned: Poll returns [ErrEnd], iterators end, Run returns nil. A group member without
// partitions waits.
//
// The client needs enable.partition.eof=true (kavro.NewConsumer sets it). Without it, reading
// waits for ever at the end of a partition whose last offset holds no record: after a
// transaction, whose marker is there, or after compaction.
func WithToEnd() Option { return func(c *config) { c.toEnd = true } }

// OnAssigned calls f with newly assigned partitions and the group's committed offset of each
// (kafka.OffsetNone if there is none), before any of their records is returned: f may load
// state. Partitions that f returns start at that offset; see [WithStart] for the others. An
// error ends the Poll or Run in progress.
//
// f runs on the goroutine that polls. It must return within max.poll.interval.ms, and must not
// call Subscribe, Assign, Seek or Close. Several functions are called in the order given; the
// last one that returns a partition decides.
func OnAssigned(f func(ctx context.Context, committed []kafka.Offset) (start []kafka.Offset, err error)) Option {
	return func(c *config) {
		if f == nil {
			c.refuse("OnAssigned", "the function is nil")
			return
		}
		c.onAssigned = append(c.onAssigned, f)
	}
}

// OnRevoked calls f with partitions that are revoked, or given up by Close, after their
// handlers have returned and before processed records are committed. f may call Commit. It
// runs on the goroutine that polls. Several functions are called in the order given.
func OnRevoked(f func(ctx context.Context, p []kafka.TopicPartition)) Option {
	return func(c *config) {
		if f == nil {
			c.refuse("OnRevoked", "the function is nil")
			return
		}
		c.onRevoked = append(c.onRevoked, f)
	}
}

// OnLost calls f with partitions that belong to another member already: their offsets can no
// longer be committed. f runs on the goroutine that polls. Several functions are called in the
// order given.
func OnLost(f func(p []kafka.TopicPartition)) Option {
	return func(c *config) {
		if f == nil {
			c.refuse("OnLost", "the function is nil")
			return
		}
		c.onLost = append(c.onLost, f)
	}
}

// Defaults applies opts with lower precedence: an option that is given again after it replaces
// it.
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

// WithCloser makes [Consumer.Close] call f, once, after everything else. Several functions are
// called in the order given.
func WithCloser(f func(context.Context) error) Option {
	return func(c *config) {
		if f == nil {
			c.refuse("WithCloser", "the function is nil")
			return
		}
		c.closers = append(c.closers, f)
	}
}

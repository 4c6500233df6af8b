package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/internal/ending"
	"github.com/kavro/kavro/kafka"
)

// Option changes how [New] makes a pipeline.
type Option func(*config)

const classes = 4 // of avroconsumer.Class

type config struct {
	records    int
	interval   time.Duration
	workers    int
	abort      time.Duration
	policies   [classes]avroconsumer.Policy
	tombstones avroconsumer.Tombstones
	observers  []avroconsumer.Observer
	observer   avroconsumer.Observer // all of them
	logger     *slog.Logger          // of warnings; nil: slog.Default()
	producer   []avroproducer.Option
	toEnd      bool
	onAssigned []func(context.Context, []kafka.Offset) ([]kafka.Offset, error)
	ownsClient bool
	closers    []func(context.Context) error

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
		records:  1_000,
		interval: 100 * time.Millisecond,
		workers:  1,
		abort:    ending.Abort,
	}
}

func (c *config) refuse(option, format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("pipeline: "+option+": "+format, args...))
}

func (c *config) check() error {
	if c.records < 1 {
		c.refuse("WithBatch", "%d records, want at least 1", c.records)
	}
	if c.interval < 0 {
		c.refuse("WithBatch", "%v is negative", c.interval)
	}
	if c.workers < 1 {
		c.refuse("WithConcurrency", "%d workers, want at least 1", c.workers)
	}
	if c.abort <= 0 {
		c.refuse("WithAbortTimeout", "%v is not positive", c.abort)
	}
	if slices.Contains(c.observers, nil) {
		c.refuse("WithObserver", "the observer is nil")
	}
	if err := c.tombstones.Check(); err != nil {
		c.refuse("WithTombstones", "%w", err)
	}
	for class, p := range c.policies {
		if err := p.Check(avroconsumer.Class(class)); err != nil {
			c.refuse("WithPolicy", "%v errors: %w", avroconsumer.Class(class), err)
		}
	}
	return errors.Join(c.errs...)
}

// WithBatch bounds a round: up to n records, or what has come when interval has
// passed since the first. The default is 1,000 records and 100 milliseconds.
func WithBatch(n int, interval time.Duration) Option {
	return func(c *config) {
		c.once("WithBatch")
		c.records, c.interval = n, interval
	}
}

// WithConcurrency transforms up to n partitions of a round at the same time. The
// records of one partition stay in order. The default is 1.
func WithConcurrency(n int) Option {
	return func(c *config) {
		c.once("WithConcurrency")
		c.workers = n
	}
}

// WithPolicy says what to do with records that fail with an error of this class.
// The default is [avroconsumer.Stop]. A [avroconsumer.DeadLetters] is written
// within the transaction: each dead letter is seen exactly once (see
// [DeadLetter]). Pauses between retries are spent within the transaction: keep
// them well below transaction.timeout.ms.
func WithPolicy(class avroconsumer.Class, p avroconsumer.Policy) Option {
	return func(c *config) {
		if class >= avroconsumer.RegistryUnavailable && class <= avroconsumer.ReaderSchemaErrors {
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

// WithTombstones skips records whose value is null, or delivers them to a function
// whose value type V1 cannot be null. Without it, tombstones are delivered where V1
// can be null, and end Run with avroconsumer.ErrTombstone where it cannot: see
// [avroconsumer.WithTombstones]. A tombstone that is skipped leaves nothing behind.
func WithTombstones(t avroconsumer.Tombstones) Option {
	return func(c *config) {
		c.once("WithTombstones")
		c.tombstones = t
	}
}

// DeadLetter is the policy that writes dead letters through the pipeline itself.
func DeadLetter(opts ...avroconsumer.DeadLetterOption) avroconsumer.Policy {
	return avroconsumer.DeadLetter(avroconsumer.NewDeadLetters(nil, opts...))
}

// WithObserver has o told of records, failures and commits. Several are told in the
// order given: see [avroconsumer.Observers].
func WithObserver(o avroconsumer.Observer) Option {
	return func(c *config) { c.observers = append(c.observers, o) }
}

// WithLogger has l receive warnings, such as avroconsumer.StalledError, or that records
// wait for a registry that does not answer, once a minute for each cause. The default is
// slog.Default().
func WithLogger(l *slog.Logger) Option { return func(c *config) { c.logger = l } }

// WithProducerObserver has o told of every record that is produced, those of
// rounds that are aborted included. The context it sees is that of the record it
// comes from: a trace goes on through the pipeline. Several are told in the order
// given.
func WithProducerObserver(o avroproducer.Observer) Option {
	return func(c *config) { c.producer = append(c.producer, avroproducer.WithObserver(o)) }
}

// WithAbortTimeout sets how long it may take to abort a transaction after the
// context of Run has ended. The default is 10 seconds.
func WithAbortTimeout(d time.Duration) Option {
	return func(c *config) {
		c.once("WithAbortTimeout")
		c.abort = d
	}
}

// WithToEnd makes Run return nil once every assigned partition was read to the
// end that it had when it was assigned. See [avroconsumer.WithToEnd].
func WithToEnd() Option { return func(c *config) { c.toEnd = true } }

// OnAssigned has f called with partitions that the pipeline gets, before their
// first record; it may choose where to begin. Several are called in the order given;
// what a later one says about a partition wins. See [avroconsumer.OnAssigned].
func OnAssigned(f func(ctx context.Context, committed []kafka.Offset) (start []kafka.Offset, err error)) Option {
	return func(c *config) {
		if f != nil {
			c.onAssigned = append(c.onAssigned, f)
		}
	}
}

// WithOwnedClient makes [Pipeline.Close] close the session as well.
func WithOwnedClient() Option { return func(c *config) { c.ownsClient = true } }

// WithCloser makes [Pipeline.Close] call f last, once.
func WithCloser(f func(context.Context) error) Option {
	return func(c *config) { c.closers = append(c.closers, f) }
}

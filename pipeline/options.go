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
	observer   avroconsumer.Observer // observers combined
	logger     *slog.Logger          // for warnings; nil: slog.Default()
	producer   []avroproducer.Option
	toEnd      bool
	onAssigned []func(context.Context, []kafka.Offset) ([]kafka.Offset, error)
	ownsClient bool
	closers    []func(context.Context) error

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
	if c.workers > maxWorkers {
		c.refuse("WithConcurrency", "%d workers, want at most %d", c.workers, maxWorkers)
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

// WithBatch bounds a batch: up to n records, or those polled within interval after the first.
// The default is 1,000 records and 100 milliseconds.
func WithBatch(n int, interval time.Duration) Option {
	return func(c *config) {
		c.once("WithBatch")
		c.records, c.interval = n, interval
	}
}

// WithConcurrency transforms up to n partitions of a batch at the same time. The records of
// one partition stay in order. The default is 1, the greatest n a million.
func WithConcurrency(n int) Option {
	return func(c *config) {
		c.once("WithConcurrency")
		c.workers = n
	}
}

// WithPolicy sets what to do with records that fail with an error of this class. The default
// is [avroconsumer.Stop]. Dead letters of an [avroconsumer.DeadLetters] are produced within
// the transaction, so that each is seen exactly once (see [DeadLetter]). Delays between
// retries are part of the transaction: keep them well below transaction.timeout.ms.
func WithPolicy(class avroconsumer.Class, p avroconsumer.Policy) Option {
	return func(c *config) {
		if class >= avroconsumer.RegistryUnavailable && class <= avroconsumer.ReaderSchemaErrors {
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

// WithTombstones skips records whose value is null, or passes them to a function whose value
// type V1 cannot be null. Without it, tombstones are passed if V1 can be null, and otherwise
// end Run with avroconsumer.ErrTombstone: see [avroconsumer.WithTombstones]. A skipped
// tombstone produces nothing.
func WithTombstones(t avroconsumer.Tombstones) Option {
	return func(c *config) {
		c.once("WithTombstones")
		c.tombstones = t
	}
}

// DeadLetter is the policy that produces dead letters through the pipeline, within its
// transaction.
func DeadLetter(opts ...avroconsumer.DeadLetterOption) avroconsumer.Policy {
	return avroconsumer.DeadLetter(avroconsumer.NewDeadLetters(nil, opts...))
}

// WithObserver notifies o of records, failures and commits. Several observers are called in
// the order given: see [avroconsumer.Observers].
func WithObserver(o avroconsumer.Observer) Option {
	return func(c *config) { c.observers = append(c.observers, o) }
}

// WithLogger writes warnings to l: of an avroconsumer.StalledError, and of records that wait
// for a registry that does not answer, once a minute for each cause. The default is
// slog.Default().
func WithLogger(l *slog.Logger) Option {
	return func(c *config) {
		c.once("WithLogger")
		c.logger = l
	}
}

// WithProducerObserver notifies o of every produced record, including those of aborted
// batches. It gets the context of the consumed record, so that a trace continues through the
// pipeline. Several observers are called in the order given.
func WithProducerObserver(o avroproducer.Observer) Option {
	return func(c *config) { c.producer = append(c.producer, avroproducer.WithObserver(o)) }
}

// WithAbortTimeout bounds the time to abort a transaction after the context of Run has ended.
// The default is 10 seconds.
func WithAbortTimeout(d time.Duration) Option {
	return func(c *config) {
		c.once("WithAbortTimeout")
		c.abort = d
	}
}

// WithToEnd makes Run return nil when every assigned partition was read to the end that it had
// when it was assigned. The session needs enable.partition.eof=true: see
// [avroconsumer.WithToEnd].
func WithToEnd() Option { return func(c *config) { c.toEnd = true } }

// OnAssigned calls f with newly assigned partitions, before their first record; f may choose
// the start offsets. Several functions are called in the order given; the last one that
// returns a partition decides. See [avroconsumer.OnAssigned].
func OnAssigned(f func(ctx context.Context, committed []kafka.Offset) (start []kafka.Offset, err error)) Option {
	return func(c *config) {
		if f == nil {
			c.refuse("OnAssigned", "the function is nil")
			return
		}
		c.onAssigned = append(c.onAssigned, f)
	}
}

// WithOwnedClient makes [Pipeline.Close] close the session as well.
func WithOwnedClient() Option { return func(c *config) { c.ownsClient = true } }

// WithCloser makes [Pipeline.Close] call f, once, after everything else. Several functions are
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

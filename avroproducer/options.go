package avroproducer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kavro/kavro/internal/ending"
)

// Option changes how [New] makes a producer.
type Option func(*config)

type config struct {
	maxScratch   int
	maxFailures  int
	maxReports   int
	abortTimeout time.Duration
	observers    []Observer
	observer     Observer // observers combined; nil: none
	ownsClient   bool
	closers      []func(context.Context) error

	given map[string]bool // options that were given and must not be given again
	errs  []error         // errors of the options
}

// once records that an option was given. A second time is an error.
func (c *config) once(option string) {
	if c.given[option] {
		c.errs = append(c.errs, fmt.Errorf("avroproducer: %s: is given twice", option))
	}
	if c.given == nil {
		c.given = make(map[string]bool)
	}
	c.given[option] = true
}

func defaults() config {
	return config{
		maxScratch:   1 << 20,
		maxFailures:  100,
		maxReports:   100_000, // the size of librdkafka's queue
		abortTimeout: ending.Abort,
	}
}

func (c *config) check() error {
	errs := c.errs
	negative := func(option string, n int) {
		if n < 0 {
			errs = append(errs, fmt.Errorf("avroproducer: %s: %d is negative", option, n))
		}
	}
	negative("WithMaxScratch", c.maxScratch)
	negative("WithMaxFailures", c.maxFailures)
	if c.maxReports < 1 {
		errs = append(errs, fmt.Errorf("avroproducer: WithMaxReports: %d is less than 1", c.maxReports))
	}
	if c.abortTimeout <= 0 {
		errs = append(errs, fmt.Errorf("avroproducer: WithAbortTimeout: %v is not positive", c.abortTimeout))
	}
	if slices.Contains(c.observers, nil) {
		errs = append(errs, errors.New("avroproducer: WithObserver: the observer is nil"))
	}
	return errors.Join(errs...)
}

// CheckOptions returns the error of [New] for opts. A program that makes the client as well reports it
// together with what is wrong with the client.
func CheckOptions(opts ...Option) error {
	c := defaults()
	for _, o := range opts {
		o(&c)
	}
	return c.check()
}

// WithMaxScratch sets the largest buffer, in bytes, that is kept for reuse. A buffer holds
// one key and one value. The default is 1 MiB; 0 keeps none.
func WithMaxScratch(n int) Option {
	return func(c *config) {
		c.once("WithMaxScratch")
		c.maxScratch = n
	}
}

// WithMaxFailures sets how many errors are kept for Flush and Close, of records that failed
// without OnDelivery or ProduceSync. Further failures are counted only. The default is 100.
func WithMaxFailures(n int) Option {
	return func(c *config) {
		c.once("WithMaxFailures")
		c.maxFailures = n
	}
}

// WithMaxReports sets how many calls of OnDelivery may be queued. While there are that
// many, Produce of a record with OnDelivery waits within its context. The default is
// 100,000.
func WithMaxReports(n int) Option {
	return func(c *config) {
		c.once("WithMaxReports")
		c.maxReports = n
	}
}

// WithAbortTimeout bounds the time to abort a failed transaction, also after the caller's
// context has ended: until the abort, readers of committed records wait. The default is 10
// seconds.
func WithAbortTimeout(d time.Duration) Option {
	return func(c *config) {
		c.once("WithAbortTimeout")
		c.abortTimeout = d
	}
}

// WithObserver notifies o of every record. Several observers are called in the order given.
func WithObserver(o Observer) Option {
	return func(c *config) { c.observers = append(c.observers, o) }
}

// WithOwnedClient makes [Producer.Close] close the client as well.
func WithOwnedClient() Option { return func(c *config) { c.ownsClient = true } }

// WithCloser makes [Producer.Close] call f, once, after everything else. Several functions
// are called in the order given.
func WithCloser(f func(context.Context) error) Option {
	return func(c *config) {
		if f == nil {
			c.errs = append(c.errs, errors.New("avroproducer: WithCloser: the function is nil"))
			return
		}
		c.closers = append(c.closers, f)
	}
}

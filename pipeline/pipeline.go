package pipeline

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/internal/ending"
	"github.com/kavro/kavro/internal/regwait"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// ErrBusy is returned by Run and Subscribe while Run is running.
var ErrBusy = errors.New("pipeline: Run is already running")

// Pipeline consumes records with keys of type K1 and values of type V1, and
// produces records with keys of type K2 and values of type V2.
type Pipeline[K1, V1, K2, V2 any] struct {
	config
	session    kafka.Session
	decode     func(context.Context, *kafka.Record) (*avroconsumer.Message[K1, V1], error)
	null       avroconsumer.TombstoneRule
	producer   *avroproducer.Producer[K2, V2]
	assignment assignment

	mu      sync.Mutex
	stop    context.CancelCauseFunc // of the running Run; nil if there is none
	stopped chan struct{}           // closed when that Run has returned
	closing bool
	closed  bool // Close has closed, or is closing, what the pipeline owns
}

// New returns a pipeline on s that decodes with k1 and v1 and serializes with k2 and v2. The
// caller closes s, unless [WithOwnedClient] is given. New does not touch the network.
func New[K1, V1, K2, V2 any](s kafka.Session, k1 serde.Deserializer[K1], v1 serde.Deserializer[V1], k2 serde.Serializer[K2], v2 serde.Serializer[V2], opts ...Option) (*Pipeline[K1, V1, K2, V2], error) {
	c := defaults()
	for _, o := range opts {
		o(&c)
	}
	err := c.check()
	if s == nil || k1 == nil || v1 == nil || k2 == nil || v2 == nil {
		err = errors.Join(err, errors.New("pipeline: New needs a session, two deserializers and two serializers"))
	}
	if err != nil {
		return nil, err
	}
	c.observer = avroconsumer.Observers(c.observers...)
	// Without OnDelivery, Flush reports every failure: a record that was not delivered fails
	// its batch.
	producer, err := avroproducer.New(s.Producer(), k2, v2, c.producer...)
	if err != nil {
		return nil, err
	}
	p := &Pipeline[K1, V1, K2, V2]{
		config: c, session: s, producer: producer,
		decode: avroconsumer.NewDecoder(k1, v1).Decode, null: avroconsumer.TombstoneRuleFor[V1](c.tombstones),
	}
	p.assignment.config = &p.config
	p.assignment.session = s
	return p, nil
}

// Subscribe joins the group for these topics, and replaces those of an earlier call; a topic
// that begins with ^ is a regular expression. It must not be called while Run is running.
func (p *Pipeline[K1, V1, K2, V2]) Subscribe(topics ...string) error {
	p.mu.Lock()
	busy, closing := p.stop != nil, p.closing
	p.mu.Unlock()
	switch {
	case closing:
		return kafka.ErrClosed
	case busy:
		return ErrBusy
	}
	p.assignment.beginStallWatch()
	err := p.session.Subscribe(slices.Clone(topics), &p.assignment)
	if err != nil {
		p.assignment.stall.End()
	}
	return err
}

// Group returns the status of the membership. It does not touch the network.
func (p *Pipeline[K1, V1, K2, V2]) Group() avroconsumer.GroupStatus {
	since := p.assignment.stall.Since()
	return avroconsumer.GroupStatus{Rebalancing: !since.IsZero(), Since: since}
}

// Client returns the session that New was given.
func (p *Pipeline[K1, V1, K2, V2]) Client() kafka.Session { return p.session }

// Run calls f for each record and produces the records that f returns, in batches, until ctx
// ends or an error or an end stops it. f is called in order for the records of a partition. It
// returns the records to produce, which may be none, or an error. The policy for handler
// errors applies to that error, and to a result that cannot be serialized.
//
// Run returns ctx's error (with the last *registry.UnavailableError if batches wait for the
// registry), an [*avroconsumer.RecordError] under the policy Stop (all records before that one
// in its partition are committed), [kafka.ErrClosed], nil under [WithToEnd], or a
// *[kafka.Error]. After a Fatal one the session cannot be used again, for example because a
// newer one with the same transactional id has fenced it.
//
// While the registry does not answer, for a consumed or a produced record, batches are aborted
// and repeated until it does: nothing is skipped or reordered. For schemas that do not match,
// on either side, only the policy for [avroconsumer.SchemaMismatch] applies.
func (p *Pipeline[K1, V1, K2, V2]) Run(ctx context.Context, f func(context.Context, *avroconsumer.Message[K1, V1]) ([]avroproducer.Record[K2, V2], error)) error {
	if f == nil {
		return errors.New("pipeline: Run: the function is nil")
	}
	p.mu.Lock()
	switch {
	case p.closing:
		p.mu.Unlock()
		return kafka.ErrClosed
	case p.stop != nil:
		p.mu.Unlock()
		return ErrBusy
	}
	callerCtx := ctx
	ctx, stop := context.WithCancelCause(ctx)
	stopped := make(chan struct{})
	p.stop, p.stopped = stop, stopped
	p.mu.Unlock()
	defer func() {
		stop(nil)
		p.mu.Lock()
		p.stop = nil
		p.mu.Unlock()
		close(stopped)
	}()

	r := &run[K1, V1, K2, V2]{Pipeline: p, transform: f, attempts: map[position]*attempt{}, outages: map[outage]bool{}}
	err := r.loop(ctx)
	if callerCtx.Err() != nil && ended(err) {
		err = regwait.Explain(err, r.registryErr)
	}
	if err != nil && ctx.Err() != nil && callerCtx.Err() == nil {
		return kafka.ErrClosed // Close cancelled ctx
	}
	return err
}

// Close ends Run if it is running, leaves the group, and closes what the pipeline owns. It is
// idempotent. If ctx has ended, or ends soon, Run still gets the time of [WithAbortTimeout] to
// return, and leaving the group 5 seconds. If Run has not returned by then, the error is
// ctx's, and Close may be called again.
func (p *Pipeline[K1, V1, K2, V2]) Close(ctx context.Context) error {
	p.mu.Lock()
	p.closing = true
	stop, stopped := p.stop, p.stopped
	p.mu.Unlock()
	if stop != nil {
		stop(kafka.ErrClosed)
		extended, cancel := ending.Context(ctx, p.abort)
		defer cancel()
		select {
		case <-stopped:
		case <-extended.Done():
			return ctx.Err()
		}
	}
	p.mu.Lock()
	closed := p.closed
	p.closed = true
	p.mu.Unlock()
	p.assignment.stall.Close()
	if closed {
		return nil
	}
	errs := []error{p.producer.Close(ctx)}
	ctx, cancel := ending.Context(ctx, ending.Close)
	defer cancel()
	if p.ownsClient {
		errs = append(errs, p.session.Close(ctx))
	}
	for _, f := range p.closers {
		errs = append(errs, f(ctx))
	}
	return errors.Join(errs...)
}

package franz

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kavro/kavro/internal/clienterr"
	"github.com/kavro/kavro/kafka"
)

// NewConsumer makes a consumer. It connects with the first call of Subscribe, Assign or a
// method of [kafka.Offsets] or [kafka.Metadata]; Subscribe does not wait for the network. The
// result is also a [kafka.Assigner], [kafka.Offsets], [kafka.Metadata] and [kafka.Explainer].
// The error is a [*kafka.ConfigError].
func NewConsumer(conf kafka.Config, hooks kafka.Hooks) (kafka.Consumer, error) {
	s, err := parse(conf, consuming)
	if err != nil {
		return nil, err
	}
	c := newConsumer(s, hooks)
	return c, c.validate()
}

// consumer is a kafka.Consumer. It reads with a reader, and each Subscribe and Assign makes a
// new one.
type consumer struct {
	s     *settings
	hooks kafka.Hooks
	errs  *clienterr.Tracker

	mu       sync.Mutex
	reader   *reader
	requests *kgo.Client // for requests while there is no reader; made when needed
	stop     context.CancelFunc
	closing  bool
	closed   chan struct{} // closed when Close is done

	fatal atomic.Pointer[kafka.Error] // the error that has ended it

	session *session // nil for a plain consumer
}

func newConsumer(s *settings, hooks kafka.Hooks) *consumer {
	errs := clienterr.New(hooks)
	errs.ExpectAnswer(strings.Join(s.brokers, ","))
	return &consumer{s: s, hooks: hooks, errs: errs, closed: make(chan struct{})}
}

// validate reports options that kgo refuses, before there is a client.
func (c *consumer) validate() error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	opts, err := c.opts(ctx)
	if err != nil {
		return err
	}
	if c.s.group != "" {
		more, err := c.s.groupOpts()
		if err != nil {
			return err
		}
		opts = append(opts, more...)
	}
	if err := kgo.ValidateOpts(opts...); err != nil {
		return clientConfigError(err)
	}
	return nil
}

// opts are the options of every client that the consumer makes.
func (c *consumer) opts(ctx context.Context) ([]kgo.Opt, error) {
	opts, err := c.s.clientOpts(ctx, c.hooks, c.errs)
	if err != nil {
		return nil, err
	}
	return append(opts, c.s.consumerOpts()...), nil
}

// leaveTimeout bounds how long Subscribe, which has no context, waits for the end of an
// earlier subscription.
const leaveTimeout = 10 * time.Second

// Subscribe implements kafka.Consumer. When it returns the client exists and has begun to join
// the group; Poll waits for that.
func (c *consumer) Subscribe(topics []string, r kafka.Rebalance) error {
	switch {
	case c.s.group == "":
		return &kafka.ConfigError{Key: "group.id", Reason: "is required by Subscribe"}
	case len(topics) == 0 || slices.Contains(topics, ""):
		return local(codeInvalidArg, "Subscribe: no topics, or one without a name")
	}
	old, err := c.current()
	if err != nil {
		return err
	}
	if _, err := c.topicOpts(topics); err != nil {
		return err
	}
	if old != nil {
		if !old.group {
			return local(codeConflict, "Assign was called: it excludes Subscribe")
		}
		if err := c.mayReplace(); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(context.Background(), leaveTimeout)
		defer cancel()
		old.close(ctx)
	}
	next, err := c.join(slices.Clone(topics), r)
	if err != nil {
		return err
	}
	c.replace(next)
	return nil
}

// mayReplace refuses a new subscription while a transaction is open.
func (c *consumer) mayReplace() error {
	if c.session == nil {
		return nil
	}
	return c.session.requireNoTransaction()
}

// current returns the reader, nil before Subscribe and Assign, or ErrClosed.
func (c *consumer) current() (*reader, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.closed:
		return nil, kafka.ErrClosed
	default:
		return c.reader, nil
	}
}

func (c *consumer) replace(r *reader) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reader = r
	if c.session != nil {
		c.session.p.cl = r.cl // no transaction is open, so nothing is produced with the old client
	}
}

// Poll implements kafka.Consumer. A max below 1 is 1.
func (c *consumer) Poll(ctx context.Context, b *kafka.Batch, max int) error {
	clear(b.Records)
	clear(b.Errors)
	b.Records, b.Ends, b.Errors = b.Records[:0], b.Ends[:0], b.Errors[:0]
	for {
		r, err := c.current()
		switch {
		case err != nil:
			return err
		case r == nil:
			return local(codeState, "Poll before Subscribe or Assign")
		}
		if !r.watch.enter() {
			if err := c.rejoin(ctx, r); err != nil {
				return err
			}
			continue
		}
		defer r.watch.leave() // also if Rebalance panics
		return r.poll(ctx, b, max1(max))
	}
}

func max1(n int) int { return max(n, 1) }

// rejoin replaces a reader that has left its group because Poll was not called for
// max.poll.interval.ms. While a session's transaction is open it returns an error instead:
// the transaction must be aborted first.
func (c *consumer) rejoin(ctx context.Context, r *reader) error {
	r.markLost()
	if c.mayReplace() != nil {
		return abortable(r.pollIntervalError())
	}
	r.stop() // else requests in progress could keep Poll waiting
	r.startClosing()
	select {
	case <-r.done:
	case <-ctx.Done(): // the next call goes on
		return c.errs.ContextError(ctx)
	}
	next, joinErr := c.join(r.topics, r.rebalance)
	if joinErr != nil {
		return joinErr
	}
	c.replace(next)
	return nil
}

// Explain implements kafka.Explainer.
func (c *consumer) Explain(err error) error { return c.errs.Explain(err) }

// explain is Explain for the result of a request. It also records that a broker has answered,
// or that an error has ended the client.
func (c *consumer) explain(err error) error {
	if err == nil {
		c.errs.OK()
	} else if e, ok := errors.AsType[*kafka.Error](err); ok && e.Fatal {
		c.setFatal(e)
	}
	return c.errs.Explain(err)
}

func (c *consumer) setFatal(e *kafka.Error) {
	c.fatal.CompareAndSwap(nil, e)
	c.errs.SetFatal(e)
}

// Close implements kafka.Consumer. It returns the error that has ended the consumer,
// if one has.
func (c *consumer) Close(ctx context.Context) error {
	c.errs.Close()
	c.mu.Lock()
	if c.closing {
		c.mu.Unlock()
		select {
		case <-c.closed:
		case <-ctx.Done():
		}
		return nil
	}
	c.closing = true
	r, plain, stop := c.reader, c.requests, c.stop
	c.mu.Unlock()

	if r != nil {
		r.markLost() // does nothing unless it has left the group already
		r.close(ctx)
	}
	close(c.closed)
	if plain != nil {
		stop()
		released := make(chan struct{})
		go func() {
			defer close(released)
			plain.Close()
		}()
		awaitClosed(ctx, released)
	}
	if e := c.fatal.Load(); e != nil {
		return e
	}
	return nil
}

// requestClient returns a client for requests to brokers: the reader's, or one that is used for
// requests alone.
func (c *consumer) requestClient() (*kgo.Client, error) {
	r, err := c.current()
	if err != nil {
		return nil, err
	}
	if r != nil {
		return r.cl, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closing:
		return nil, kafka.ErrClosed
	case c.requests != nil:
		return c.requests, nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	opts, err := c.s.clientOpts(ctx, c.hooks, c.errs)
	if err != nil {
		cancel()
		return nil, err
	}
	cl, err := newClient(opts)
	if err != nil {
		cancel()
		return nil, err
	}
	c.requests, c.stop = cl, cancel
	return cl, nil
}

// client is the reader's, for Client.
func (c *consumer) client() *kgo.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reader == nil {
		return nil
	}
	return c.reader.cl
}

// Partitions implements kafka.Metadata.
func (c *consumer) Partitions(ctx context.Context, topic string) ([]int32, error) {
	cl, err := c.requestClient()
	if err != nil {
		return nil, err
	}
	parts, err := partitions(ctx, cl, topic)
	return parts, c.explain(err)
}

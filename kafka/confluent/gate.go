//go:build cgo

package confluent

import (
	"context"
	"sync"
	"time"

	"github.com/kavro/kavro/internal/clienterr"
	"github.com/kavro/kavro/kafka"
)

// A gate lets calls into librdkafka until it is shut, and knows when the last
// one has come out: a client must not be destroyed under a call.
type gate struct {
	mu     sync.Mutex
	inside int
	shut   bool
	empty  chan struct{} // made by close, closed when nobody is inside
}

// enter reports whether a call may go in. If so, leave must follow.
func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut {
		return false
	}
	g.inside++
	return true
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	if g.shut && g.inside == 0 {
		close(g.empty)
	}
}

// close refuses further calls and returns a channel that is closed when nobody
// is inside any more. It must be called once.
func (g *gate) close() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = true
	g.empty = make(chan struct{})
	if g.inside == 0 {
		close(g.empty)
	}
	return g.empty
}

// outcome is what a call returned.
type outcome[T any] struct {
	v   T
	err error
}

// await runs f, a call that librdkafka cannot interrupt, and waits for it as
// long as ctx lasts. If ctx ends first, f is left to finish, still inside g. t
// explains the error.
func await[T any](ctx context.Context, g *gate, t *clienterr.Tracker, f func() (T, error)) (T, error) {
	var none T
	if err := t.ContextError(ctx); err != nil {
		return none, err
	}
	if !g.enter() {
		return none, kafka.ErrClosed
	}
	done := make(chan outcome[T], 1)
	go func() {
		defer g.leave()
		v, err := f()
		done <- outcome[T]{v, err}
	}()
	select {
	case o := <-done:
		// A call that was given the context's own deadline may notice it first.
		if o.err != nil && ctx.Err() != nil {
			return none, t.ContextError(ctx)
		}
		return o.v, t.Explain(convert(o.err))
	case <-ctx.Done():
		return none, t.ContextError(ctx)
	}
}

// question is await for what a broker answers to a consumer.
func query[T any](ctx context.Context, c *consumer, f func() (T, error)) (T, error) {
	v, err := await(ctx, &c.gate, c.events.Tracker, f)
	if err == nil {
		c.events.OK()
		return v, nil
	}
	c.drainEvents()
	return v, c.events.Explain(err)
}

// patience bounds a request whose context has no deadline: librdkafka's own
// socket.timeout.ms.
const defaultTimeout = 60 * time.Second

// millis is how long ctx lasts, at least 1 ms, for calls that take milliseconds.
func millis(ctx context.Context) int {
	left := defaultTimeout
	if deadline, ok := ctx.Deadline(); ok {
		left = min(left, time.Until(deadline))
	}
	return int(max(left, time.Millisecond) / time.Millisecond)
}

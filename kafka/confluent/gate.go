//go:build cgo

package confluent

import (
	"context"
	"sync"
	"time"

	"github.com/kavro/kavro/internal/clienterr"
	"github.com/kavro/kavro/kafka"
)

// A gate counts the calls inside librdkafka and refuses new ones after close. A client must not be
// destroyed while a call is inside.
type gate struct {
	mu     sync.Mutex
	inside int
	shut   bool
	empty  chan struct{} // made by close; closed when no call is inside
}

// enter reports whether a call is allowed. If so, leave must follow.
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

// close refuses further calls and returns a channel that is closed when no call is inside any
// more. It must be called once.
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

// outcome is the result of a call.
type outcome[T any] struct {
	v   T
	err error
}

// await runs f, a call that librdkafka cannot interrupt, and waits for it within ctx. If ctx ends
// first, f goes on in the background, still inside g. t adds the cause to the error.
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
		// f may have the same deadline as ctx, and time out first.
		if o.err != nil && ctx.Err() != nil {
			return none, t.ContextError(ctx)
		}
		return o.v, t.Explain(convert(o.err))
	case <-ctx.Done():
		return none, t.ContextError(ctx)
	}
}

// query is await for a consumer's request to a broker.
func query[T any](ctx context.Context, c *consumer, f func() (T, error)) (T, error) {
	v, err := await(ctx, &c.gate, c.events.Tracker, f)
	if err == nil {
		c.events.OK()
		return v, nil
	}
	c.drainEvents()
	return v, c.events.Explain(err)
}

// defaultTimeout bounds a request whose context has no deadline: librdkafka's default of
// socket.timeout.ms.
const defaultTimeout = 60 * time.Second

// millis is the time until the deadline of ctx in milliseconds, from 1 to defaultTimeout.
func millis(ctx context.Context) int {
	left := defaultTimeout
	if deadline, ok := ctx.Deadline(); ok {
		left = min(left, time.Until(deadline))
	}
	return int(max(left, time.Millisecond) / time.Millisecond)
}

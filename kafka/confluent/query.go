//go:build cgo

package confluent

import (
	"context"
	"time"

	"github.com/kavro/kavro/kafka"
)

// A pendingQuery is a request to brokers whose response Poll needs before it can go on. It may
// take longer than one call of Poll: it goes on when Poll returns, and the next Poll waits for the
// same response.
type pendingQuery[T any] struct {
	answer  chan outcome[T] // nil: no request in progress
	retryAt time.Time       // the last request failed: the next one is not sent before
}

// queryRetry is the pause after a failed request.
const queryRetry = 100 * time.Millisecond

// queryTimeout bounds one request.
const queryTimeout = 10 * time.Second

// wait sends the request, unless one is in progress, and waits for the response within ctx. It
// reports retriable errors to Hooks.Error and sends the request again. After another error the
// next wait sends it again. A response is kept for further calls.
func (q *pendingQuery[T]) wait(ctx context.Context, c *consumer, ask func(ms int) (T, error)) (none T, err error) {
	for {
		if q.answer == nil {
			if err := sleepUntil(ctx, q.retryAt, c.closing); err != nil {
				return none, err
			}
			if !c.gate.enter() {
				return none, kafka.ErrClosed
			}
			answer := make(chan outcome[T], 1)
			go func() {
				defer c.gate.leave()
				v, err := ask(int(queryTimeout / time.Millisecond))
				answer <- outcome[T]{v, err}
			}()
			q.answer = answer
		}
		select {
		case got := <-q.answer:
			if got.err == nil {
				c.events.OK()
				q.answer <- got
				return got.v, nil
			}
			q.answer, q.retryAt = nil, time.Now().Add(queryRetry)
			if !isRetriable(got.err) {
				return none, got.err
			}
			c.events.Report(got.err)
		case <-c.closing:
			return none, kafka.ErrClosed
		case <-ctx.Done():
			return none, ctx.Err()
		}
	}
}

// sleepUntil waits until t. It returns an error if ctx ends or stop is closed before.
func sleepUntil(ctx context.Context, t time.Time, stop <-chan struct{}) error {
	pause := time.Until(t)
	if pause <= 0 {
		return nil
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-stop:
		return kafka.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

//go:build cgo

package confluent

import (
	"context"
	"time"

	"github.com/kavro/kavro/kafka"
)

// An inquiry is a question to the brokers that Poll needs answered before it
// can go on, and that may take longer than one Poll lasts: it goes on when Poll
// returns, and the next Poll waits for the same answer.
type pendingQuery[T any] struct {
	answer  chan outcome[T] // nil until asked
	retryAt time.Time       // the last one failed: not before
}

// inquiryRetry is the pause after an inquiry has failed.
const queryRetry = 100 * time.Millisecond

// inquiryLimit bounds one request of an inquiry.
const queryTimeout = 10 * time.Second

// wait asks, unless that was done, and waits for the answer within ctx. Errors
// that may pass are reported to the hook for errors, and it asks again; after
// any other the next wait does. An answer is kept for further waits.
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

// sleepUntil waits until t, ctx or stop.
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

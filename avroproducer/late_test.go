package avroproducer_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/kafka"
)

// lingering is a client that reports records only inside of Flush, and whose Produce waits.
type lingering struct {
	enter   chan struct{}
	mu      sync.Mutex
	reports []func()
}

func (l *lingering) Produce(_ context.Context, r *kafka.Record, done func(*kafka.Record, error)) error {
	<-l.enter
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reports = append(l.reports, func() { done(r, nil) })
	return nil
}

func (l *lingering) Flush(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, report := range l.reports {
		report()
	}
	l.reports = nil
	return nil
}

func (l *lingering) Close(context.Context) error { return nil }

// A record that is on its way into the client when Flush and Close begin does not linger there.
func TestFlushBesideProduce(t *testing.T) {
	type text = avroproducer.Producer[string, string]
	for name, end := range map[string]func(*text, context.Context) error{"Flush": (*text).Flush, "Close": (*text).Close} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &lingering{enter: make(chan struct{})}
				p := newText(t, l)
				ended := make(chan error, 1)
				go func() { ended <- p.Produce(t.Context(), "t", "", "v") }()
				synctest.Wait()
				flushed := make(chan error, 1)
				go func() { flushed <- end(p, t.Context()) }()
				synctest.Wait()
				require.Empty(t, flushed, "the client had nothing to send")
				close(l.enter)
				require.NoError(t, <-ended)
				require.NoError(t, <-flushed)
			})
		})
	}
}

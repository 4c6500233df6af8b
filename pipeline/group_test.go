package pipeline_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/internal/fakekafka"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/pipeline"
)

// stalls is an observer that collects the warnings of rebalances.
type stalls struct {
	avroconsumer.NopObserver
	mu   sync.Mutex
	seen []time.Duration
}

func (s *stalls) Error(err error) {
	var stalled *avroconsumer.StalledError
	if errors.As(err, &stalled) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.seen = append(s.seen, stalled.For)
	}
}

func (s *stalls) get() []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

// A pipeline that waits for another member of its group reports how long it has waited.
func TestStalledGroupNamesItself(t *testing.T) {
	both(t, func(t *testing.T, exactlyOnce bool) {
		p := newPlant(t, 2)
		idle := p.Consumer(fakekafka.ConsumerConfig{Group: "g", FromStart: true})
		require.NoError(t, idle.Subscribe([]string{"in"}, nil))
		first, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.Error(t, idle.Poll(first, &kafka.Batch{}, 1))

		s := &stalls{}
		begin := time.Now()
		l := p.line(p.session(exactlyOnce), pipeline.WithObserver(s), pipeline.WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil))))
		require.Equal(t, avroconsumer.GroupStatus{Rebalancing: true, Since: begin}, l.Group())
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- l.Run(ctx, echo) }()
		time.Sleep(90 * time.Second)
		require.Equal(t, []time.Duration{30 * time.Second, time.Minute}, s.get())

		require.NoError(t, idle.Close(t.Context()))
		synctest.Wait()
		require.Zero(t, l.Group())
		p.fill(0, "a")
		synctest.Wait()
		time.Sleep(time.Hour)
		require.Len(t, s.get(), 2)
		require.Equal(t, []string{"<a>"}, p.values("out"))
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
		p.close(l)
		require.Zero(t, l.Group())
	})
}

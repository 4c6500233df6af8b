package pipeline_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/fakekafka"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/pipeline"
)

// slowly is a session with a slow End, which ends with its context.
type slowly struct {
	kafka.Session
	takes  time.Duration
	ending func(commit bool)
}

func (s slowly) End(ctx context.Context, commit bool) (bool, error) {
	s.ending(commit)
	select {
	case <-time.After(s.takes):
		return s.Session.End(ctx, commit)
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// A transformed batch is committed although the context of Run ends meanwhile; Close with that
// context leaves the group.
func TestCloseWithAContextThatHasEnded(t *testing.T) {
	both(t, func(t *testing.T, exactlyOnce bool) {
		p := newPlant(t, 1)
		p.fillNumbers(0, 3)
		ctx, cancel := context.WithCancel(t.Context())
		s := p.session(exactlyOnce)
		l := p.line(slowly{s, 3 * time.Second, func(commit bool) {
			if commit {
				cancel()
			}
		}})
		require.ErrorIs(t, l.Run(ctx, echo), context.Canceled)
		require.Equal(t, []string{"<0>", "<1>", "<2>"}, p.values("out"))
		require.Equal(t, int64(3), p.committed(0))
		require.NoError(t, l.Close(ctx))
		require.ErrorIs(t, s.Poll(t.Context(), &kafka.Batch{}, 1), kafka.ErrClosed)

		p.fill(0, "3")
		next := p.line(p.session(exactlyOnce), pipeline.WithToEnd())
		require.NoError(t, next.Run(t.Context(), echo), "the partition is free")
		require.Equal(t, int64(4), p.committed(0))
		p.close(next)
	})
}

// Results of the function after Run's context has ended are unprocessed, and it is not called
// again.
func TestRunEndsInTheMiddleOfABatch(t *testing.T) {
	both(t, func(t *testing.T, exactlyOnce bool) {
		p := newPlant(t, 1)
		p.fillNumbers(0, 5)
		l := p.line(p.session(exactlyOnce), pipeline.WithBatch(5, time.Second))
		ctx, cancel := context.WithCancel(t.Context())
		calls := 0
		require.ErrorIs(t, l.Run(ctx, func(context.Context, *message) ([]record, error) {
			if calls++; calls == 2 {
				cancel()
			}
			return nil, nil
		}), context.Canceled)
		require.Equal(t, 2, calls)
		require.Equal(t, kafka.OffsetNone, p.committed(0))
		require.NoError(t, l.Close(ctx))
	})
}

// Close with a context that has ended ends Run, too, and closes the session.
func TestCloseEndsRunWithAContextThatHasEnded(t *testing.T) {
	both(t, func(t *testing.T, exactlyOnce bool) {
		p := newPlant(t, 1)
		p.fillNumbers(0, 1)
		s := p.session(exactlyOnce)
		l := p.line(slowly{s, 7 * time.Second, func(bool) {}})
		ended := make(chan error, 1)
		go func() {
			ended <- l.Run(t.Context(), func(ctx context.Context, _ *message) ([]record, error) {
				<-ctx.Done()
				return nil, nil
			})
		}()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.NoError(t, l.Close(ctx))
		require.ErrorIs(t, <-ended, kafka.ErrClosed)
		require.ErrorIs(t, s.Poll(t.Context(), &kafka.Batch{}, 1), kafka.ErrClosed)
	})
}

// The consumer and the producer of AtLeastOnce are both closed, however long one of them takes.
func TestCloseOfBothHalves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant(t, 1)
		producer := p.Producer(fakekafka.ProducerConfig{Delay: 4 * time.Second})
		s := pipeline.AtLeastOnce(p.Consumer(fakekafka.ConsumerConfig{Group: "g"}), producer)
		require.NoError(t, s.Subscribe([]string{"in"}, nil))
		require.NoError(t, producer.Produce(t.Context(), &kafka.Record{Topic: "out", Value: []byte("v")}, nil))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.NoError(t, s.Close(ctx))
		require.Equal(t, []string{"v"}, p.values("out"))
		require.ErrorIs(t, s.Poll(t.Context(), &kafka.Batch{}, 1), kafka.ErrClosed)
	})
}

package pipeline_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/fakekafka"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/pipeline"
)

// The last partition that is not at its end may be revoked while the member polls.
func TestEndByRevocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant(t, 2)
		p.fillNumbers(0, 3)
		p.Skip("in", 1, 3) // its end is never seen: there are no records, and enable.partition.eof is off
		conf := fakekafka.ConsumerConfig{Group: "g", FromStart: true, Cooperative: true}
		l := p.line(p.Session("line", conf, fakekafka.ProducerConfig{}), pipeline.WithToEnd())
		other := p.Consumer(conf)
		time.AfterFunc(10*time.Second, func() {
			p.Group("g").Assign(other, kafka.TopicPartition{Topic: "in", Partition: 1})
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.NoError(t, l.Run(ctx, echo))
		require.Equal(t, int64(3), p.committed(0))
		p.close(l)
	})
}

// During an eager rebalance no member has partitions, which is not the end for WithToEnd:
// together, the members read everything.
func TestToEndInARebalance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant(t, 2)
		p.fillNumbers(0, 5)
		p.fillNumbers(1, 5)
		run := func() error {
			l := p.line(p.session(false), pipeline.WithToEnd(), pipeline.WithBatch(1, time.Second))
			err := l.Run(t.Context(), func(ctx context.Context, m *message) ([]record, error) {
				time.Sleep(time.Second)
				return echo(ctx, m)
			})
			return errors.Join(err, l.Close(t.Context()))
		}
		first := make(chan error)
		go func() { first <- run() }()
		time.Sleep(1500 * time.Millisecond) // within the second record
		require.NoError(t, run())
		require.NoError(t, <-first)
		require.Equal(t, []int64{5, 5}, []int64{p.committed(0), p.committed(1)})
	})
}

// A Close that timed out while Run was running may be called again, and then closes.
func TestCloseAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant(t, 1)
		p.fillNumbers(0, 1)
		s := p.session(true)
		l := p.line(s, pipeline.WithBatch(1, 0))
		release := make(chan struct{})
		ended := make(chan error)
		go func() {
			ended <- l.Run(t.Context(), func(context.Context, *message) ([]record, error) {
				<-release
				return nil, nil
			})
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, l.Close(ctx), context.DeadlineExceeded)
		close(release)
		require.ErrorIs(t, <-ended, kafka.ErrClosed)
		p.close(l)
		require.ErrorIs(t, s.Poll(t.Context(), &kafka.Batch{}, 1), kafka.ErrClosed, "the session was closed")
	})
}

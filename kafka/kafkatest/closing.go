package kafkatest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
)

func closeCases() []testCase {
	return []testCase{
		{"Close/producer flushes", closeProducer},
		{"Close/producer reports what it could not send", closeProducerUnsent},
		{"Close/producer in use", closeProducerInUse},
		{"Close/consumer", closeConsumer},
		{"Close/consumer in a hurry", closeHurried},
		{"Close/consumer that never read", closeUnused},
	}
}

func closeProducer(e *env) {
	topic := e.topic(1)
	p, err := e.driver.NewProducer(e.conf(kafka.Config{"linger.ms": 60_000}), kafka.Hooks{})
	require.NoError(e, err)
	reports := 0
	for range 10 {
		require.NoError(e, p.Produce(e.ctx(), text(topic, 0, "v"), func(_ *kafka.Record, err error) {
			if err == nil {
				reports++
			}
		}))
	}
	require.NoError(e, p.Close(e.ctx()))
	require.Equal(e, 10, reports)

	require.NoError(e, p.Close(e.ctx()), "idempotent")
	require.ErrorIs(e, p.Produce(e.ctx(), text(topic, 0, "v"), nil), kafka.ErrClosed)
	require.ErrorIs(e, p.Flush(e.ctx()), kafka.ErrClosed)
	_, err = p.(kafka.Metadata).Partitions(e.ctx(), topic)
	require.ErrorIs(e, err, kafka.ErrClosed)
}

// closeProducerUnsent: what Close cannot send within its context is reported
// once, with ErrClosed, and Close returns the context's error.
func closeProducerUnsent(e *env) {
	p, err := e.driver.NewProducer(e.conf(kafka.Config{"bootstrap.servers": unreachable}), kafka.Hooks{})
	require.NoError(e, err)
	var reports []error
	for range 10 {
		require.NoError(e, p.Produce(e.ctx(), text("nowhere", -1, "v"), func(_ *kafka.Record, err error) {
			reports = append(reports, err)
		}))
	}
	ctx, cancel := context.WithTimeout(context.Background(), shortWait)
	defer cancel()
	require.ErrorIs(e, p.Close(ctx), context.DeadlineExceeded)
	require.Len(e, reports, 10)
	for _, err := range reports {
		require.ErrorIs(e, err, kafka.ErrClosed)
	}
	require.NoError(e, p.Close(e.ctx()))
}

// closeProducerInUse: each record that Produce has accepted is reported once, also with a
// concurrent Close, and calls that wait for space return.
func closeProducerInUse(e *env) {
	topic := e.topic(1)
	p, err := e.driver.NewProducer(e.conf(kafka.Config{"queue.buffering.max.messages": 5}), kafka.Hooks{})
	require.NoError(e, err)

	var taken, reported atomic.Int64
	var wg sync.WaitGroup
	running := make(chan struct{}, 4)
	for range cap(running) {
		wg.Go(func() {
			for first := true; ; first = false {
				err := p.Produce(context.Background(), text(topic, 0, "v"), func(_ *kafka.Record, err error) {
					reported.Add(1)
					if err != nil && !errors.Is(err, kafka.ErrClosed) {
						e.Errorf("reported as %v", err)
					}
				})
				if err != nil {
					if !errors.Is(err, kafka.ErrClosed) {
						e.Errorf("refused with %v", err)
					}
					return
				}
				taken.Add(1)
				if first {
					running <- struct{}{}
				}
			}
		})
	}
	for range cap(running) {
		<-running
	}
	require.NoError(e, p.Close(e.ctx()))
	wg.Wait()
	require.Equal(e, taken.Load(), reported.Load())
}

// closeConsumer: Close calls Revoked, inside of which Commit works. Other methods return ErrClosed
// afterwards.
func closeConsumer(e *env) {
	topic := e.topic(1)
	e.fill(e.producer(), topic, 0, 10)
	group := e.name("group")
	c, err := e.driver.NewConsumer(e.consumerConf(group), kafka.Hooks{})
	require.NoError(e, err)

	var commitErr error
	rebalances := &rebalanceLog{revoked: func(ctx context.Context, p []kafka.TopicPartition) {
		commitErr = c.Commit(ctx, []kafka.Offset{offset(topic, p[0].Partition, 7)})
	}}
	require.NoError(e, c.Subscribe([]string{topic}, rebalances))
	e.read(c, 10)
	require.NoError(e, c.Close(e.ctx()))
	require.NoError(e, commitErr)
	require.Equal(e, []string{"assigned [0]", "revoked [0]"}, rebalances.all())

	require.NoError(e, c.Close(e.ctx()), "idempotent")
	var b kafka.Batch
	require.ErrorIs(e, c.Poll(e.ctx(), &b, 1), kafka.ErrClosed)
	require.ErrorIs(e, c.Commit(e.ctx(), []kafka.Offset{offset(topic, 0, 1)}), kafka.ErrClosed)
	require.ErrorIs(e, c.Subscribe([]string{topic}, nil), kafka.ErrClosed)
	require.ErrorIs(e, c.Seek(e.ctx(), offset(topic, 0, 1)), kafka.ErrClosed)
	require.ErrorIs(e, c.Pause(part(topic, 0)), kafka.ErrClosed)
	require.ErrorIs(e, c.Resume(part(topic, 0)), kafka.ErrClosed)

	next := e.consumer(group)
	require.NoError(e, next.Subscribe([]string{topic}, nil))
	require.Equal(e, numbers(7, 10), values(e.read(next, 3)), "from where it was committed")
}

// closeHurried: with a context that has ended Close returns too, and all partitions are revoked or
// lost.
func closeHurried(e *env) {
	topic := e.topic(2)
	p := e.producer()
	e.fill(p, topic, 0, 5)
	e.fill(p, topic, 1, 5)
	c, err := e.driver.NewConsumer(e.consumerConf(e.name("group")), kafka.Hooks{})
	require.NoError(e, err)
	rebalances := &rebalanceLog{}
	require.NoError(e, c.Subscribe([]string{topic}, rebalances))
	e.read(c, 10)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = c.Close(ctx) // may say that it was in a hurry
	require.Zero(e, rebalances.owned(), "%v", rebalances.all())
	rebalances.check(e)
}

func closeUnused(e *env) {
	topic := e.topic(1)
	for _, subscribe := range []bool{false, true} {
		c, err := e.driver.NewConsumer(e.consumerConf(e.name("group")), kafka.Hooks{})
		require.NoError(e, err)
		rebalances := &rebalanceLog{}
		if subscribe {
			require.NoError(e, c.Subscribe([]string{topic}, rebalances))
		}
		require.NoError(e, c.Close(e.ctx()))
		rebalances.check(e)
	}
	c, err := e.driver.NewConsumer(e.consumerConf(e.name("group"), kafka.Config{"bootstrap.servers": unreachable}), kafka.Hooks{})
	require.NoError(e, err)
	require.NoError(e, c.Subscribe([]string{topic}, nil))
	ctx, cancel := context.WithTimeout(context.Background(), shortWait)
	defer cancel()
	_ = c.Close(ctx) // may say that the group could not be left, and must return
}

package chaostest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

type (
	producer = avroproducer.Producer[string, string]
	consumer = avroconsumer.Consumer[string, string]
)

func (r *rig) plainProducer(conf kafka.Config, opts ...avroproducer.Option) *producer {
	b, err := r.driver.NewProducer(r.conf(conf), kafka.Hooks{})
	require.NoError(r, err)
	p, err := avroproducer.New(b, serde.Serializer[string](serde.String), serde.Serializer[string](serde.String), append(opts, avroproducer.WithOwnedClient())...)
	require.NoError(r, err)
	return p
}

func (r *rig) plainConsumer(conf kafka.Config, opts ...avroconsumer.Option) *consumer {
	b, err := r.driver.NewConsumer(r.group(conf), kafka.Hooks{})
	require.NoError(r, err)
	c, err := avroconsumer.New(b, serde.Deserializer[string](serde.String), serde.Deserializer[string](serde.String), append(opts, avroconsumer.WithOwnedClient())...)
	require.NoError(r, err)
	return c
}

func (r *rig) within() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	r.Cleanup(cancel)
	return ctx
}

// Calls runs scenarios of the tests with fakekafka on a real protocol.
func Calls(t *testing.T, c Cluster, d kafka.Driver) {
	t.Run("produce", func(t *testing.T) { produces(newRig(t, c, d)) })
	t.Run("transactions", func(t *testing.T) { transactions(newRig(t, c, d)) })
	t.Run("consume", func(t *testing.T) { consumes(newRig(t, c, d)) })
	t.Run("rebalance", func(t *testing.T) { rebalances(newRig(t, c, d)) })
}

func produces(r *rig) {
	ctx := r.within()
	require.NoError(r, r.CreateTopic(ctx, r.name("produced"), 2))
	p := r.plainProducer(kafka.Config{"linger.ms": 1})
	const n = 1000
	delivered := 0
	for i := range n {
		require.NoError(r, p.Produce(ctx, r.name("produced"), "k", fmt.Sprint(i), avroproducer.WithPartition(1),
			avroproducer.WithHeaders(kafka.Header{Key: "n", Value: fmt.Append(nil, i)}),
			avroproducer.OnDelivery(func(d avroproducer.Delivery) {
				if d.Err == nil && d.Value == fmt.Sprint(d.Offset) && d.Partition == 1 && string(d.Headers[0].Value) == d.Value {
					delivered++
				}
			})))
	}
	require.NoError(r, p.Flush(ctx))
	require.Equal(r, n, delivered)
	flushes(ctx, r, p)

	nine := int32(9)
	err := p.ProduceSync(ctx,
		avroproducer.Record[string, string]{Topic: r.name("produced"), Value: "fine"},
		avroproducer.Record[string, string]{Topic: r.name("produced"), Value: "no such partition", Partition: &nine})
	var failed *avroproducer.ProduceError
	require.ErrorAs(r, err, &failed)
	require.Equal(r, []int{1}, failed.Failed)
	var kafkaErr *kafka.Error
	require.ErrorAs(r, err, &kafkaErr)
	require.NoError(r, p.Close(ctx))
	require.ErrorIs(r, p.Produce(ctx, r.name("produced"), "", ""), kafka.ErrClosed)
}

// flushes: Flush waits for the records before it, not for those of a goroutine that goes on.
func flushes(ctx context.Context, r *rig, p *producer) {
	produce := func(ctx context.Context, opts ...avroproducer.RecordOption) error {
		return p.Produce(ctx, r.name("produced"), "", "v", append(opts, avroproducer.WithPartition(0))...)
	}
	meanwhile, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		for meanwhile.Err() == nil && produce(meanwhile) == nil {
		}
	})
	for range 5 {
		delivered := errors.New("not reported")
		require.NoError(r, produce(ctx, avroproducer.OnDelivery(func(d avroproducer.Delivery) { delivered = d.Err })))
		require.NoError(r, p.Flush(ctx))
		require.NoError(r, delivered)
	}
	stop()
	wg.Wait()
}

func transactions(r *rig) {
	ctx := r.within()
	require.NoError(r, r.CreateTopic(ctx, r.name("accounts"), 1))
	p := r.plainProducer(kafka.Config{"transactional.id": r.name("bank")})
	mine := errors.New("mine")
	for i := range 5 {
		err := p.Transaction(ctx, func(ctx context.Context) error {
			require.NoError(r, p.Produce(ctx, r.name("accounts"), "", fmt.Sprint(i)))
			if i%2 == 1 {
				return mine
			}
			return nil
		})
		if i%2 == 1 {
			require.ErrorIs(r, err, mine)
		} else {
			require.NoError(r, err)
		}
	}
	newer := r.plainProducer(kafka.Config{"transactional.id": r.name("bank")})
	err := p.Transaction(ctx, func(ctx context.Context) error {
		require.NoError(r, p.Produce(ctx, r.name("accounts"), "", "zombie"))
		return newer.Transaction(ctx, func(ctx context.Context) error { return newer.Produce(ctx, r.name("accounts"), "", "newer") })
	})
	var txn *avroproducer.TransactionError
	require.ErrorAs(r, err, &txn)
	require.True(r, txn.Fatal, "%v", err)
	require.NoError(r, newer.Close(ctx))
	short, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_ = p.Close(short) // fenced: its error is of no interest

	var got []string
	for _, rec := range r.read(r.name("accounts"), 4) {
		got = append(got, string(rec.Value))
	}
	require.Equal(r, []string{"0", "2", "4", "newer"}, got)
}

func consumes(r *rig) {
	ctx := r.within()
	require.NoError(r, r.CreateTopic(ctx, r.name("consumed"), 2))
	p := r.plainProducer(nil)
	begin := time.Now().Add(-24 * time.Hour) // brokers refuse timestamps far in the future
	for i := range 20 {
		require.NoError(r, p.Produce(ctx, r.name("consumed"), "", fmt.Sprint(i), avroproducer.WithPartition(int32(i%2)), avroproducer.WithTimestamp(begin.Add(time.Duration(i)*time.Hour))))
	}
	require.NoError(r, p.Close(ctx))
	tp := func(p int32) kafka.TopicPartition {
		return kafka.TopicPartition{Topic: r.name("consumed"), Partition: p}
	}
	eof := kafka.Config{"enable.partition.eof": true, "group.id": r.name("consumers")}

	c := r.plainConsumer(eof, avroconsumer.WithToEnd())
	require.NoError(r, c.Subscribe(r.name("consumed")))
	var got []string
	for m, err := range c.Messages(ctx) {
		require.NoError(r, err)
		got = append(got, m.Value)
	}
	require.Len(r, got, 20)
	lag, err := c.Lag(ctx)
	require.NoError(r, err)
	require.Equal(r, []avroconsumer.Lag{{TopicPartition: tp(0), End: 10}, {TopicPartition: tp(1), End: 10}}, lag)
	require.NoError(r, c.Commit(ctx))
	committed, err := c.Committed(ctx)
	require.NoError(r, err)
	require.Equal(r, int64(10), committed[0].Offset)
	require.NoError(r, c.Close(ctx))

	c = r.plainConsumer(kafka.Config{"group.id": r.name("consumers")}, avroconsumer.WithStart(avroconsumer.FromTime(begin.Add(15*time.Hour)).Always()))
	require.NoError(r, c.Subscribe("^"+r.name("consumed")+"$"))
	read := func(n int) (out []string) {
		for len(out) < n {
			m, err := c.Poll(ctx)
			require.NoError(r, err)
			out = append(out, m.Value)
		}
		return out
	}
	quiet := func() {
		short, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
		defer cancel()
		m, err := c.Poll(short)
		require.ErrorIs(r, err, context.DeadlineExceeded, "%v", m)
	}
	require.ElementsMatch(r, []string{"15", "16", "17", "18", "19"}, read(5))
	require.NoError(r, c.Pause(tp(0)))
	require.NoError(r, c.Seek(ctx, kafka.Offset{TopicPartition: tp(0), Offset: kafka.OffsetStart, LeaderEpoch: -1}, kafka.Offset{TopicPartition: tp(1), Offset: 8, LeaderEpoch: -1}))
	require.Equal(r, []string{"17", "19"}, read(2))
	quiet()
	require.NoError(r, c.Resume(tp(0)))
	require.Equal(r, "0 2 4 6 8 10 12 14 16 18", strings.Join(read(10), " "))
	quiet() // acknowledges the last of them
	require.NoError(r, c.Unsubscribe())
	require.Empty(r, c.Assignment())
	quiet()
	require.NoError(r, c.Subscribe(r.name("consumed")))
	quiet() // everything was processed
	require.NoError(r, c.Close(ctx))

	c = r.plainConsumer(kafka.Config{"group.id": r.name("consumers")})
	require.NoError(r, c.Assign(ctx, kafka.Offset{TopicPartition: tp(1), Offset: 9, LeaderEpoch: -1}))
	require.Equal(r, []string{"19"}, read(1))
	require.NoError(r, c.Close(ctx))
}

// rebalances has two members share a topic; after the first has left, the second gets all of
// it.
func rebalances(r *rig) {
	ctx := r.within()
	require.NoError(r, r.CreateTopic(ctx, r.name("shared"), 4))
	p := r.plainProducer(nil)
	defer p.Close(ctx)
	for _, assignor := range []string{"range", "cooperative-sticky"} {
		conf := kafka.Config{"group.id": r.name("sharers-" + assignor), "partition.assignment.strategy": assignor}
		first, second := r.plainConsumer(conf), r.plainConsumer(conf)
		type result struct {
			who string
			m   *avroconsumer.Message[string, string]
		}
		seen := make(chan result, 10_000)
		ended := make(chan error, 2)
		run := func(ctx context.Context, who string, c *consumer) {
			require.NoError(r, c.Subscribe(r.name("shared")))
			go func() {
				ended <- c.Run(ctx, func(_ context.Context, m *avroconsumer.Message[string, string]) error {
					seen <- result{who, m}
					return nil
				})
			}()
		}
		alive, leave := context.WithCancel(ctx)
		run(alive, "first", first)
		run(ctx, "second", second)
		for len(first.Assignment()) != 2 || len(second.Assignment()) != 2 {
			time.Sleep(10 * time.Millisecond)
			require.NoError(r, ctx.Err())
		}
		leave()
		require.ErrorIs(r, <-ended, context.Canceled)
		require.NoError(r, first.Close(ctx))
		for len(second.Assignment()) != 4 {
			time.Sleep(10 * time.Millisecond)
			require.NoError(r, ctx.Err())
		}
		for i := range 100 {
			require.NoError(r, p.Produce(ctx, r.name("shared"), fmt.Sprint(i), assignor))
		}
		for n := 0; n < 100; {
			select {
			case got := <-seen:
				if got.m.Value == assignor {
					require.Equal(r, "second", got.who)
					n++
				}
			case <-ctx.Done():
				r.Fatal("records are missing")
			}
		}
		require.NoError(r, second.Close(ctx))
		require.ErrorIs(r, <-ended, kafka.ErrClosed)
	}
}

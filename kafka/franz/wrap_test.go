package franz_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kafka/franz"
)

func broker(t testing.TB, opts ...kfake.Opt) (*kfake.Cluster, string) {
	k, err := kfake.NewCluster(append(opts, kfake.NumBrokers(1), kfake.SeedTopics(2, "topic"))...)
	require.NoError(t, err)
	t.Cleanup(k.Close)
	return k, strings.Join(k.ListenAddrs(), ",")
}

func TestWrapProducer(t *testing.T) {
	_, addr := broker(t)
	wrap := func(opts ...kgo.Opt) (kafka.Producer, *kgo.Client) {
		cl, err := kgo.NewClient(append(opts, kgo.SeedBrokers(addr))...)
		require.NoError(t, err)
		t.Cleanup(cl.Close)
		p, err := franz.WrapProducer(cl)
		require.NoError(t, err)
		under, ok := franz.Client(p)
		require.True(t, ok)
		require.Same(t, cl, under)
		return p, cl
	}
	produce := func(p kafka.Producer, partition int32) error {
		reported := make(chan error, 1)
		r := &kafka.Record{Topic: "topic", Partition: partition, Key: []byte("k")}
		if err := p.Produce(t.Context(), r, func(_ *kafka.Record, err error) { reported <- err }); err != nil {
			return err
		}
		return <-reported
	}

	t.Run("with a partitioner of its own", func(t *testing.T) {
		p, cl := wrap()
		require.NoError(t, produce(p, -1))
		require.ErrorIs(t, produce(p, 1), kafka.ErrUnsupported)
		require.NoError(t, p.Close(t.Context()))
		require.ErrorIs(t, produce(p, -1), kafka.ErrClosed)
		require.NoError(t, cl.ProduceSync(t.Context(), &kgo.Record{Topic: "topic"}).FirstErr(), "the client goes on")
	})
	t.Run("with ours", func(t *testing.T) {
		p, _ := wrap(kgo.RecordPartitioner(franz.Partitioner("", 0)))
		require.NoError(t, produce(p, -1))
		require.NoError(t, produce(p, 1))
		require.NoError(t, p.Close(t.Context()))
	})
	t.Run("transactional", func(t *testing.T) {
		p, _ := wrap(kgo.TransactionalID("wrapped"))
		txn := p.(kafka.TxnProducer)
		require.NoError(t, txn.Begin(t.Context()))
		require.NoError(t, produce(p, -1))
		require.NoError(t, txn.End(t.Context(), true))
		require.NoError(t, p.Close(t.Context()))
	})
	t.Run("with little room", func(t *testing.T) {
		p, _ := wrap(kgo.MaxBufferedRecords(1), kgo.ProducerLinger(time.Minute))
		require.NoError(t, p.Produce(t.Context(), &kafka.Record{Topic: "topic", Partition: -1}, nil))
		short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, p.Produce(short, &kafka.Record{Topic: "topic", Partition: -1}, nil), context.DeadlineExceeded)
		require.NoError(t, p.Close(t.Context()))
	})
	t.Run("a record that is larger than all room", func(t *testing.T) {
		p, _ := wrap(kgo.MaxBufferedBytes(100))
		err := p.Produce(t.Context(), &kafka.Record{Topic: "topic", Partition: -1, Value: make([]byte, 101)}, nil)
		require.ErrorContains(t, err, "topic: MESSAGE_TOO_LARGE")
		require.NoError(t, p.Close(t.Context()))
	})
	t.Run("unsent records stay", func(t *testing.T) {
		p, cl := wrap(kgo.ProducerLinger(time.Minute))
		reported := make(chan error, 1)
		require.NoError(t, p.Produce(t.Context(), &kafka.Record{Topic: "topic", Partition: -1}, func(_ *kafka.Record, err error) { reported <- err }))
		over, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, p.Close(over), context.Canceled)
		require.NoError(t, cl.Flush(t.Context()))
		require.NoError(t, <-reported)
	})
}

func TestWrapProducerRefuses(t *testing.T) {
	for name, opts := range map[string][]kgo.Opt{
		"kgo.ManualFlushing":            {kgo.ManualFlushing()},
		"kgo.ManualPartitioner":         {kgo.RecordPartitioner(kgo.ManualPartitioner())},
		"kgo.DefaultProduceTopicAlways": {kgo.DefaultProduceTopic("x"), kgo.DefaultProduceTopicAlways()},
	} {
		t.Run(name, func(t *testing.T) {
			cl, err := kgo.NewClient(opts...)
			require.NoError(t, err)
			defer cl.Close()
			_, err = franz.WrapProducer(cl)
			var ce *kafka.ConfigError
			require.ErrorAs(t, err, &ce)
			require.Equal(t, name, ce.Key)
		})
	}
	cl, err := kgo.NewClient(kgo.RecordPartitioner(kgo.BasicConsistentPartitioner(func(string) func(*kgo.Record, int) int {
		return func(*kgo.Record, int) int { return 0 }
	})))
	require.NoError(t, err)
	defer cl.Close()
	_, err = franz.WrapProducer(cl)
	require.NoError(t, err, "a partitioner that decides by itself")
}

func TestClient(t *testing.T) {
	_, addr := broker(t)
	conf := kafka.Config{"bootstrap.servers": addr, "group.id": "g"}
	p, err := franz.NewProducer(conf, kafka.Hooks{})
	require.NoError(t, err)
	_, ok := franz.Client(p)
	require.True(t, ok)
	require.NoError(t, p.Close(t.Context()))

	c, err := franz.NewConsumer(conf, kafka.Hooks{})
	require.NoError(t, err)
	_, ok = franz.Client(c)
	require.False(t, ok, "before Subscribe")
	require.NoError(t, c.Subscribe([]string{"topic"}, nil))
	_, ok = franz.Client(c)
	require.True(t, ok)
	require.NoError(t, c.Close(t.Context()))

	conf["transactional.id"] = "t"
	s, err := franz.NewSession(conf, kafka.Hooks{})
	require.NoError(t, err)
	require.NoError(t, s.Subscribe([]string{"topic"}, nil))
	of, ok := franz.Client(s)
	require.True(t, ok)
	same, ok := franz.Client(s.Producer())
	require.True(t, ok)
	require.Same(t, of, same)
	require.NoError(t, s.Close(t.Context()))

	_, ok = franz.Client("something else")
	require.False(t, ok)
}

// A producer with librdkafka's keys, and what became of its record.
func ExampleNewProducer() {
	k := kfake.MustCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "orders"))
	defer k.Close()

	p, err := franz.NewProducer(kafka.Config{
		"bootstrap.servers": strings.Join(k.ListenAddrs(), ","),
		"compression.type":  "lz4",
		"linger.ms":         5,
	}, kafka.Hooks{})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	err = p.Produce(ctx, &kafka.Record{Topic: "orders", Partition: -1, Value: []byte("42")}, func(r *kafka.Record, err error) {
		fmt.Println(r.Topic, r.Partition, r.Offset, err)
	})
	if err != nil {
		panic(err)
	}
	if err := p.Close(ctx); err != nil { // flushes
		panic(err)
	}
	// Output: orders 0 0 <nil>
}

// A member of a group reads in batches, and commits what it has processed.
func ExampleNewConsumer() {
	k := kfake.MustCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "orders"))
	defer k.Close()
	ctx := context.Background()
	conf := kafka.Config{"bootstrap.servers": strings.Join(k.ListenAddrs(), ","), "group.id": "billing", "auto.offset.reset": "earliest"}
	p, err := franz.NewProducer(conf, kafka.Hooks{})
	if err != nil {
		panic(err)
	}
	for _, v := range []string{"one", "two"} {
		if err := p.Produce(ctx, &kafka.Record{Topic: "orders", Partition: 0, Value: []byte(v)}, nil); err != nil {
			panic(err)
		}
	}
	if err := p.Close(ctx); err != nil {
		panic(err)
	}

	c, err := franz.NewConsumer(conf, kafka.Hooks{})
	if err != nil {
		panic(err)
	}
	if err := c.Subscribe([]string{"orders"}, nil); err != nil {
		panic(err)
	}
	var b kafka.Batch
	for n := 0; n < 2; n += len(b.Records) {
		if err := c.Poll(ctx, &b, 100); err != nil {
			panic(err)
		}
		for _, r := range b.Records {
			fmt.Println(r.Offset, string(r.Value))
			next := kafka.Offset{TopicPartition: kafka.TopicPartition{Topic: r.Topic, Partition: r.Partition}, Offset: r.Offset + 1, LeaderEpoch: r.LeaderEpoch}
			if err := c.Commit(ctx, []kafka.Offset{next}); err != nil {
				panic(err)
			}
		}
	}
	if err := c.Close(ctx); err != nil {
		panic(err)
	}
	// Output:
	// 0 one
	// 1 two
}

// A kafka.Producer over a client that a program has already.
func ExampleWrapProducer() {
	k := kfake.MustCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, "orders"))
	defer k.Close()
	cl, err := kgo.NewClient(
		kgo.SeedBrokers(k.ListenAddrs()...),
		kgo.RecordPartitioner(franz.Partitioner("consistent_random", 10*time.Millisecond)),
	)
	if err != nil {
		panic(err)
	}
	defer cl.Close()

	p, err := franz.WrapProducer(cl)
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	err = p.Produce(ctx, &kafka.Record{Topic: "orders", Partition: 2, Value: []byte("42")}, func(r *kafka.Record, err error) {
		fmt.Println(r.Partition, r.Offset, err)
	})
	if err != nil {
		panic(err)
	}
	if err := p.Close(ctx); err != nil { // cl goes on
		panic(err)
	}
	// Output: 2 0 <nil>
}

// What a key does in this client.
func ExampleKeys() {
	for _, k := range franz.Keys() {
		switch k.Name {
		case "linger.ms", "queued.min.messages", "ssl.crl.location":
			fmt.Printf("%s (%s): %s\n", k.Name, k.Effect, k.Doc)
		}
	}
	// Output:
	// linger.ms (honoured): How long a record waits for others of its partition.
	// queued.min.messages (ignored): franz-go keeps one fetch per broker in advance.
	// ssl.crl.location (refused): crypto/tls does not read revocation lists
}

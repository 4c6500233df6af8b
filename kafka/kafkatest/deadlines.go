package kafkatest

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
)

// contextGrace is how long a call may go on after its context has ended: Close has a second, and
// the machine may be busy.
const contextGrace = 3 * time.Second

// requireInTime calls f with a context that ends soon, and with one that has ended.
func (e *env) requireInTime(call string, f func(ctx context.Context)) {
	e.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), shortWait)
	defer cancel()
	start := time.Now()
	f(ctx)
	require.Less(e, time.Since(start), shortWait+contextGrace, call)
	start = time.Now()
	f(ctx)
	require.Less(e, time.Since(start), contextGrace, "%s, with a context that has ended", call)
}

// requireCloseInTime closes c with a context that has ended.
func (e *env) requireCloseInTime(call string, c interface{ Close(context.Context) error }) {
	e.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	start := time.Now()
	_ = c.Close(ctx)
	require.Less(e, time.Since(start), contextGrace, call)
}

// causeDeadlines: a call ends with its context, whatever the connection does.
func causeDeadlines(e *env, conf kafka.Config, hooks kafka.Hooks) {
	conf["group.id"] = "g"
	// These bound what librdkafka does in the background.
	conf["session.timeout.ms"], conf["heartbeat.interval.ms"], conf["max.poll.interval.ms"] = 3000, 1000, 3000
	at := offset("nowhere", 0, 1)
	p, err := e.driver.NewProducer(conf, hooks)
	require.NoError(e, err)
	require.NoError(e, p.Produce(e.ctx(), text("nowhere", -1, "v"), nil))
	time.Sleep(2 * shortWait) // it checks the topic meanwhile, which once delayed Close
	e.requireInTime("Flush", func(ctx context.Context) { _ = p.Flush(ctx) })
	e.requireInTime("producer: Partitions", func(ctx context.Context) { _, _ = p.(kafka.Metadata).Partitions(ctx, "nowhere") })
	e.requireInTime("CheckTopic", func(ctx context.Context) { _ = p.(kafka.TopicChecker).CheckTopic(ctx, "nowhere") })
	e.requireCloseInTime("producer: Close", p)

	a, err := e.driver.NewAdmin(conf, hooks)
	require.NoError(e, err)
	e.requireInTime("Ping", func(ctx context.Context) { _ = a.Ping(ctx) })
	e.requireInTime("CreateTopics", func(ctx context.Context) { _ = a.CreateTopics(ctx, kafka.NewTopic{Name: "nowhere"}) })
	e.requireCloseInTime("admin: Close", a)

	consumer, err := e.driver.NewConsumer(conf, hooks)
	require.NoError(e, err)
	e.requireInTime("consumer: Partitions", func(ctx context.Context) { _, _ = consumer.(kafka.Metadata).Partitions(ctx, "nowhere") })
	e.requireInTime("Committed", func(ctx context.Context) { _, _ = e.offsets(consumer).Committed(ctx, at.TopicPartition) })
	e.requireInTime("Watermarks", func(ctx context.Context) { _, _, _ = e.offsets(consumer).Watermarks(ctx, at.TopicPartition) })
	e.requireInTime("OffsetsAt", func(ctx context.Context) { _, _ = e.offsets(consumer).OffsetsAt(ctx, time.Now(), at.TopicPartition) })
	e.requireInTime("Commit", func(ctx context.Context) { _ = consumer.Commit(ctx, []kafka.Offset{at}) })
	e.requireInTime("Assign", func(ctx context.Context) {
		_ = consumer.(kafka.Assigner).Assign(ctx, offset("nowhere", 0, kafka.OffsetNone))
	})
	e.requireCloseInTime("consumer: Close", consumer)

	var b kafka.Batch
	r, err := e.driver.NewConsumer(conf, hooks)
	require.NoError(e, err)
	require.NoError(e, r.Subscribe([]string{"nowhere"}, nil))
	e.requireInTime("Poll", func(ctx context.Context) { _ = r.Poll(ctx, &b, 1) })
	e.requireInTime("Commit of a member", func(ctx context.Context) { _ = r.Commit(ctx, []kafka.Offset{at}) })
	e.requireCloseInTime("consumer: Close", r)

	txnConf := kafka.Config{"transactional.id": "t", "transaction.timeout.ms": 1500}
	for k, v := range conf {
		txnConf[k] = v
	}
	s, err := e.driver.NewSession(txnConf, hooks)
	require.NoError(e, err)
	require.NoError(e, s.Subscribe([]string{"nowhere"}, nil))
	e.requireInTime("session: Begin", func(ctx context.Context) { _ = s.Begin(ctx) })
	e.requireInTime("session: Poll", func(ctx context.Context) { _ = s.Poll(ctx, &b, 1) })
	e.requireCloseInTime("session: Close", s)

	delete(txnConf, "group.id")
	txn, err := e.driver.NewProducer(txnConf, hooks)
	require.NoError(e, err)
	e.requireInTime("Begin", func(ctx context.Context) { _ = txn.(kafka.TxnProducer).Begin(ctx) })
	e.requireCloseInTime("transactional: Close", txn)

	// librdkafka may take so long in the background, and the suite checks for goroutines at its end.
	time.Sleep(5 * time.Second)
}

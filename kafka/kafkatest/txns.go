package kafkatest

import (
	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
)

func txnCases() []testCase {
	return []testCase{
		{"Txn/commit and abort", txnCommitAbort},
		{"Txn/out of order", txnOutOfOrder},
		{"Txn/fenced", txnFenced},
		{"Txn/a lost record refuses the commit", txnLostRecord},
		{"Txn/abort with queued records", txnAbortQueued},
		{"Txn/close", txnClose},
	}
}

// txnCommitAbort: of many transactions, also empty ones, exactly the committed
// are seen.
func txnCommitAbort(e *env) {
	topic := e.topic(2)
	t := e.txnProducer(e.name("txn"))
	var want []string
	for i, v := range numbers(0, 12) {
		require.NoError(e, t.Begin(e.ctx()))
		if i%4 != 3 {
			e.send(t, text(topic, 0, v), text(topic, 1, v))
			if i%2 == 0 {
				want = append(want, v, v)
			}
		}
		require.NoError(e, t.End(e.ctx(), i%2 == 0))
	}
	got := values(e.read(e.subscribed([]string{topic}), len(want)))
	require.ElementsMatch(e, want, got)
}

// txnOutOfOrder: what is not allowed is an error, and does no harm.
func txnOutOfOrder(e *env) {
	const state = int16(-172) // librdkafka's STATE
	topic := e.topic(1)
	t := e.txnProducer(e.name("txn"))
	require.Equal(e, state, e.code(t.Produce(e.ctx(), text(topic, 0, "outside"), nil)))
	require.Equal(e, state, e.code(t.End(e.ctx(), true)))
	require.NoError(e, t.Begin(e.ctx()))
	require.Equal(e, state, e.code(t.Begin(e.ctx())))
	e.send(t, text(topic, 0, "inside"))
	require.NoError(e, t.End(e.ctx(), true))
	require.Equal(e, state, e.code(t.End(e.ctx(), true)))
	require.Equal(e, state, e.code(t.Produce(e.ctx(), text(topic, 0, "outside"), nil)))
	require.Equal(e, []string{"inside"}, values(e.read(e.subscribed([]string{topic}), 1)))
}

// txnFenced: a newer producer of the same id ends the older one's transaction,
// and the older one for good.
func txnFenced(e *env) {
	topic, id := e.topic(1), e.name("txn")
	old := e.txnProducer(id)
	require.NoError(e, old.Begin(e.ctx()))
	e.send(old, text(topic, 0, "old"))

	next := e.txnProducer(id)
	require.NoError(e, next.Begin(e.ctx()))
	e.send(next, text(topic, 0, "new"))
	require.NoError(e, next.End(e.ctx(), true))

	err := old.End(e.ctx(), true)
	require.Equal(e, int16(-144), e.code(err), "librdkafka's FENCED: %v", err)
	var be *kafka.Error
	require.ErrorAs(e, err, &be)
	require.True(e, be.Fatal)
	require.Equal(e, []string{"new"}, values(e.read(e.subscribed([]string{topic}), 1)))
}

// txnLostRecord: a transaction of which a record was not delivered cannot be
// committed; aborted, the producer goes on.
func txnLostRecord(e *env) {
	topic := e.topic(1)
	t := e.txnProducer(e.name("txn"), kafka.Config{"topic.metadata.propagation.max.ms": 500, "allow.auto.create.topics": false})
	require.NoError(e, t.Begin(e.ctx()))
	e.send(t, text(topic, 0, "good"))
	require.Error(e, e.report(t, text(e.name("missing"), -1, "bad")))

	err := t.End(e.ctx(), true)
	var be *kafka.Error
	require.ErrorAs(e, err, &be)
	require.True(e, be.AbortTxn, "%v", err)
	require.False(e, be.Fatal)
	require.NoError(e, t.End(e.ctx(), false))

	require.NoError(e, t.Begin(e.ctx()))
	e.send(t, text(topic, 0, "again"))
	require.NoError(e, t.End(e.ctx(), true))
	require.Equal(e, []string{"again"}, values(e.read(e.subscribed([]string{topic}), 1)))
}

// txnAbortQueued: records that have not left are failed by an abort, with
// librdkafka's PURGE_QUEUE, or were sent and are aborted.
func txnAbortQueued(e *env) {
	topic := e.topic(1)
	t := e.txnProducer(e.name("txn"), kafka.Config{"linger.ms": 50_000})
	require.NoError(e, t.Begin(e.ctx()))
	var reports []error
	for range 10 {
		require.NoError(e, t.Produce(e.ctx(), text(topic, 0, "queued"), func(_ *kafka.Record, err error) { reports = append(reports, err) }))
	}
	require.NoError(e, t.End(e.ctx(), false))
	require.Len(e, reports, 10)
	for _, err := range reports {
		if err != nil {
			require.Equal(e, int16(-152), e.code(err))
		}
	}
	require.NoError(e, t.Begin(e.ctx()))
	e.send(t, text(topic, 0, "kept"))
	require.NoError(e, t.End(e.ctx(), true))
	require.Equal(e, []string{"kept"}, values(e.read(e.subscribed([]string{topic}), 1)))
}

// txnClose: an open transaction is not committed by Close, and nothing works
// afterwards.
func txnClose(e *env) {
	topic, id := e.topic(1), e.name("txn")
	p, err := e.driver.NewProducer(e.conf(kafka.Config{"transactional.id": id}), kafka.Hooks{})
	require.NoError(e, err)
	t := p.(kafka.TxnProducer)
	require.NoError(e, t.Begin(e.ctx()))
	e.send(t, text(topic, 0, "open"))
	require.NoError(e, t.Close(e.ctx()))
	require.NoError(e, t.Close(e.ctx()))
	require.ErrorIs(e, t.Begin(e.ctx()), kafka.ErrClosed)
	require.ErrorIs(e, t.End(e.ctx(), true), kafka.ErrClosed)
	require.ErrorIs(e, t.Produce(e.ctx(), text(topic, 0, "late"), nil), kafka.ErrClosed)

	next := e.txnProducer(id)
	require.NoError(e, next.Begin(e.ctx()))
	e.send(next, text(topic, 0, "next"))
	require.NoError(e, next.End(e.ctx(), true))
	require.Equal(e, []string{"next"}, values(e.read(e.subscribed([]string{topic}), 1)))
}

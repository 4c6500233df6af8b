//go:build cgo

package confluent_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kafka/confluent"
)

func TestTransactions(t *testing.T) {
	e := newEnv(t, 1, "t")
	p := e.txnProducer("id")
	c := e.consumer("g")
	require.NoError(t, c.Assign(e.ctx(), at("t", 0, 0)))

	require.NoError(t, p.Begin(e.ctx()))
	e.produce(p, "t", 0, "a", "b")
	e.quiet(c)
	require.NoError(t, p.End(e.ctx(), true))
	require.Equal(t, []string{"a", "b"}, e.poll(c, 2))

	require.NoError(t, p.Begin(e.ctx()))
	e.produce(p, "t", 0, "c")
	require.NoError(t, p.End(e.ctx(), false))

	require.NoError(t, p.Begin(e.ctx()))
	require.NoError(t, p.Produce(e.ctx(), &kafka.Record{Topic: "t", Value: []byte("d")}, nil))
	require.NoError(t, p.End(e.ctx(), true), "flushes first")
	require.Equal(t, []string{"d"}, e.poll(c, 1))
}

func TestTransactionState(t *testing.T) {
	e := newEnv(t, 1, "t")
	p := e.txnProducer("id")
	var be *kafka.Error
	require.ErrorAs(t, p.Produce(e.ctx(), &kafka.Record{Topic: "t"}, nil), &be, "not begun")
	require.EqualValues(t, -172, be.Code)
	require.NoError(t, p.Begin(e.ctx()))
	require.ErrorAs(t, p.Begin(e.ctx()), &be, "begun twice")
	require.EqualValues(t, -172, be.Code)
	require.NoError(t, p.End(e.ctx(), true), "empty")
	require.ErrorAs(t, p.End(e.ctx(), true), &be, "not begun")
	require.EqualValues(t, -172, be.Code)
}

func TestAbortFailsWhatIsQueued(t *testing.T) {
	e := newEnv(t, 1, "t")
	p := e.producer(kafka.Config{"transactional.id": "id", "linger.ms": 10_000}).(kafka.TxnProducer)
	require.NoError(t, p.Begin(e.ctx()))
	var got error
	require.NoError(t, p.Produce(e.ctx(), &kafka.Record{Topic: "t"}, func(_ *kafka.Record, err error) { got = err }))
	require.NoError(t, p.End(e.ctx(), false))
	require.NoError(t, p.Flush(e.ctx()))
	var be *kafka.Error
	require.ErrorAs(t, got, &be)
	require.EqualValues(t, -152, be.Code)
}

// A call whose context ends goes on, and the same call made again waits for it.
func TestTransactionResumes(t *testing.T) {
	for _, commit := range []bool{true, false} {
		t.Run(fmt.Sprint("commit ", commit), func(t *testing.T) {
			e := newEnv(t, 1, "t")
			p := e.txnProducer("id")
			require.NoError(t, p.Begin(e.ctx()))
			e.produce(p, "t", 0, "a")
			release := e.hold(kmsg.EndTxn)
			short, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
			err := p.End(short, commit)
			cancel()
			var be *kafka.Error
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorAs(t, err, &be)
			require.EqualValues(t, -185, be.Code)
			require.True(t, be.Retriable)
			require.False(t, be.AbortTxn)
			release()
			require.NoError(t, p.End(e.ctx(), commit))
			require.NoError(t, p.Begin(e.ctx()))
			require.NoError(t, p.End(e.ctx(), true))
		})
	}
}

// A committed transaction cannot be aborted, also if no call has waited for the commit.
func TestAbortAfterCommit(t *testing.T) {
	e := newEnv(t, 1, "t")
	p := e.txnProducer("id")
	require.NoError(t, p.Begin(e.ctx()))
	e.produce(p, "t", 0, "a")
	release := e.hold(kmsg.EndTxn)
	short, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, p.End(short, true), context.DeadlineExceeded)
	release()
	require.ErrorContains(t, p.End(e.ctx(), false), "committed already")
	require.NoError(t, p.Begin(e.ctx()))
	require.NoError(t, p.End(e.ctx(), false))
}

func TestBeginEndsWithItsContext(t *testing.T) {
	e := newEnv(t, 1, "t")
	release := e.hold(kmsg.InitProducerID)
	defer release()
	p := e.txnProducer("id")
	short, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, p.Begin(short), context.DeadlineExceeded)
	release()
	require.NoError(t, p.Begin(e.ctx()))
	require.NoError(t, p.End(e.ctx(), true))
}

func TestFencing(t *testing.T) {
	e := newEnv(t, 1, "t")
	zombie := e.txnProducer("id")
	require.NoError(t, zombie.Begin(e.ctx()))
	e.produce(zombie, "t", 0, "a")
	next := e.txnProducer("id")
	require.NoError(t, next.Begin(e.ctx()))
	var be *kafka.Error
	require.ErrorAs(t, zombie.End(e.ctx(), true), &be)
	require.True(t, be.Fatal)
	require.EqualValues(t, -144, be.Code)
	require.NoError(t, next.End(e.ctx(), true))
}

// A record that fails dooms its transaction; aborted, the next one works.
func TestFailedRecordDoomsItsTransaction(t *testing.T) {
	e := newEnv(t, 1, "t")
	p := e.producer(kafka.Config{"transactional.id": "id", "topic.metadata.propagation.max.ms": 100}).(kafka.TxnProducer)
	require.NoError(t, p.Begin(e.ctx()))
	var got error
	require.NoError(t, p.Produce(e.ctx(), &kafka.Record{Topic: "missing", Partition: -1}, func(_ *kafka.Record, err error) { got = err }))
	err := p.End(e.ctx(), true)
	var be *kafka.Error
	require.ErrorAs(t, err, &be)
	require.True(t, be.AbortTxn)
	require.False(t, be.Retriable)
	require.NoError(t, p.End(e.ctx(), false))
	require.ErrorAs(t, got, &be)
	require.NoError(t, p.Begin(e.ctx()))
	e.produce(p, "t", 0, "a")
	require.NoError(t, p.End(e.ctx(), true))
}

// Close aborts an open transaction, so that readers need not wait for its end.
func TestCloseAborts(t *testing.T) {
	e := newEnv(t, 1, "t")
	b, err := confluent.NewProducer(e.conf(kafka.Config{"transactional.id": "id"}), kafka.Hooks{})
	require.NoError(t, err)
	p := b.(kafka.TxnProducer)
	require.NoError(t, p.Begin(e.ctx()))
	e.produce(p, "t", 0, "a")
	require.NoError(t, p.Produce(e.ctx(), &kafka.Record{Topic: "t"}, nil))
	require.NoError(t, p.Close(e.ctx()))
	require.ErrorIs(t, p.Begin(e.ctx()), kafka.ErrClosed)
	require.ErrorIs(t, p.End(e.ctx(), true), kafka.ErrClosed)

	c := e.consumer("g")
	require.NoError(t, c.Assign(e.ctx(), at("t", 0, 0)))
	e.produce(e.producer(), "t", 0, "b")
	require.Equal(t, []string{"b"}, e.poll(c, 1))
}

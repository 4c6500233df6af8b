//go:build cgo

package confluent_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	ckafka "github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kafka/confluent"
)

func (e *env) kafkaProducer(more ckafka.ConfigMap) *ckafka.Producer {
	conf := ckafka.ConfigMap{"bootstrap.servers": e.brokers(), "log_level": 0}
	for k, v := range more {
		conf[k] = v
	}
	k, err := ckafka.NewProducer(&conf)
	require.NoError(e, err)
	return k
}

func TestWrapProducer(t *testing.T) {
	e := newEnv(t, 1, "t")
	k := e.kafkaProducer(nil)
	p := confluent.WrapProducer(k)
	under, ok := confluent.Client(p)
	require.True(t, ok)
	require.Same(t, k, under)

	// The owner's records and events are the owner's.
	topic := "t"
	require.NoError(t, k.Produce(&ckafka.Message{TopicPartition: ckafka.TopicPartition{Topic: &topic}, Value: []byte("owner's")}, nil))
	e.produce(p, "t", 0, "ours")
	require.Equal(t, "owner's", string((<-k.Events()).(*ckafka.Message).Value))
	require.Empty(t, k.Events())

	// Its unread events do not keep Flush from returning.
	require.NoError(t, k.Produce(&ckafka.Message{TopicPartition: ckafka.TopicPartition{Topic: &topic}}, nil))
	e.produce(p, "t", 0, "ours")

	require.NoError(t, p.Close(e.ctx()))
	require.ErrorIs(t, p.Produce(e.ctx(), &kafka.Record{Topic: "t"}, nil), kafka.ErrClosed)
	require.False(t, k.IsClosed())
	require.NoError(t, k.Produce(&ckafka.Message{TopicPartition: ckafka.TopicPartition{Topic: &topic}}, nil))
	for k.Flush(100) > len(k.Events()) {
	}
	for len(k.Events()) > 0 {
		<-k.Events()
	}
	k.Close()
}

// What a wrapped client does not send in time is given up without it, once,
// whether it sends it later or never.
func TestWrapProducerGivesUp(t *testing.T) {
	for _, late := range []bool{true, false} {
		t.Run(fmt.Sprint("sent later ", late), func(t *testing.T) {
			e := newEnv(t, 1, "t")
			release := e.stall()
			k := e.kafkaProducer(nil)
			p := confluent.WrapProducer(k)
			var closed, other atomic.Int32
			for range 100 {
				require.NoError(t, p.Produce(e.ctx(), &kafka.Record{Topic: "t"}, func(_ *kafka.Record, err error) {
					if errors.Is(err, kafka.ErrClosed) {
						closed.Add(1)
					} else {
						other.Add(1)
					}
				}))
			}
			short, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
			require.ErrorIs(t, p.Close(short), context.DeadlineExceeded)
			cancel()
			require.EqualValues(t, 100, closed.Load())
			if late {
				release()
				require.Eventually(t, func() bool { return k.Flush(100) == 0 }, time.Minute, time.Millisecond)
			}
			k.Close()
			release()
			require.EqualValues(t, 100, closed.Load())
			require.Zero(t, other.Load())
		})
	}
}

func TestWrapTransactionalProducer(t *testing.T) {
	e := newEnv(t, 1, "t")
	k := e.kafkaProducer(ckafka.ConfigMap{"transactional.id": "id"})
	defer k.Close()
	require.NoError(t, k.InitTransactions(e.ctx()), "by its owner")
	p := confluent.WrapProducer(k)
	require.NoError(t, p.Begin(e.ctx()))
	e.produce(p, "t", 0, "a")
	require.NoError(t, p.End(e.ctx(), true))
	require.NoError(t, p.Close(e.ctx()))

	plain := e.kafkaProducer(nil)
	defer plain.Close()
	p = confluent.WrapProducer(plain)
	defer p.Close(e.ctx())
	var be *kafka.Error
	require.ErrorAs(t, p.Begin(e.ctx()), &be)
	require.EqualValues(t, -145, be.Code)
}

func TestWrapConsumer(t *testing.T) {
	e := newEnv(t, 1, "t")
	e.produce(e.producer(), "t", 0, "a", "b")
	k, err := ckafka.NewConsumer(&ckafka.ConfigMap{
		"bootstrap.servers": e.brokers(), "group.id": "g", "auto.offset.reset": "earliest", "enable.auto.commit": false, "log_level": 0,
	})
	require.NoError(t, err)
	c, err := confluent.WrapConsumer(k, kafka.Hooks{})
	require.NoError(t, err)
	under, ok := confluent.ConsumerClient(c)
	require.True(t, ok)
	require.Same(t, k, under)

	o := new(observer)
	require.NoError(t, c.Subscribe([]string{"t"}, o))
	require.Equal(t, []string{"a"}, e.poll(c, 1))
	require.NoError(t, c.Commit(e.ctx(), []kafka.Offset{at("t", 0, 1)}))
	require.NoError(t, c.Close(e.ctx()))
	require.Equal(t, []string{"assigned t/0", "revoked t/0"}, o.events())

	// The client is its owner's again.
	require.NoError(t, k.Subscribe("t", nil))
	m, err := k.ReadMessage(time.Minute)
	require.NoError(t, err)
	require.Equal(t, "b", string(m.Value))
	require.NoError(t, k.Close())
	require.Len(t, o.events(), 2)

	k, err = ckafka.NewConsumer(&ckafka.ConfigMap{"bootstrap.servers": e.brokers(), "group.id": "g", "go.events.channel.enable": true, "log_level": 0})
	require.NoError(t, err)
	_, err = confluent.WrapConsumer(k, kafka.Hooks{})
	var ce *kafka.ConfigError
	require.ErrorAs(t, err, &ce)
	require.Equal(t, "go.events.channel.enable", ce.Key)
	require.NoError(t, k.Close())
}

func TestClients(t *testing.T) {
	e := newEnv(t, 1, "t")
	for _, b := range []any{e.producer(), e.txnProducer("id"), e.session("id2", "g"), e.session("id3", "g").Producer()} {
		_, ok := confluent.Client(b)
		require.True(t, ok, "%T", b)
	}
	for _, b := range []any{e.consumer("g"), e.session("id4", "g")} {
		_, ok := confluent.ConsumerClient(b)
		require.True(t, ok, "%T", b)
	}
	for _, b := range []any{nil, "something else"} {
		_, ok := confluent.Client(b)
		require.False(t, ok)
		_, ok = confluent.ConsumerClient(b)
		require.False(t, ok)
	}
}

//go:build cgo

package confluent

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	ckafka "github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/clienterr"
	"github.com/kavro/kavro/kafka"
)

func TestGate(t *testing.T) {
	var g gate
	require.True(t, g.enter())
	require.True(t, g.enter())
	g.leave()
	empty := g.close()
	require.False(t, g.enter())
	select {
	case <-empty:
		t.Fatal("somebody is inside")
	default:
	}
	g.leave()
	<-empty

	var unused gate
	<-unused.close()
}

func TestAwait(t *testing.T) {
	var g gate
	boom := errors.New("boom")
	v, err := await(context.Background(), &g, clienterr.New(kafka.Hooks{}), func() (int, error) { return 1, nil })
	require.NoError(t, err)
	require.Equal(t, 1, v)
	_, err = await(context.Background(), &g, clienterr.New(kafka.Hooks{}), func() (int, error) { return 1, boom })
	require.ErrorIs(t, err, boom)

	ctx, cancel := context.WithCancel(context.Background())
	release := make(chan struct{})
	_, err = await(ctx, &g, clienterr.New(kafka.Hooks{}), func() (int, error) {
		cancel()
		<-release
		return 1, nil
	})
	require.ErrorIs(t, err, context.Canceled)
	_, err = await(ctx, &g, clienterr.New(kafka.Hooks{}), func() (int, error) { panic("not to be run") })
	require.ErrorIs(t, err, context.Canceled)
	empty := g.close() // what was left running is still inside
	close(release)
	<-empty
	_, err = await(context.Background(), &g, clienterr.New(kafka.Hooks{}), func() (int, error) { panic("not to be run") })
	require.ErrorIs(t, err, kafka.ErrClosed)
}

func TestConvert(t *testing.T) {
	plain := errors.New("plain")
	tests := []struct {
		name string
		err  error
		want *kafka.Error // nil: as it is
	}{
		{name: "nil"},
		{name: "not Kafka's", err: plain},
		{name: "closed", err: kafka.ErrClosed},
		{name: "of a broker", err: ckafka.NewError(ckafka.ErrTopicAuthorizationFailed, "", false), want: &kafka.Error{Code: 29}},
		{name: "retriable", err: ckafka.NewError(ckafka.ErrNotLeaderForPartition, "", false), want: &kafka.Error{Code: 6, Retriable: true}},
		{name: "librdkafka's own", err: ckafka.NewError(ckafka.ErrAllBrokersDown, "", false), want: &kafka.Error{Code: -187, Retriable: true}},
		{name: "fatal", err: ckafka.NewError(ckafka.ErrNotLeaderForPartition, "", true), want: &kafka.Error{Code: 6, Fatal: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := convertAt(tt.err, "t", 3)
			if tt.want == nil {
				require.Equal(t, tt.err, got)
				return
			}
			tt.want.Topic, tt.want.Partition, tt.want.Err = "t", 3, tt.err
			require.Equal(t, tt.want, got)
			require.ErrorIs(t, got, tt.err)
		})
	}
}

func TestFindTopic(t *testing.T) {
	tests := []struct {
		text, topic string
		partition   int32
		ok          bool
	}{
		{text: "Subscribed topic not available: orders: Broker: Unknown topic or partition", topic: "orders", partition: -1, ok: true},
		{text: `Failed to fetch committed offset for group "g" topic orders [12]: Broker: x`, topic: "orders", partition: 12, ok: true},
		{text: "orders", topic: "orders", partition: -1, ok: true},
		{text: "orders.dead [1]: x", topic: "orders", partition: -1},
		{text: "pre-orders", topic: "orders", partition: -1},
		{text: "orders [x]", topic: "orders", partition: -1, ok: true},
		{text: "", topic: "orders", partition: -1},
		{text: ": :", topic: "orders", partition: -1},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			partition, ok := findTopic(tt.text, tt.topic)
			require.Equal(t, tt.ok, ok)
			require.Equal(t, tt.partition, partition)
		})
	}
}

// A topic that is a word of its own is found, with its partition, whatever
// stands before it.
func FuzzFindTopic(f *testing.F) {
	f.Add("Fetch from broker 1 failed", "orders", int32(3))
	f.Add("", "a.b-c_d", int32(0))
	f.Add("orders.dead [1]", "orders", int32(7))
	f.Fuzz(func(t *testing.T, before, topic string, partition int32) {
		if topic == "" || strings.TrimLeft(topic, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != "" {
			return // not a topic's name
		}
		if _, ok := findTopic(before, topic); ok {
			return // it is there already
		}
		got, ok := findTopic(fmt.Sprintf("%s: %s [%d]: no", before, topic, partition), topic)
		require.True(t, ok)
		require.Equal(t, partition, got)
	})
}

// Package security shows SASL/PLAIN and ACLs on Apache Kafka: what a user may do
// works, and what he may not is a clear error soon, not a wait without end.
package security

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/integration/internal/apache"
	"github.com/kavro/kavro/integration/internal/events"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/registry/memory"
)

var broker *apache.Broker

func TestMain(m *testing.M) { os.Exit(apache.Main(m, &broker)) }

// Codes of Kafka's protocol, and librdkafka's for a password that is refused.
const (
	topicAuthorizationFailed = 29
	groupAuthorizationFailed = 30
	txnIDAuthorizationFailed = 53
	authenticationFailed     = -169
)

func eachDriver(t *testing.T, test func(t *testing.T, client string)) {
	for _, b := range []string{"confluent", "franz"} {
		t.Run(b, func(t *testing.T) {
			t.Parallel()
			test(t, b)
		})
	}
}

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), events.Patience)
	t.Cleanup(cancel)
	return ctx
}

// as is the configuration of a client with a user's name and password. Times are
// long: what comes sooner is an answer, not a time-out.
func as(user, password string, more ...kavro.Config) kavro.Config {
	timeout := int((events.Patience + time.Minute).Milliseconds())
	return events.Conf(append([]kavro.Config{{
		"bootstrap.servers": broker.SASL, "security.protocol": "sasl_plaintext",
		"sasl.mechanisms": "PLAIN", "sasl.username": user, "sasl.password": password,
		"message.timeout.ms": timeout, "transaction.timeout.ms": timeout, "auto.offset.reset": "earliest",
	}}, more...)...)
}

func code(t *testing.T, err error) int16 {
	t.Helper()
	var e *kafka.Error
	require.True(t, errors.As(err, &e), "%v", err)
	return e.Code
}

func TestAllowed(t *testing.T) {
	eachDriver(t, func(t *testing.T, b string) {
		ctx, reg, topic, group := testContext(t), memory.New(), "allowed-"+b, "allowed-"+b
		broker.CreateTopic(t, topic, 1)
		broker.Allow(t, apache.Alice, apache.Topic, topic)
		broker.Allow(t, apache.Alice, apache.Group, group)
		p, err := events.NewProducer(b, reg, as(apache.Alice, apache.AlicePassword))
		require.NoError(t, err)
		require.NoError(t, p.ProduceSync(ctx, events.Record{Topic: topic, Value: events.Event{N: 7}}))
		require.NoError(t, p.Close(ctx))
		c, err := events.NewConsumer(b, reg, as(apache.Alice, apache.AlicePassword, kavro.Config{"group.id": group}), []string{topic})
		require.NoError(t, err)
		m, err := c.Poll(ctx)
		require.NoError(t, err)
		require.Equal(t, int64(7), m.Value.N)
		require.NoError(t, c.Commit(ctx, m))
		require.NoError(t, c.Close(ctx))
	})
}

func TestTopicNotAllowed(t *testing.T) {
	eachDriver(t, func(t *testing.T, b string) {
		ctx, reg, topic, group := testContext(t), memory.New(), "secret-"+b, "curious-"+b
		broker.CreateTopic(t, topic, 1)
		broker.Allow(t, apache.Bob, apache.Group, group)
		p, err := events.NewProducer(b, reg, as(apache.Bob, apache.BobPassword))
		require.NoError(t, err)
		err = p.ProduceSync(ctx, events.Record{Topic: topic})
		require.EqualValues(t, topicAuthorizationFailed, code(t, err))
		require.ErrorContains(t, err, topic)
		require.NoError(t, p.Close(ctx))

		c, err := events.NewConsumer(b, reg, as(apache.Bob, apache.BobPassword, kavro.Config{"group.id": group}), []string{topic})
		require.NoError(t, err)
		_, err = c.Poll(ctx)
		require.EqualValues(t, topicAuthorizationFailed, code(t, err))
		require.ErrorContains(t, err, topic)
		require.NoError(t, c.Close(ctx))
	})
}

func TestGroupNotAllowed(t *testing.T) {
	eachDriver(t, func(t *testing.T, b string) {
		ctx, reg, topic := testContext(t), memory.New(), "shared-"+b
		broker.CreateTopic(t, topic, 1)
		broker.Allow(t, apache.Bob, apache.Topic, topic)
		for name, protocol := range map[string]kavro.Config{"classic": {}, "consumer": {"group.protocol": "consumer"}} {
			c, err := events.NewConsumer(b, reg, as(apache.Bob, apache.BobPassword, kavro.Config{"group.id": "closed-" + b}, protocol), []string{topic})
			require.NoError(t, err)
			_, err = c.Poll(ctx)
			require.EqualValues(t, groupAuthorizationFailed, code(t, err), name)
			require.NoError(t, c.Close(ctx), name)
		}
	})
}

func TestTransactionalIDNotAllowed(t *testing.T) {
	eachDriver(t, func(t *testing.T, b string) {
		ctx, reg, topic := testContext(t), memory.New(), "ledger-"+b
		broker.CreateTopic(t, topic, 1)
		broker.Allow(t, apache.Bob, apache.Topic, topic)
		p, err := events.NewProducer(b, reg, as(apache.Bob, apache.BobPassword, kavro.Config{"transactional.id": "bank-" + b}))
		require.NoError(t, err)
		err = p.Transaction(ctx, func(ctx context.Context) error { return p.Produce(ctx, topic, "", events.Event{}) })
		require.EqualValues(t, txnIDAuthorizationFailed, code(t, err))
		require.NoError(t, p.Close(ctx))
	})
}

// A wrong password is told to Hooks.Error at once. The clients go on trying, since
// a password may be put right at the broker; a record fails at message.timeout.ms.
func TestWrongPassword(t *testing.T) {
	eachDriver(t, func(t *testing.T, b string) {
		ctx, reg := testContext(t), memory.New()
		told := make(chan error, 1000)
		hooks := kavro.WithHooks(kafka.Hooks{Error: func(err error) {
			select {
			case told <- err:
			default:
			}
		}})
		hears := func() {
			for {
				select {
				case err := <-told:
					if code(t, err) == authenticationFailed {
						return
					}
				case <-ctx.Done():
					t.Fatal("nobody said that the password is wrong")
				}
			}
		}
		p, err := events.NewProducer(b, reg, as(apache.Alice, "wrong", kavro.Config{"message.timeout.ms": 3000}), hooks)
		require.NoError(t, err)
		require.Error(t, p.ProduceSync(ctx, events.Record{Topic: "any"}))
		hears()
		require.NoError(t, p.Close(ctx))

		c, err := events.NewConsumer(b, reg, as(apache.Alice, "wrong", kavro.Config{"group.id": "any"}), []string{"any"}, hooks)
		require.NoError(t, err)
		polling, stop := context.WithCancel(ctx)
		polled := make(chan error, 1)
		go func() {
			_, err := c.Poll(polling)
			polled <- err
		}()
		for len(told) > 0 {
			<-told // the producer's
		}
		hears()
		stop()
		require.ErrorIs(t, <-polled, context.Canceled)
		require.NoError(t, c.Close(ctx))
	})
}

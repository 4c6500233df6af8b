package kavro_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/kavrotest"
	"github.com/kavro/kavro/schemas"
)

// letter is a dead letter as a reader sees it.
type letter struct{ key, value, stage, count string }

// readDeadLetters returns the dead letters of a topic, which must have as many.
func readDeadLetters(t *testing.T, client *kavro.Client, topic string, n int) (all []letter) {
	c, err := kavro.NewConsumer[string, []byte](client, "operators", []string{topic})
	require.NoError(t, err)
	for range n {
		msg, err := c.Poll(deadline(t))
		require.NoError(t, err)
		info, own, err := avroconsumer.ParseDeadLetter(msg.Headers)
		require.NoError(t, err)
		require.Equal(t, "orders", info.Topic)
		require.Equal(t, "billing", info.Group)
		require.Equal(t, []kavro.Header{{Key: "trace", Value: []byte("7")}}, own, "the record's own are in front")
		all = append(all, letter{msg.Key, string(msg.Value), info.Stage.String(), string(msg.Headers[5].Value)})
	}
	require.NoError(t, c.Close(deadline(t)))
	return all
}

// produceMixed writes what is no Avro, what has a schema that nobody knows, and two orders,
// to a topic with one partition.
func produceMixed(t *testing.T, client *kavro.Client) {
	require.NoError(t, client.CreateTopics(deadline(t), kavro.NewTopic{Name: "orders", Partitions: 1}))
	trace := kavro.WithHeaders(kavro.Header{Key: "trace", Value: []byte("7")})
	raw, err := kavro.NewProducer[string, []byte](client)
	require.NoError(t, err)
	require.NoError(t, raw.Produce(deadline(t), "orders", "a", []byte("text"), trace))
	require.NoError(t, raw.Produce(deadline(t), "orders", "b", []byte{0, 0, 0, 0, 99, 2}, trace))
	require.NoError(t, raw.Close(deadline(t)))
	p, err := kavro.NewProducer[string, Order](client, kavro.WithValue(kavro.WithSchema(orderSchema)))
	require.NoError(t, err)
	require.NoError(t, p.Produce(deadline(t), "orders", "c", Order{ID: "c"}, trace))
	require.NoError(t, p.Produce(deadline(t), "orders", "d", Order{ID: "d"}, trace))
	require.NoError(t, p.Close(deadline(t)))
}

var mixedDeadLetters = []letter{
	{"a", "text", "value", "1"},
	{"b", "\x00\x00\x00\x00\x63\x02", "value", "1"},
	{"c", "\x00\x00\x00\x00\x01\x02c\x00", "handler", "1"},
}

// One option writes dead letters of three classes to the topic's own name with "-dlt", which
// it makes on request, of a consumer and of a pipeline.
func TestDeadLetters(t *testing.T) {
	deadLetters := kavro.WithDeadLetters(kavro.WithDeadLetterCreation(kavro.NewTopic{Partitions: 1}))
	for _, name := range []string{"Run", "RunBatch", "pipeline"} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, _ *kavrotest.Env, which string) {
				env := kavrotest.New(t, kavrotest.WithoutTopicCreation())
				client := open(t, which, env.Config())
				produceMixed(t, client)
				var ids []string
				handle := func(id string) error {
					if id == "c" {
						return errUnpaid
					}
					ids = append(ids, id)
					return nil
				}
				eof := kavro.WithConfig(kavro.Config{"enable.partition.eof": true, "transactional.id": "billing"})
				switch name {
				case "pipeline":
					p, err := kavro.NewPipeline[string, Order, string, string](client, "billing", []string{"orders"}, deadLetters, kavro.WithToEnd(), eof)
					require.NoError(t, err)
					require.NoError(t, p.Run(deadline(t), func(_ context.Context, m *kavro.Message[string, Order]) ([]kavro.Record[string, string], error) {
						return nil, handle(m.Value.ID)
					}))
					require.NoError(t, p.Close(deadline(t)))
				default:
					c, err := kavro.NewConsumer[string, Order](client, "billing", []string{"orders"}, deadLetters, kavro.WithToEnd(),
						kavro.WithConfig(kavro.Config{"enable.partition.eof": true}))
					require.NoError(t, err)
					if name == "Run" {
						err = c.Run(deadline(t), func(_ context.Context, m *kavro.Message[string, Order]) error { return handle(m.Value.ID) })
					} else {
						err = c.RunBatch(deadline(t), 1, 10*time.Millisecond, func(_ context.Context, b []*kavro.Message[string, Order]) []error {
							return []error{handle(b[0].Value.ID)}
						})
					}
					require.NoError(t, err)
					require.NoError(t, c.Close(deadline(t)))
				}
				require.Equal(t, "d", ids[len(ids)-1])
				require.Equal(t, mixedDeadLetters, readDeadLetters(t, client, "orders-dlt", 3))
			})
		})
	}
}

// A policy of a class wins over WithDeadLetters, and one that ends in DeadLetter writes through
// the same writer: here after two retries, to the topic that was named.
func TestDeadLettersAfterRetries(t *testing.T) {
	each(t, func(t *testing.T, env *kavrotest.Env, which string) {
		client := open(t, which, env.Config(kavro.Config{"enable.partition.eof": true}))
		produceMixed(t, client)
		calls := 0
		ids := consumeOrders(t, client, "billing", "orders", func(id string) error {
			if id == "c" {
				calls++
				return errUnpaid
			}
			return nil
		}, kavro.WithDeadLetters(kavro.WithDeadLetterTopic(func(e *kavro.RecordError) string { return e.Raw.Topic + ".failed" })),
			kavro.WithPolicy(kavro.DecodeErrors, kavro.Skip()), kavro.WithPolicy(kavro.UnknownSchemas, kavro.Skip()),
			kavro.WithPolicy(kavro.HandlerErrors, kavro.Retry(2, kavro.Constant(time.Millisecond)).Then(kavro.DeadLetter())))
		require.Equal(t, []string{"d"}, ids)
		require.Equal(t, 3, calls)
		client = open(t, which, env.Config())
		require.Equal(t, []letter{{"c", "\x00\x00\x00\x00\x01\x02c\x00", "handler", "3"}}, readDeadLetters(t, client, "orders.failed", 1))
	})
}

// A schema that does not match stops all the same, unless its class is asked for.
func TestDeadLettersOfAWholeSchema(t *testing.T) {
	env := kavrotest.New(t)
	client := open(t, "franz", env.Config(kavro.Config{"enable.partition.eof": true}))
	p, err := kavro.NewProducer[string, string](client, kavro.WithValue(kavro.WithSchema(schemas.MustParse(`"string"`))))
	require.NoError(t, err)
	require.NoError(t, client.CreateTopics(deadline(t), kavro.NewTopic{Name: "orders", Partitions: 1}))
	require.NoError(t, p.Produce(deadline(t), "orders", "k", "v"))
	require.NoError(t, p.Close(deadline(t)))
	handle := func(context.Context, *kavro.Message[string, Order]) error { return errors.New("not reached") }

	c, err := kavro.NewConsumer[string, Order](client, "billing", []string{"orders"}, kavro.WithToEnd(), kavro.WithDeadLetters())
	require.NoError(t, err)
	var e *kavro.RecordError
	require.ErrorAs(t, c.Run(deadline(t), handle), &e)
	require.NoError(t, c.Close(deadline(t)))
	require.ErrorContains(t, e, "orders [0] offset 0")

	c, err = kavro.NewConsumer[string, Order](client, "billing", []string{"orders"}, kavro.WithToEnd(), kavro.WithPolicy(kavro.SchemaMismatch, kavro.DeadLetter()))
	require.NoError(t, err)
	require.NoError(t, c.Run(deadline(t), handle))
	require.NoError(t, c.Close(deadline(t)))
	raw, err := kavro.NewConsumer[string, []byte](open(t, "franz", env.Config()), "operators", []string{"orders-dlt"})
	require.NoError(t, err)
	msg, err := raw.Poll(deadline(t))
	require.NoError(t, err)
	require.Equal(t, "\x00\x00\x00\x00\x01\x02v", string(msg.Value))
}

// A dead letter that cannot be written ends Run, and the record stays unprocessed.
func TestDeadLettersThatCannotBeWritten(t *testing.T) {
	env := kavrotest.New(t, kavrotest.WithoutTopicCreation())
	client := open(t, "franz", env.Config(kavro.Config{"delivery.timeout.ms": 2000}))
	produceMixed(t, client)
	c, err := kavro.NewConsumer[string, Order](client, "billing", []string{"orders"}, kavro.WithDeadLetters())
	require.NoError(t, err)
	err = c.Run(deadline(t), func(context.Context, *kavro.Message[string, Order]) error { return nil })
	require.ErrorIs(t, err, kavro.ErrUnknownTopic)
	require.ErrorContains(t, err, "its dead letter was not written")
	at, err := c.Committed(deadline(t), kavro.TopicPartition{Topic: "orders"})
	require.NoError(t, err)
	require.Negative(t, at[0].Offset)
}

// Values of []byte are the records' own: each attempt and the dead letter have them as they were
// polled, whatever was appended to them, and so has a program that keeps them.
func TestBytesStayIntact(t *testing.T) {
	each(t, func(t *testing.T, env *kavrotest.Env, which string) {
		client := open(t, which, env.Config(kavro.Config{"enable.partition.eof": true}))
		require.NoError(t, client.CreateTopics(deadline(t), kavro.NewTopic{Name: "orders", Partitions: 1}))
		p, err := kavro.NewProducer[[]byte, []byte](client)
		require.NoError(t, err)
		trace := kavro.WithHeaders(kavro.Header{Key: "trace", Value: []byte("7")})
		for _, v := range []string{"one", "two", "three"} {
			require.NoError(t, p.Produce(deadline(t), "orders", []byte("key of "+v), []byte(v), trace))
		}
		require.NoError(t, p.Close(deadline(t)))

		c, err := kavro.NewConsumer[[]byte, []byte](client, "billing", []string{"orders"}, kavro.WithToEnd(), kavro.WithDeadLetters(),
			kavro.WithPolicy(kavro.HandlerErrors, kavro.Retry(1, kavro.Constant(time.Millisecond)).Then(kavro.DeadLetter())))
		require.NoError(t, err)
		var kept [][]byte
		require.NoError(t, c.Run(deadline(t), func(_ context.Context, m *kavro.Message[[]byte, []byte]) error {
			require.Same(t, &m.Raw.Value[0], &m.Value[0], "no copy")
			kept = append(kept, m.Key, m.Value)
			if _ = append(append(m.Key, "more"...), append(m.Value, "more"...)...); string(m.Value) == "two" {
				return errUnpaid
			}
			return nil
		}))
		require.NoError(t, c.Close(deadline(t)))
		require.Equal(t, "key of one,one,key of two,two,key of two,two,key of three,three", string(bytes.Join(kept, []byte(","))))
		require.Equal(t, []letter{{"key of two", "two", "handler", "2"}}, readDeadLetters(t, open(t, which, env.Config()), "orders-dlt", 1))
	})
}

package avroconsumer_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/internal/fakekafka"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

// parcel is a value with a string, a slice and a map.
type parcel struct {
	ID    string           `avro:"id"`
	Lines []line           `avro:"lines"`
	Tags  map[string]int64 `avro:"tags"`
}

type line struct {
	SKU string `avro:"sku"`
	N   int32  `avro:"n"`
}

const parcelSchema = `{"type":"record","name":"parcel","fields":[{"name":"id","type":"string"},
	{"name":"lines","type":{"type":"array","items":{"type":"record","name":"line","fields":[
		{"name":"sku","type":"string"},{"name":"n","type":"int"}]}}},
	{"name":"tags","type":{"type":"map","values":"long"}}]}`

// parcels returns a deserializer of parcels, and a framed one with these tags.
func parcels(t testing.TB, tags map[string]int64) (*serde.AvroDeserializer[parcel], []byte) {
	reg := memory.New()
	opt := serde.WithSchema(schemas.MustParse(parcelSchema))
	ser, err := serde.NewAvroSerializer[parcel](reg, opt)
	require.NoError(t, err)
	des, err := serde.NewAvroDeserializer[parcel](reg, opt)
	require.NoError(t, err)
	v := parcel{ID: "one", Lines: []line{{"a", 1}, {"b", 2}}, Tags: tags}
	framed, err := ser.Append(t.Context(), nil, &serde.Target{Topic: "t", Part: serde.Value}, &v)
	require.NoError(t, err)
	return des, framed
}

// Attempts after the first one, dead deadLetters, and a Poll after Run see intact records.
func TestReuseKeepsUnprocessedRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fill(0, "a", "bad", "b", "poison", "c", "last")
		dead := w.Producer(fakekafka.ProducerConfig{})
		c := w.join(avroconsumer.WithReuse(),
			avroconsumer.WithPolicy(avroconsumer.DecodeErrors, avroconsumer.DeadLetter(avroconsumer.NewDeadLetters(dead))),
			avroconsumer.WithPolicy(avroconsumer.HandlerErrors, avroconsumer.Retry(2, avroconsumer.Constant(time.Second)).
				Then(avroconsumer.DeadLetter(avroconsumer.NewDeadLetters(dead)))))
		ctx, cancel := context.WithCancel(t.Context())
		var seen []string
		err := c.Run(ctx, func(_ context.Context, m *message) error {
			seen = append(seen, m.Value+" "+string(m.Raw.Value))
			switch m.Value {
			case "bad":
				return errHandler
			case "last":
				cancel()
				return errHandler
			}
			return nil
		})
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, []string{"a a", "bad bad", "bad bad", "bad bad", "b b", "c c", "last last"}, seen)
		require.Equal(t, "last", w.poll(c), "not processed, and not recycled")
		var deadLetters []string
		for _, r := range w.Records("t-dlt") {
			deadLetters = append(deadLetters, string(r.Value))
		}
		require.Equal(t, []string{"bad", "poison"}, deadLetters)
		w.close(c)
	})
}

// A message of Poll belongs to the program, also if Run gets its record again.
func TestReuseLeavesMessagesOfPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fillNumbers(0, 5)
		c := w.join(avroconsumer.WithReuse())
		var kept *message
		for m, err := range c.Messages(t.Context()) {
			require.NoError(t, err)
			kept = m
			break
		}
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		err := c.Run(ctx, func(context.Context, *message) error {
			if n++; n == 5 {
				cancel()
			}
			return nil
		})
		require.ErrorIs(t, err, context.Canceled)
		w.fillNumbers(0, 5)
		require.Equal(t, "0", w.poll(c))
		require.Equal(t, "0", kept.Value)
		require.Equal(t, "0", string(kept.Raw.Value))
		require.Equal(t, int64(0), kept.Raw.Offset)
		w.close(c)
	})
}

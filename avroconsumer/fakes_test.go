package avroconsumer_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/internal/fakekafka"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/serde"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type (
	consumer = avroconsumer.Consumer[string, string]
	message  = avroconsumer.Message[string, string]
)

var (
	errPoison  = errors.New("2 of 8 bytes left")
	errHandler = errors.New("the database said no")
)

// text decodes strings. The prefix of a value selects the result.
type text struct{ registry *outage }

// outage is a registry that can be unavailable.
type outage struct {
	down     atomic.Bool
	requests atomic.Int64
}

func (d text) Decode(_ context.Context, payload []byte, from *serde.Target, v *string) error {
	*v = string(payload)
	switch word, _, _ := strings.Cut(*v, " "); word {
	case "poison":
		return &serde.DecodeError{Topic: from.Topic, Part: from.Part, SchemaID: 41, Err: errPoison}
	case "unknown":
		return &registry.NotFoundError{What: "schema id 7"}
	case "secret":
		return &registry.UnauthorizedError{Response: registry.Response{Status: 401}}
	case "panic":
		panic("a deserializer's own mistake")
	case "cold":
		d.registry.requests.Add(1)
		if d.registry.down.Load() {
			return &registry.UnavailableError{Response: registry.Response{Status: 503}}
		}
	}
	return nil
}

// world is a cluster with one topic, "t".
type world struct {
	*testing.T
	*fakekafka.Cluster
	outage *outage
}

func newWorld(t *testing.T, partitions int) *world {
	return &world{T: t, Cluster: fakekafka.New(map[string]int{"t": partitions, "t-dlt": 1}), outage: &outage{}}
}

// fill appends values to a partition, each with its own text as the key.
func (w *world) fill(partition int32, values ...string) {
	for _, v := range values {
		w.Append("t", partition, kafka.Record{Key: []byte(v), Value: []byte(v)})
	}
}

// fillNumbers appends the numbers from 0 up to n.
func (w *world) fillNumbers(partition int32, n int) {
	for i := range n {
		w.fill(partition, fmt.Sprint(i))
	}
}

// member makes a client consumer of group "g" that reads from the start.
func (w *world) member(change ...func(*fakekafka.ConsumerConfig)) *fakekafka.Consumer {
	conf := fakekafka.ConsumerConfig{Group: "g", FromStart: true}
	for _, f := range change {
		f(&conf)
	}
	return w.Consumer(conf)
}

// wrap makes a consumer of b.
func (w *world) wrap(b kafka.Consumer, opts ...avroconsumer.Option) *consumer {
	c, err := avroconsumer.New(b, text{w.outage}, text{w.outage}, append([]avroconsumer.Option{avroconsumer.WithOwnedClient()}, opts...)...)
	require.NoError(w, err)
	w.Cleanup(func() { _ = c.Close(context.Background()) }) // for tests that fail: the others close it themselves
	return c
}

// join makes a consumer that is subscribed to "t".
func (w *world) join(opts ...avroconsumer.Option) *consumer {
	c := w.wrap(w.member(), opts...)
	require.NoError(w, c.Subscribe("t"))
	return c
}

func (w *world) committed(partition int32) int64 { return w.Group("g").Committed("t", partition) }

func (w *world) close(c *consumer) { require.NoError(w, c.Close(w.Context())) }

// poll returns the result of one Poll within a second: a value, "end", or an error.
func (w *world) poll(c *consumer) string {
	ctx, cancel := context.WithTimeout(w.Context(), time.Second)
	defer cancel()
	return outcome(c.Poll(ctx))
}

func outcome(m *message, err error) string {
	var end *avroconsumer.EndOfPartition
	switch {
	case errors.As(err, &end):
		return fmt.Sprintf("end of %d at %d", end.Partition, end.Offset)
	case errors.Is(err, context.DeadlineExceeded):
		return "nothing"
	case err != nil:
		return err.Error()
	default:
		return m.Value
	}
}

// pollAll polls until there is no result for a second.
func (w *world) pollAll(c *consumer) (out []string) {
	for {
		s := w.poll(c)
		if s == "nothing" {
			return out
		}
		out = append(out, s)
	}
}

func tp(partition int32) kafka.TopicPartition {
	return kafka.TopicPartition{Topic: "t", Partition: partition}
}

func at(partition int32, offset int64) kafka.Offset {
	return kafka.Offset{TopicPartition: tp(partition), Offset: offset, LeaderEpoch: -1}
}

package avroproducer_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/internal/fakekafka"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// text writes strings as they are.
type text struct{}

func (text) Append(_ context.Context, dst []byte, to *serde.Target, v *string) ([]byte, error) {
	to.Null = false
	return append(dst, *v...), nil
}

// noKey writes null.
type noKey struct{}

func (noKey) Append(_ context.Context, dst []byte, to *serde.Target, _ *serde.NoKey) ([]byte, error) {
	to.Null = true
	return dst, nil
}

var errUnfit = errors.New("does not fit")

// framed writes a *string behind a header, as GUID frames do: nil is null and
// "unfit" an error. warmed collects what Warmup was asked for.
type framed struct{ warmed *[]string }

func (framed) Append(_ context.Context, dst []byte, to *serde.Target, v **string) ([]byte, error) {
	switch {
	case *v == nil:
		to.Null = true
		return dst, nil
	case **v == "unfit":
		return dst, errUnfit
	case **v == "panic":
		panic("a serializer's own mistake")
	}
	to.Null = false
	// Into the capacity after the length, as a faulty serializer would: the producer must have
	// clipped the capacity.
	to.Headers = append(to.Headers, kafka.Header{Key: "__" + to.Part.String() + "_schema_id", Value: []byte{1}})
	return append(dst, **v...), nil
}

func (f framed) Warmup(_ context.Context, part serde.Part, topics ...string) error {
	for _, topic := range topics {
		if topic == "forbidden" {
			return errUnfit
		}
		*f.warmed = append(*f.warmed, part.String()+" "+topic)
	}
	return nil
}

// newText is a producer of strings.
func newText(t testing.TB, b kafka.Producer, opts ...avroproducer.Option) *avroproducer.Producer[string, string] {
	t.Helper()
	p, err := avroproducer.New(b, text{}, text{}, opts...)
	require.NoError(t, err)
	return p
}

// newCluster has one topic, "t", of one partition, and a producer for it.
func newCluster(config fakekafka.ProducerConfig) (*fakekafka.Cluster, *fakekafka.Producer) {
	c := fakekafka.New(map[string]int{"t": 1})
	return c, c.Producer(config)
}

// values are the values in a topic.
func values(c *fakekafka.Cluster, topic string) []string {
	var out []string
	for _, r := range c.Records(topic) {
		out = append(out, string(r.Value))
	}
	return out
}

// failing fails the delivery of values that begin with "fail".
func failing(r *kafka.Record) error {
	if len(r.Value) >= 4 && string(r.Value[:4]) == "fail" {
		return &kafka.Error{Code: -192, Topic: r.Topic, Partition: 0, Err: errors.New("timed out")}
	}
	return nil
}

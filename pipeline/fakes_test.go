package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/internal/fakekafka"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/pipeline"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/serde"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type (
	line    = pipeline.Pipeline[string, string, string, string]
	message = avroconsumer.Message[string, string]
	record  = avroproducer.Record[string, string]
)

var (
	errPoison  = errors.New("2 of 8 bytes left")
	errHandler = errors.New("the database said no")
)

// text encodes and decodes strings. The prefix of a value selects the result.
type text struct{ down *atomic.Bool }

func (d text) Decode(_ context.Context, payload []byte, from *serde.Target, v *string) error {
	*v = string(payload)
	switch word, _, _ := strings.Cut(*v, " "); word {
	case "poison":
		return &serde.DecodeError{Topic: from.Topic, Part: from.Part, SchemaID: 41, Err: errPoison}
	case "secret":
		return &registry.UnauthorizedError{Response: registry.Response{Status: 401}}
	case "cold":
		if d.down.Load() {
			return &registry.UnavailableError{Response: registry.Response{Status: 503}}
		}
	}
	return nil
}

func (text) Append(_ context.Context, dst []byte, to *serde.Target, v *string) ([]byte, error) {
	to.Null = false
	if strings.HasPrefix(*v, "unfit") {
		return dst, errors.New("does not fit")
	}
	return append(dst, *v...), nil
}

// plant is a cluster with topics "in", "out" and "in-dlt".
type plant struct {
	*testing.T
	*fakekafka.Cluster
	down *atomic.Bool
}

func newPlant(t *testing.T, partitions int) *plant {
	return &plant{T: t, Cluster: fakekafka.New(map[string]int{"in": partitions, "out": 1, "in-dlt": 1}), down: new(atomic.Bool)}
}

func (p *plant) fill(partition int32, values ...string) {
	for _, v := range values {
		p.Append("in", partition, kafka.Record{Value: []byte(v)})
	}
}

func (p *plant) fillNumbers(partition int32, n int) {
	for i := range n {
		p.fill(partition, fmt.Sprint(i))
	}
}

// session makes an exactly-once session, or one without transactions.
func (p *plant) session(exactlyOnce bool) kafka.Session {
	conf := fakekafka.ConsumerConfig{Group: "g", FromStart: true}
	if exactlyOnce {
		return p.Session("line", conf, fakekafka.ProducerConfig{})
	}
	return pipeline.AtLeastOnce(p.Consumer(conf), p.Producer(fakekafka.ProducerConfig{}))
}

// line makes a pipeline of s that is subscribed to "in".
func (p *plant) line(s kafka.Session, opts ...pipeline.Option) *line {
	l, err := pipeline.New(s, text{p.down}, text{p.down}, text{p.down}, text{p.down}, append([]pipeline.Option{pipeline.WithOwnedClient()}, opts...)...)
	require.NoError(p, err)
	p.Cleanup(func() { _ = l.Close(context.Background()) })
	require.NoError(p, l.Subscribe("in"))
	return l
}

func (p *plant) close(l *line) { require.NoError(p, l.Close(p.Context())) }

func (p *plant) committed(partition int32) int64 { return p.Group("g").Committed("in", partition) }

// values are the values that a read_committed reader sees.
func (p *plant) values(topic string) []string {
	var out []string
	for _, r := range p.Records(topic) {
		out = append(out, string(r.Value))
	}
	return out
}

// echo produces each value in angle brackets.
func echo(_ context.Context, m *message) ([]record, error) {
	if strings.HasPrefix(m.Value, "bad") {
		return nil, errHandler
	}
	return []record{{Topic: "out", Value: "<" + m.Value + ">"}}, nil
}

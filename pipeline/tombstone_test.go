package pipeline_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/internal/fakekafka"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/pipeline"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/serde"
)

// strict decodes a T and fails for null: it must not be called with nulls.
type strict[T any] struct{ value T }

func (s strict[T]) Decode(_ context.Context, payload []byte, from *serde.Target, v *T) error {
	if payload == nil {
		return errors.New("there is nothing to read")
	}
	*v = s.value
	return nil
}

// through transforms "before", a tombstone and "after" as values of type V.
func through[V any](p *plant, s kafka.Session, value V, opts ...pipeline.Option) error {
	p.Append("in", 0, kafka.Record{Value: []byte("before")}, kafka.Record{}, kafka.Record{Value: []byte("after")})
	for class := range avroconsumer.Class(3) {
		opts = append(opts, pipeline.WithPolicy(class, pipeline.DeadLetter()))
	}
	l, err := pipeline.New(s, strict[string]{}, strict[V]{value}, text{}, text{}, append(opts, pipeline.WithToEnd(), pipeline.WithOwnedClient())...)
	require.NoError(p, err)
	require.NoError(p, l.Subscribe("in"))
	err = l.Run(p.Context(), func(_ context.Context, m *avroconsumer.Message[string, V]) ([]record, error) {
		out := "a value"
		if m.Tombstone {
			require.Zero(p, m.Value)
			out = "a tombstone"
		}
		return []record{{Topic: "out", Value: out}}, nil
	})
	require.NoError(p, l.Close(p.Context()))
	require.Empty(p, p.values("in-dlt"), "no policy is for a tombstone")
	return err
}

func TestTombstones(t *testing.T) {
	for name, tc := range map[string]struct {
		run  func(*plant, kafka.Session, ...pipeline.Option) error
		null bool
	}{
		"string": {func(p *plant, s kafka.Session, o ...pipeline.Option) error { return through(p, s, "x", o...) }, false},
		"struct": {func(p *plant, s kafka.Session, o ...pipeline.Option) error {
			return through(p, s, struct{ A int }{1}, o...)
		}, false},
		"pointer": {func(p *plant, s kafka.Session, o ...pipeline.Option) error { return through(p, s, new(int), o...) }, true},
		"bytes":   {func(p *plant, s kafka.Session, o ...pipeline.Option) error { return through(p, s, []byte("x"), o...) }, true},
		"any":     {func(p *plant, s kafka.Session, o ...pipeline.Option) error { return through[any](p, s, 1, o...) }, true},
		"map": {func(p *plant, s kafka.Session, o ...pipeline.Option) error {
			return through(p, s, map[string]any{"a": 1}, o...)
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, exactlyOnce bool) {
				p := newPlant(t, 1)
				err := tc.run(p, p.session(exactlyOnce))
				if tc.null {
					require.NoError(t, err)
					require.Equal(t, []string{"a value", "a tombstone", "a value"}, p.values("out"))
					return
				}
				require.ErrorIs(t, err, avroconsumer.ErrTombstone)
				require.ErrorContains(t, err, "in [0] offset 1: value: ")
				require.Equal(t, int64(1), p.committed(0), "what came before is")
			})
			for option, want := range map[avroconsumer.Tombstones][]string{
				avroconsumer.SkipTombstones:    {"a value", "a value"},
				avroconsumer.DeliverTombstones: {"a value", "a tombstone", "a value"},
			} {
				both(t, func(t *testing.T, exactlyOnce bool) {
					p := newPlant(t, 1)
					require.NoError(t, tc.run(p, p.session(exactlyOnce), pipeline.WithTombstones(option)))
					require.Equal(t, want, p.values("out"))
					require.Equal(t, int64(3), p.committed(0))
				})
			}
		})
	}
	_, err := pipeline.New[string, string, string, string](newPlant(t, 1).session(false), text{}, text{}, text{}, text{}, pipeline.WithTombstones(7))
	require.EqualError(t, err, "pipeline: WithTombstones: 7 is neither SkipTombstones nor DeliverTombstones")
}

// A dead letter with a null value is sent as a tombstone; a tombstone that is not a dead letter
// is a bad record like any other.
func TestReplayOfTombstones(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlant(t, 1)
		r := &kafka.Record{Topic: "in", Partition: 0, Offset: 3, Key: []byte("k"), Timestamp: time.UnixMilli(1_700_000_000_000)}
		e := &avroconsumer.RecordError{Raw: r, Stage: avroconsumer.StageKey, Err: errPoison}
		p.Append("in-dlt", 0, *avroconsumer.NewDeadLetters(nil).Record(e))
		s := p.session(true)
		n, err := pipeline.Replay(t.Context(), s, []string{"in-dlt"}, pipeline.ReplayConfig{})
		require.NoError(t, err)
		require.Equal(t, pipeline.Replayed{Read: 1, Sent: 1}, n)
		got := p.Records("in")
		require.Len(t, got, 1)
		require.Equal(t, []byte("k"), got[0].Key)
		require.Nil(t, got[0].Value)

		p.Append("in-dlt", 0, kafka.Record{Key: []byte("k")})
		_, err = pipeline.Replay(t.Context(), s, []string{"in-dlt"}, pipeline.ReplayConfig{})
		require.EqualError(t, err, "in-dlt [0] offset 1: value: not a dead letter: there is no header __dlq.errors.topic")
		_, err = pipeline.Replay(t.Context(), s, []string{"in-dlt"}, pipeline.ReplayConfig{}, pipeline.WithPolicy(avroconsumer.DecodeErrors, avroconsumer.Skip()))
		require.NoError(t, err)
		require.NoError(t, s.Close(t.Context()))
	})
}

// away is a serializer whose registry does not answer at first, or refuses the credentials.
type away struct {
	err   error
	times *int
}

func (a away) Append(_ context.Context, dst []byte, to *serde.Target, v *string) ([]byte, error) {
	if *a.times--; *a.times >= 0 {
		return dst, &serde.EncodeError{Topic: to.Topic, Part: to.Part, Err: a.err}
	}
	to.Null = false
	return append(dst, *v...), nil
}

// The pipeline waits for the registry of its output too: no policy applies because the registry
// does not answer, or refuses the program's credentials.
func TestRegistryOfResults(t *testing.T) {
	both(t, func(t *testing.T, exactlyOnce bool) {
		p := newPlant(t, 1)
		p.fill(0, "a", "b")
		times := 5
		run := func(err error) error {
			l, newErr := pipeline.New(p.session(exactlyOnce), text{p.down}, text{p.down}, text{}, away{err, &times}, pipeline.WithToEnd(), pipeline.WithOwnedClient(),
				pipeline.WithPolicy(avroconsumer.HandlerErrors, avroconsumer.Skip()))
			require.NoError(t, newErr)
			require.NoError(t, l.Subscribe("in"))
			defer p.close(l)
			return l.Run(t.Context(), func(_ context.Context, m *message) ([]record, error) {
				return []record{{Topic: "out", Value: m.Value}}, nil
			})
		}
		require.NoError(t, run(&registry.UnavailableError{Response: registry.Response{Status: 503}}))
		require.Equal(t, []string{"a", "b"}, p.values("out"))
		require.Equal(t, -2, times)

		p.fill(0, "c")
		times = 1 << 30
		var refused *registry.UnauthorizedError
		require.ErrorAs(t, run(&registry.UnauthorizedError{Response: registry.Response{Status: 403}}), &refused)
		require.Equal(t, int64(2), p.committed(0))

		times = 1 // what does not fit is the record's fault
		require.NoError(t, run(errors.New("does not fit")))
		require.Equal(t, []string{"a", "b"}, p.values("out"))
		require.Equal(t, int64(3), p.committed(0))
	})
}

// A copy of a tombstone with a schema in its header waits for the registry as well.
func TestCopyOfFramedTombstones(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTwoClusters(t)
		header := kafka.Header{Key: serde.ValueFrameHeader, Value: serde.AppendFrame(nil, 7)}
		w.from.Append("orders", 0, kafka.Record{Key: []byte("k"), Headers: []kafka.Header{header}})
		down := &absent{SchemaSource: w.fromSchema, times: 3}
		s := pipeline.AtLeastOnce(
			w.from.Consumer(fakekafka.ConsumerConfig{Group: "mirror", FromStart: true}), w.to.Producer(fakekafka.ProducerConfig{}))
		err := pipeline.Copy(t.Context(), s, []string{"orders"}, pipeline.CopyConfig{Schemas: pipeline.NewTranslator(down, w.toSchema, serde.TopicName)},
			pipeline.WithToEnd(), pipeline.WithPolicy(avroconsumer.HandlerErrors, avroconsumer.Skip()))
		require.NoError(t, err)
		require.NoError(t, s.Close(t.Context()))
		require.Zero(t, down.times)
	})
}

// absent is a registry that does not answer at first, and then has no schemas.
type absent struct {
	pipeline.SchemaSource
	times int
}

func (a *absent) SchemaByID(ctx context.Context, subject string, id int) (*registry.SubjectSchema, error) {
	if a.times > 0 {
		a.times--
		return nil, &registry.UnavailableError{Response: registry.Response{Status: 503}}
	}
	return a.SchemaSource.SchemaByID(ctx, subject, id)
}

// A record that is passed raw gets as many attempts as any other.
func TestRawRecordsAreTriedAsOften(t *testing.T) {
	both(t, func(t *testing.T, exactlyOnce bool) {
		p := newPlant(t, 1)
		p.fill(0, "poison")
		l := p.line(p.session(exactlyOnce), pipeline.WithToEnd(), pipeline.WithPolicy(avroconsumer.DecodeErrors, avroconsumer.Raw()),
			pipeline.WithPolicy(avroconsumer.HandlerErrors, avroconsumer.Retry(3, avroconsumer.Constant(time.Second)).Then(pipeline.DeadLetter())))
		calls := 0
		require.NoError(t, l.Run(t.Context(), func(_ context.Context, m *message) ([]record, error) {
			require.ErrorIs(t, m.Err, errPoison)
			calls++
			return nil, errHandler
		}))
		require.Equal(t, 4, calls)
		require.Equal(t, []string{"poison"}, p.values("in-dlt"))
		p.close(l)
	})
}

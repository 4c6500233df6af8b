package avroconsumer_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/kafka"
)

// tracer is an observer that opens a span for each record, within the one in the context, and
// records its calls.
type tracer struct {
	name string
	log  *log
}

func (o tracer) add(format string, args ...any) { o.log.add(o.name+" "+format, args...) }

func (o tracer) Received(r []*kafka.Record) { o.add("received %d", len(r)) }
func (o tracer) Handling(ctx context.Context, r *kafka.Record) context.Context {
	o.add("handling %s", r.Value)
	around, _ := ctx.Value(spanKey{}).(string)
	return context.WithValue(ctx, spanKey{}, around+"/"+o.name)
}
func (o tracer) Handled(ctx context.Context, r *kafka.Record, _ time.Duration, err error) {
	o.add("handled %s in %s: %v", r.Value, ctx.Value(spanKey{}), err != nil)
}
func (o tracer) PolicyApplied(e *avroconsumer.RecordError, _ avroconsumer.Class, did avroconsumer.Action) {
	o.add("failed %s %v", e.Raw.Value, did)
}
func (o tracer) Committed(next []kafka.Offset, _ time.Duration, _ error) {
	o.add("committed %d", next[0].Offset)
}
func (o tracer) Assigned(p []kafka.TopicPartition) { o.add("assigned %d", len(p)) }
func (o tracer) Revoked(p []kafka.TopicPartition)  { o.add("revoked %d", len(p)) }
func (o tracer) Lost(p []kafka.TopicPartition)     { o.add("lost %d", len(p)) }
func (o tracer) Error(err error)                   { o.add("error %v", err) }

// Every observer is called, in the order given. Handlers see the contexts of all of them, and
// each ends the span that it began.
func TestObserversAddUp(t *testing.T) {
	for name, read := range map[string]func(*testing.T, *consumer, *log){
		"Run": func(t *testing.T, c *consumer, l *log) {
			require.NoError(t, c.Run(t.Context(), func(ctx context.Context, m *message) error {
				l.add("%s within %s", m.Value, ctx.Value(spanKey{}))
				if m.Value == "bad" {
					return errHandler
				}
				return nil
			}))
		},
		"RunBatch": func(t *testing.T, c *consumer, l *log) {
			require.NoError(t, c.RunBatch(t.Context(), 1, 0, func(_ context.Context, batch []*message) []error {
				if batch[0].Value == "bad" {
					return []error{errHandler}
				}
				return nil
			}))
		},
		"Poll": func(t *testing.T, c *consumer, l *log) {
			for _, err := range c.Messages(t.Context()) {
				var bad *avroconsumer.RecordError
				var partition *avroconsumer.PartitionError
				require.True(t, err == nil || errors.As(err, &bad) || errors.As(err, &partition))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var one, other, all log
				lines := map[string]*log{"a": &one, "b": &other}
				w := newWorld(t, 1)
				w.fill(0, "good", "poison", "bad")
				b := w.member()
				opts := []avroconsumer.Option{avroconsumer.WithToEnd(), avroconsumer.WithAutoCommit(time.Hour),
					avroconsumer.WithPolicy(avroconsumer.DecodeErrors, avroconsumer.Skip()), avroconsumer.WithPolicy(avroconsumer.HandlerErrors, avroconsumer.Skip())}
				for _, name := range []string{"a", "b"} {
					opts = append(opts, avroconsumer.WithObserver(tracer{name, &all}), avroconsumer.WithObserver(tracer{name, lines[name]}))
				}
				c := w.wrap(b, opts...)
				require.NoError(t, c.Subscribe("t"))
				b.FailPartition("t", 0, &kafka.Error{Code: 5, Retriable: true, Err: errors.New("no leader")})
				read(t, c, &all)
				w.Group("g").Expel(b)
				_ = pollError(c)         // the loss is noticed here
				_ = c.Close(t.Context()) // or here, and then it could not commit

				// The two observers with logs of their own saw the same, except for their spans.
				require.Equal(t, len(one.get()), len(other.get()))
				for i, line := range one.get() {
					require.Equal(t, strings.Fields(line)[1], strings.Fields(other.get()[i])[1])
				}
				seen := fmt.Sprint(one.get())
				for _, event := range []string{"received", "handling good", "handled good in /a/a:", "committed", "assigned 1", "lost 1", "error "} {
					require.Contains(t, seen, event)
				}
				require.Contains(t, fmt.Sprint(other.get()), "handled good in /a/a/b/b:")
				if name != "Poll" {
					require.Contains(t, seen, "failed bad skipped")
				}
				var order []string
				for _, line := range all.get() {
					if line[1:] == " handling good" {
						order = append(order, line[:1])
					}
				}
				require.Equal(t, []string{"a", "b"}, order)
				require.Contains(t, fmt.Sprint(all.get()), "a handled good in /a: false b handled good in /a/a/b: false")
				if name == "Run" {
					require.Contains(t, all.get(), "good within /a/a/b/b")
				}
			})
		})
	}
}

// All functions of rebalances are called; the last one decides on the start offset.
func TestRebalanceFunctionsAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2)
		w.fillNumbers(0, 5)
		w.fillNumbers(1, 5)
		var l log
		b := w.member()
		from := func(name string, start ...kafka.Offset) avroconsumer.Option {
			return avroconsumer.OnAssigned(func(_ context.Context, committed []kafka.Offset) ([]kafka.Offset, error) {
				l.add("%s assigned %d", name, len(committed))
				return start, nil
			})
		}
		opts := []avroconsumer.Option{from("a", at(0, 1), at(1, 2)), from("b", at(1, 4))}
		for _, name := range []string{"a", "b"} {
			opts = append(opts,
				avroconsumer.OnRevoked(func(_ context.Context, p []kafka.TopicPartition) { l.add("%s revoked %d", name, len(p)) }),
				avroconsumer.OnLost(func(p []kafka.TopicPartition) { l.add("%s lost %d", name, len(p)) }))
		}
		c := w.wrap(b, opts...)
		require.NoError(t, c.Subscribe("t"))
		require.ElementsMatch(t, []string{"1", "2", "3", "4", "4"}, w.pollAll(c))
		w.Group("g").Expel(b)
		require.Len(t, w.pollAll(c), 5)
		w.close(c)
		require.Equal(t, []string{"a assigned 2", "b assigned 2", "a lost 2", "b lost 2", "a assigned 2", "b assigned 2", "a revoked 2", "b revoked 2"}, l.get())
	})
}

func TestObserversOfFew(t *testing.T) {
	require.Equal(t, avroconsumer.NopObserver{}, avroconsumer.Observers())
	one := &stumbler{at: "x"}
	require.Equal(t, one, avroconsumer.Observers(one))
}

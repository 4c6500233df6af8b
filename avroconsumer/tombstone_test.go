package avroconsumer_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/internal/fakekafka"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/serde"
)

// strict decodes a T and fails for null: it must not be called with nulls.
type strict[T any] struct{ value T }

func (s strict[T]) Decode(_ context.Context, payload []byte, from *serde.Target, v *T) error {
	if from.Null || payload == nil {
		return fmt.Errorf("%s: there is nothing to read", from.Part)
	}
	*v = s.value
	return nil
}

type sale struct{ Total int }

// everyPolicy has a policy that processes the record for every class.
func everyPolicy(dead *deadLetters) []avroconsumer.Option {
	var opts []avroconsumer.Option
	for class := avroconsumer.Class(0); ; class++ {
		p := avroconsumer.DeadLetter(dead)
		if p.Check(class) != nil || class.String() == fmt.Sprintf("Class(%d)", class) {
			return opts
		}
		opts = append(opts, avroconsumer.WithPolicy(class, p))
	}
}

// seen is the result for "before", a tombstone and "after" in partition 0.
type seen struct {
	delivered []string
	err       error
	committed int64
	dead      []string
}

// readAll passes values of one type to a handler.
type readAll func(t *testing.T, w *world, batches bool, opts ...avroconsumer.Option) seen

func readerOf[V any](value V) readAll {
	return func(t *testing.T, w *world, batches bool, opts ...avroconsumer.Option) (s seen) {
		dead := &deadLetters{}
		opts = append(append(opts, avroconsumer.WithToEnd(), avroconsumer.WithOwnedClient()), everyPolicy(dead)...)
		c, err := avroconsumer.New(w.member(), strict[string]{"key"}, strict[V]{value}, opts...)
		require.NoError(t, err)
		require.NoError(t, c.Subscribe("t"))
		see := func(m *avroconsumer.Message[string, V]) {
			what := "a value"
			if m.Tombstone {
				require.Zero(t, m.Value)
				require.Equal(t, "key", m.Key)
				what = "a tombstone"
			}
			s.delivered = append(s.delivered, what)
		}
		if batches {
			s.err = c.RunBatch(t.Context(), 10, time.Second, func(_ context.Context, batch []*avroconsumer.Message[string, V]) []error {
				for _, m := range batch {
					see(m)
				}
				return nil
			})
		} else {
			s.err = c.Run(t.Context(), func(_ context.Context, m *avroconsumer.Message[string, V]) error {
				see(m)
				return nil
			})
		}
		require.NoError(t, c.Close(t.Context()))
		s.committed, s.dead = w.committed(0), dead.get()
		return s
	}
}

// A tombstone is never mistaken for data, and no policy applies: handlers of types that can be
// null get it, the others only if configured.
func TestTombstones(t *testing.T) {
	types := []struct {
		read readAll
		null bool // the type can be null
		typ  reflect.Type
	}{
		{readerOf(sale{1}), false, reflect.TypeFor[sale]()},
		{readerOf("text"), false, reflect.TypeFor[string]()},
		{readerOf(int64(1)), false, reflect.TypeFor[int64]()},
		{readerOf([2]byte{1}), false, reflect.TypeFor[[2]byte]()},
		{readerOf(true), false, reflect.TypeFor[bool]()},
		{readerOf(&sale{1}), true, nil},
		{readerOf([]byte("x")), true, nil},
		{readerOf([]sale{{1}}), true, nil},
		{readerOf(map[string]any{"a": 1}), true, nil},
		{readerOf[any]("x"), true, nil},
		{readerOf[event](note{}), true, nil},
		{readerOf(serde.Generic{Value: 1}), true, nil},
		{readerOf(serde.NoKey{}), true, nil},
	}
	for _, tc := range types {
		for _, batches := range []bool{false, true} {
			for _, say := range []avroconsumer.Tombstones{0, avroconsumer.SkipTombstones, avroconsumer.DeliverTombstones} {
				t.Run(fmt.Sprintf("%v batches %v option %d", tc.typ, batches, say), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						w := newWorld(t, 1)
						w.Append("t", 0, kafka.Record{Key: []byte("k"), Value: []byte("before")}, kafka.Record{Key: []byte("k")},
							kafka.Record{Key: []byte("k"), Value: []byte("after")})
						var opts []avroconsumer.Option
						if say != 0 {
							opts = append(opts, avroconsumer.WithTombstones(say))
						}
						got := tc.read(t, w, batches, opts...)
						require.Empty(t, got.dead)
						if say == 0 && !tc.null {
							require.ErrorIs(t, got.err, avroconsumer.ErrTombstone)
							require.ErrorContains(t, got.err, "t [0] offset 1: value: ")
							for _, part := range []string{"tombstone", tc.typ.String() + " cannot be null", "SkipTombstones", "DeliverTombstones"} {
								require.ErrorContains(t, got.err, part)
							}
							require.Equal(t, []string{"a value"}, got.delivered)
							require.Equal(t, int64(1), got.committed, "it is not processed")
							return
						}
						require.NoError(t, got.err)
						require.Equal(t, int64(3), got.committed)
						want := []string{"a value", "a tombstone", "a value"}
						if say == avroconsumer.SkipTombstones {
							want = []string{"a value", "a value"}
						}
						require.Equal(t, want, got.delivered)
					})
				})
			}
		}
	}
}

// Poll and the iterators yield tombstones as messages with Message.Tombstone set, for every type
// and option.
func TestPollYieldsTombstones(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		for range 3 {
			w.Append("t", 0, kafka.Record{})
		}
		c, err := avroconsumer.New(w.member(), strict[int64]{1}, strict[sale]{}, avroconsumer.WithToEnd(), avroconsumer.WithOwnedClient(),
			avroconsumer.WithTombstones(avroconsumer.SkipTombstones))
		require.NoError(t, err)
		require.NoError(t, c.Subscribe("t"))
		null := func(m *avroconsumer.Message[int64, sale], err error) {
			require.NoError(t, err)
			require.True(t, m.Tombstone)
			require.True(t, m.KeyNull)
			require.Zero(t, m.Key)
			require.Zero(t, m.Value)
		}
		null(c.Poll(t.Context()))
		for m, err := range c.Messages(t.Context()) {
			null(m, err)
			if m.Offset == 1 {
				require.NoError(t, c.Commit(t.Context(), m))
				break
			}
		}
		for batch, err := range c.Batches(t.Context(), 10, time.Second) {
			require.Len(t, batch, 1)
			null(batch[0], err)
		}
		require.NoError(t, c.Close(t.Context()))
		require.Equal(t, int64(3), w.committed(0))
	})
}

// A null key is never an error, whatever the deserializer is.
func TestNullKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.Append("t", 0, kafka.Record{Value: []byte("v")}, kafka.Record{Key: []byte{}, Value: []byte("v")})
		c, err := avroconsumer.New(w.member(), strict[int64]{7}, strict[sale]{sale{1}}, avroconsumer.WithToEnd(), avroconsumer.WithOwnedClient())
		require.NoError(t, err)
		require.NoError(t, c.Subscribe("t"))
		var l log
		require.NoError(t, c.Run(t.Context(), func(_ context.Context, m *avroconsumer.Message[int64, sale]) error {
			l.add("%d %v", m.Key, m.KeyNull)
			return nil
		}))
		require.Equal(t, []string{"0 true", "7 false"}, l.get(), "empty is not null")
		require.NoError(t, c.Close(t.Context()))
	})
}

// A bad key with a null value is an error of the key; a handler that fails with a tombstone
// fails as with any record. The dead letter is a tombstone too.
func TestTombstoneWithABadKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.Append("t", 0, kafka.Record{Key: []byte("poison")}, kafka.Record{})
		p := w.Producer(fakekafka.ProducerConfig{})
		dead := avroconsumer.DeadLetter(avroconsumer.NewDeadLetters(p))
		c := w.join(avroconsumer.WithToEnd(), avroconsumer.WithTombstones(avroconsumer.DeliverTombstones),
			avroconsumer.WithPolicy(avroconsumer.DecodeErrors, dead), avroconsumer.WithPolicy(avroconsumer.HandlerErrors, dead))
		require.NoError(t, c.Run(t.Context(), func(context.Context, *message) error { return errors.New("the database said no") }))
		got := w.Records("t-dlt")
		require.Len(t, got, 2)
		require.Equal(t, []byte("poison"), got[0].Key)
		require.Nil(t, got[0].Value)
		require.Nil(t, got[1].Key)
		require.Nil(t, got[1].Value)
		w.close(c)
		require.NoError(t, p.Close(t.Context()))
	})
}

// The observer is notified of a skipped tombstone.
func TestObserverOfTombstones(t *testing.T) {
	for _, batches := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 1)
			w.Append("t", 0, kafka.Record{}, kafka.Record{})
			watch := &watcher{}
			c := w.join(avroconsumer.WithToEnd(), avroconsumer.WithObserver(watch), avroconsumer.WithTombstones(avroconsumer.SkipTombstones))
			if batches {
				require.NoError(t, c.RunBatch(t.Context(), 5, time.Second, func(context.Context, []*message) []error { panic("no batch is empty") }))
			} else {
				require.NoError(t, c.Run(t.Context(), func(context.Context, *message) error { panic("skipped") }))
			}
			require.Equal(t, []string{"assigned [t [0]]", "received 2", "span of : 0s, <nil>", "span of : 0s, <nil>", "committed 2"}, watch.get())
			w.close(c)
		})
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.Append("t", 0, kafka.Record{})
		watch := &watcher{}
		c := w.join(avroconsumer.WithToEnd(), avroconsumer.WithObserver(watch))
		require.ErrorIs(t, c.Run(t.Context(), func(context.Context, *message) error { return nil }), avroconsumer.ErrTombstone)
		require.Contains(t, watch.get(), "offset 0: tombstone error, stopped")
		w.close(c)
	})
}

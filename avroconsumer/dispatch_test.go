package avroconsumer_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

type (
	event   interface{ isEvent() }
	order   struct{ id string }
	payment struct{ id string }
	note    struct{ text string }
)

func (order) isEvent()    {}
func (*payment) isEvent() {}
func (note) isEvent()     {}

// events decodes "order 1", "payment 2", or a note under the schema of its first
// word.
type events struct{}

func (events) Decode(_ context.Context, payload []byte, from *serde.Target, v *event) error {
	*v = nil
	switch s := string(payload); {
	case from.Null:
	case s[:5] == "order":
		*v = order{s}
	case s[:5] == "payme":
		*v = &payment{s}
	default:
		*v = note{s}
		from.Schema = &registry.SubjectSchema{ID: 7, Schema: schemas.MustParse(`{"type":"record","name":"shop.` + s + `","fields":[]}`)}
	}
	return nil
}

func TestDispatcher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fill(0, "order 1", "Letter", "payment 2", "Telegram")
		w.Append("t", 0, kafka.Record{Key: []byte("k")})
		dead := &deadLetters{}
		c, err := avroconsumer.New(w.member(), text{}, events{}, avroconsumer.WithToEnd(), avroconsumer.WithOwnedClient(),
			avroconsumer.WithPolicy(avroconsumer.UnknownSchemas, avroconsumer.DeadLetter(dead)))
		require.NoError(t, err)
		require.NoError(t, c.Subscribe("t"))

		var l log
		d := avroconsumer.NewDispatcher[string, event]()
		avroconsumer.On(d, func(_ context.Context, m *avroconsumer.Message[string, order]) error {
			l.add("order: %s at %d", m.Value.id, m.Offset)
			return nil
		})
		avroconsumer.On(d, func(ctx context.Context, m *avroconsumer.Message[string, *payment]) error {
			l.add("payment: %s", m.Value.id)
			return nil
		})
		d.OnSchema("shop.Letter", func(_ context.Context, m *avroconsumer.Message[string, event]) error {
			l.add("letter")
			return nil
		})
		err = c.Run(t.Context(), d.Handle)
		require.EqualError(t, err, "t [0] offset 4: handler: avroconsumer: a tombstone (the value is null), and the dispatcher has no handler for it:"+
			" give OnTombstone, or the consumer's option WithTombstones(avroconsumer.SkipTombstones)")
		require.ErrorIs(t, err, avroconsumer.ErrTombstone)
		require.Equal(t, []string{"order: order 1 at 0", "letter", "payment: payment 2"}, l.get())
		require.Equal(t, []string{"Telegram after 1"}, dead.get(), "no handler for a telegram; no policy for the tombstone")
		require.Equal(t, int64(4), w.committed(0))

		d.OnTombstone(func(_ context.Context, m *avroconsumer.Message[string, event]) error {
			l.add("%s is deleted", m.Key)
			return nil
		})
		require.NoError(t, c.Run(t.Context(), d.Handle))
		require.Contains(t, l.get(), "k is deleted")
		err = d.Handle(t.Context(), &avroconsumer.Message[string, event]{Value: note{}})
		require.EqualError(t, err, "avroconsumer: no handler for this type: avroconsumer_test.note")
		require.NoError(t, c.Close(t.Context()))
	})
}

// If the subject's schema is a union of the topic's types, the datum's branch decides.
func TestDispatcherOfAUnion(t *testing.T) {
	named := func(name string) string { return `{"type":"record","name":"` + name + `","fields":[]}` }
	union := schemas.MustParse(`["null",` + named("shop.Letter") + `,` + named("shop.Telegram") + `]`)
	var l log
	d := avroconsumer.NewDispatcher[string, serde.Generic]()
	d.OnSchema("shop.Telegram", func(context.Context, *avroconsumer.Message[string, serde.Generic]) error {
		l.add("telegram")
		return nil
	})
	handle := func(datum string) error {
		return d.Handle(t.Context(), &avroconsumer.Message[string, serde.Generic]{
			Schema: &registry.SubjectSchema{ID: 7, Schema: union}, Raw: &kafka.Record{Value: []byte("\x00\x00\x00\x00\x07" + datum)}})
	}
	require.NoError(t, handle("\x04"))
	require.Equal(t, []string{"telegram"}, l.get())
	for _, datum := range []string{"\x00", "\x02", "\x06", ""} {
		require.ErrorIs(t, handle(datum), avroconsumer.ErrNoHandler)
	}
}

package avroconsumer_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

var errSchemas = errors.New("the reader's field vat has no default")

// refuse decodes strings, except values that name an error.
type refuse struct{}

func (refuse) Decode(_ context.Context, payload []byte, from *serde.Target, v *string) error {
	*v = string(payload)
	var err error
	switch *v {
	case "mismatch":
		err = &serde.SchemaMismatchError{Err: errSchemas}
	case "rule":
		err = &serde.RuleError{Rule: "encPII", Type: "ENCRYPT"}
	case "no reader":
		err = &serde.ReaderSchemaError{Subject: "t-value", Err: &registry.NotFoundError{What: "subject t-value"}}
	default:
		return nil
	}
	return &serde.DecodeError{Topic: from.Topic, Part: from.Part, SchemaID: 41, Err: err}
}

func (w *world) refusing(opts ...avroconsumer.Option) *consumer {
	c, err := avroconsumer.New(w.member(), serde.String, serde.Deserializer[string](refuse{}), append(opts, avroconsumer.WithOwnedClient(), avroconsumer.WithToEnd())...)
	require.NoError(w, err)
	w.Cleanup(func() { _ = c.Close(context.Background()) })
	require.NoError(w, c.Subscribe("t"))
	return c
}

// withPolicy gives these classes a policy that processes the record.
func withPolicy(l *deadLetters, classes ...avroconsumer.Class) (opts []avroconsumer.Option) {
	for _, class := range classes {
		opts = append(opts, avroconsumer.WithPolicy(class, avroconsumer.DeadLetter(l)))
	}
	return opts
}

// Schemas that do not match stop a consumer, unless it has a policy for that class; a program
// without a reader's schema stops in any case.
func TestSchemaMismatch(t *testing.T) {
	others := []avroconsumer.Class{avroconsumer.DecodeErrors, avroconsumer.UnknownSchemas, avroconsumer.HandlerErrors}
	all := append(others[:3:3], avroconsumer.SchemaMismatch)
	const mismatch = "t [0] offset 1: value (schema 41): the reader's field vat has no default"
	for _, c := range []struct {
		name        string
		bad         string
		classes     []avroconsumer.Class
		err         string
		deadLetters []string
	}{
		{"by default", "mismatch", nil, mismatch, nil},
		{"policies of other classes", "mismatch", others, mismatch, nil},
		{"its own policy", "mismatch", []avroconsumer.Class{avroconsumer.SchemaMismatch}, "", []string{"mismatch after 1"}},
		{"a rule", "rule", others, `t [0] offset 1: value (schema 41): rule "encPII"`, nil},
		{"no schema to read with", "no reader", all, "t [0] offset 1: value (schema 41): the latest schema of subject t-value cannot be the reader's", nil},
	} {
		for _, how := range []string{"Run", "RunBatch"} {
			t.Run(c.name+"/"+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, 1)
					w.fill(0, "a", c.bad, "b")
					dead := &deadLetters{}
					consumer := w.refusing(withPolicy(dead, c.classes...)...)
					var l log
					one := func(_ context.Context, m *message) error {
						l.add("%s", m.Value)
						return nil
					}
					run := func() error { return consumer.Run(t.Context(), one) }
					if how == "RunBatch" {
						run = func() error {
							return consumer.RunBatch(t.Context(), 10, time.Second, func(ctx context.Context, batch []*message) []error {
								for _, m := range batch {
									_ = one(ctx, m)
								}
								return nil
							})
						}
					}
					err := run()
					require.Equal(t, c.deadLetters, dead.get())
					if c.err == "" {
						require.NoError(t, err)
						require.Equal(t, []string{"a", "b"}, l.get())
						require.Equal(t, int64(3), w.committed(0))
					} else {
						require.ErrorContains(t, err, c.err)
						var record *avroconsumer.RecordError
						require.ErrorAs(t, err, &record)
						require.Equal(t, c.bad == "no reader", record.NotRecordFault())
						if !record.NotRecordFault() {
							require.Equal(t, avroconsumer.SchemaMismatch, record.Class())
						}
						require.Equal(t, []string{"a"}, l.get())
						require.Equal(t, int64(1), w.committed(0), "on the record, for a program that can read it")
					}
					w.close(consumer)
				})
			})
		}
	}
}

// Poll and Messages yield it like other bad records, with its class; a fault of the program is
// returned again.
func TestPollSchemaMismatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.fill(0, "a", "mismatch", "no reader", "b")
		c := w.refusing()
		var got []string
		for m, err := range c.Messages(t.Context()) {
			if err == nil {
				got = append(got, m.Value)
				continue
			}
			var record *avroconsumer.RecordError
			require.ErrorAs(t, err, &record)
			got = append(got, fmt.Sprint(record.Class(), " ", record.Raw.Offset))
			if len(got) == 5 {
				break
			}
		}
		require.Equal(t, []string{"a", "schema mismatch 1", "reader schema 2", "reader schema 2", "reader schema 2"}, got)
		w.close(c)
	})
}

// Of a handler's errors, only those of serializing are schema mismatches.
func TestClassOfHandlersErrors(t *testing.T) {
	for _, c := range []struct {
		err   error
		class avroconsumer.Class
	}{
		{&serde.EncodeError{Err: &serde.SchemaMismatchError{Err: errSchemas}}, avroconsumer.SchemaMismatch},
		{fmt.Errorf("bill: %w", &serde.EncodeError{Err: &schemas.IncompatibleError{}}), avroconsumer.SchemaMismatch},
		{&serde.EncodeError{Err: &registry.ConflictError{}}, avroconsumer.SchemaMismatch},
		{&serde.EncodeError{Err: &serde.MissingSchemaError{Err: &registry.NotFoundError{}}}, avroconsumer.SchemaMismatch},
		{&serde.EncodeError{Err: &registry.UnauthorizedError{}}, avroconsumer.HandlerErrors},
		{&schemas.IncompatibleError{}, avroconsumer.HandlerErrors},
		{&serde.SchemaMismatchError{Err: errSchemas}, avroconsumer.HandlerErrors},
		{&serde.EncodeError{Err: errors.New("field channel is set")}, avroconsumer.HandlerErrors},
	} {
		e := &avroconsumer.RecordError{Raw: &kafka.Record{}, Stage: avroconsumer.StageHandler, Err: c.err}
		require.Equal(t, c.class, e.Class(), "%v", c.err)
		require.False(t, e.NotRecordFault())
	}
	_, err := avroconsumer.New(kafka.Consumer(newWorld(t, 1).member()), serde.String, serde.String,
		avroconsumer.WithPolicy(avroconsumer.SchemaMismatch, avroconsumer.Retry(1, avroconsumer.Constant(0))))
	require.ErrorContains(t, err, "schema mismatches are never retried")
}

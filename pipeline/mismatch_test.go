package pipeline_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/pipeline"
	"github.com/kavro/kavro/serde"
)

// schemed encodes and decodes strings, some of them with schema errors.
type schemed struct{ text }

func amiss(v string) error {
	switch {
	case strings.HasPrefix(v, "mismatch"):
		return &serde.SchemaMismatchError{Err: errors.New("vat has no default")}
	case strings.HasPrefix(v, "no reader"):
		return &serde.ReaderSchemaError{Subject: "in-value", Err: errors.New("it has no field vat")}
	}
	return nil
}

func (schemed) Decode(_ context.Context, payload []byte, _ *serde.Target, v *string) error {
	*v = string(payload)
	if err := amiss(*v); err != nil {
		return &serde.DecodeError{Err: err}
	}
	return nil
}

func (schemed) Append(_ context.Context, dst []byte, _ *serde.Target, v *string) ([]byte, error) {
	err := amiss(strings.Trim(strings.TrimPrefix(*v, "<out "), "<>"))
	if err != nil {
		return dst, &serde.EncodeError{Err: err}
	}
	return append(dst, *v...), nil
}

func (p *plant) schemed(exactlyOnce bool, opts ...pipeline.Option) *line {
	s := schemed{text{p.down}}
	l, err := pipeline.New(p.session(exactlyOnce), serde.String, serde.Deserializer[string](s), serde.String, serde.Serializer[string](s),
		append(opts, pipeline.WithOwnedClient(), pipeline.WithToEnd())...)
	require.NoError(p, err)
	p.Cleanup(func() { _ = l.Close(context.Background()) })
	require.NoError(p, l.Subscribe("in"))
	return l
}

// Schemas that do not match, of the input or the output, stop a pipeline unless it has a policy
// for that class.
func TestSchemaMismatch(t *testing.T) {
	others := []avroconsumer.Class{avroconsumer.DecodeErrors, avroconsumer.UnknownSchemas, avroconsumer.HandlerErrors}
	all := append(others[:3:3], avroconsumer.SchemaMismatch)
	const pair, program = avroconsumer.SchemaMismatch, avroconsumer.ReaderSchemaErrors
	for _, c := range []struct {
		name, bad string
		classes   []avroconsumer.Class
		stops     avroconsumer.Class // 0: it continues
	}{
		{"of a record", "mismatch", others, pair},
		{"of a record, by its policy", "mismatch", all, 0},
		{"of a result", "out mismatch", others, pair},
		{"of a result, by its policy", "out mismatch", all, 0},
		{"no schema to read with", "no reader", all, program},
	} {
		t.Run(c.name, func(t *testing.T) {
			both(t, func(t *testing.T, exactlyOnce bool) {
				p := newPlant(t, 1)
				p.fill(0, "a", c.bad, "b")
				var opts []pipeline.Option
				for _, class := range c.classes {
					opts = append(opts, pipeline.WithPolicy(class, pipeline.DeadLetter()))
				}
				l := p.schemed(exactlyOnce, opts...)
				err := l.Run(t.Context(), echo)
				if c.stops != 0 {
					var record *avroconsumer.RecordError
					require.ErrorAs(t, err, &record)
					require.Equal(t, c.stops, record.Class())
					require.Equal(t, int64(1), p.committed(0))
					require.Empty(t, p.values("in-dlt"))
				} else {
					require.NoError(t, err)
					require.Equal(t, int64(3), p.committed(0))
					require.Contains(t, p.values("in-dlt"), c.bad)
				}
				p.close(l)
			})
		})
	}
}

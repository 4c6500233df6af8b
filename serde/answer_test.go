package serde_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/serde"
)

// lying is a registry whose answers are changed.
type lying struct {
	serde.SchemaRegistrar
	change func(*registry.SubjectSchema) *registry.SubjectSchema
}

func (l lying) answer(s *registry.SubjectSchema, err error) (*registry.SubjectSchema, error) {
	if err != nil {
		return nil, err
	}
	changed := *s
	return l.change(&changed), nil
}

func (l lying) Lookup(ctx context.Context, subject string, d registry.Definition, opts ...registry.CallOption) (*registry.SubjectSchema, error) {
	return l.answer(l.SchemaRegistrar.Lookup(ctx, subject, d, opts...))
}

func (l lying) Register(ctx context.Context, subject string, d registry.Definition, opts ...registry.CallOption) (*registry.SubjectSchema, error) {
	return l.answer(l.SchemaRegistrar.Register(ctx, subject, d, opts...))
}

func (l lying) Version(ctx context.Context, subject string, version int, opts ...registry.CallOption) (*registry.SubjectSchema, error) {
	return l.answer(l.SchemaRegistrar.Version(ctx, subject, version, opts...))
}

func (l lying) Latest(ctx context.Context, subject string) (*registry.SubjectSchema, error) {
	return l.answer(l.SchemaRegistrar.Latest(ctx, subject))
}

func (l lying) SchemaByID(ctx context.Context, subject string, id int) (*registry.SubjectSchema, error) {
	return l.answer(l.SchemaRegistrar.SchemaByID(ctx, subject, id))
}

// Whatever a registry answers, no id is written that no registry gives: every
// implementation of the interface is looked at, for all the ways to decide.
func TestNoIDOutOfRangeIsWritten(t *testing.T) {
	ways := map[string]struct {
		known bool // the schema is registered before
		opts  []serde.SerializerOption
	}{
		"lookup":   {true, nil},
		"register": {false, nil},
		"identity": {true, []serde.SerializerOption{serde.WithAutoRegister(false)}},
		"latest":   {true, []serde.SerializerOption{serde.WithLatest()}},
		"version":  {true, []serde.SerializerOption{serde.WithVersion(1)}},
		"id":       {true, []serde.SerializerOption{serde.WithSchemaID(1)}},
	}
	for name, way := range ways {
		write := func(change func(*registry.SubjectSchema) *registry.SubjectSchema) ([]byte, error) {
			r := newCounting()
			if way.known {
				encode(t, serializer[Order](t, r, serde.WithSchema(orderV1)), Order{})
			}
			s := serializer[Order](t, lying{r, change}, append(way.opts, serde.WithSchema(orderV1))...)
			return s.Append(t.Context(), nil, target(), &Order{ID: "a"})
		}
		for _, wide := range []int64{0, -5, -1, 1 << 31, 4294967297} {
			id := int(wide)
			if int64(id) != wide {
				continue // a registry of this program cannot answer it: int has 32 bits
			}
			t.Run(fmt.Sprint(name, " ", id), func(t *testing.T) {
				out, err := write(func(s *registry.SubjectSchema) *registry.SubjectSchema { s.ID = id; return s })
				var malformed *registry.MalformedResponseError
				require.ErrorAs(t, err, &malformed)
				require.ErrorContains(t, err, fmt.Sprintf("subject orders-value: schema id %d, want 1 to 2147483647", id))
				require.Empty(t, out)
			})
		}
		_, err := write(func(s *registry.SubjectSchema) *registry.SubjectSchema { s.ID = 1<<31 - 1; return s })
		if name == "id" {
			require.ErrorContains(t, err, "the schema with id 2147483647, want 1")
		} else {
			require.NoError(t, err, name)
		}
		_, err = write(func(*registry.SubjectSchema) *registry.SubjectSchema { return nil })
		require.ErrorContains(t, err, "nothing", name)
		_, err = write(func(s *registry.SubjectSchema) *registry.SubjectSchema { s.Type, s.Schema = "JSON", nil; return s })
		require.ErrorContains(t, err, "is of type JSON, want AVRO", name)
	}
	r := newCounting()
	encode(t, serializer[Order](t, r, serde.WithSchema(orderV1)), Order{})
	s := serializer[Order](t, lying{r, func(s *registry.SubjectSchema) *registry.SubjectSchema { s.Version = 2; return s }}, serde.WithSchema(orderV1), serde.WithVersion(1))
	_, err := s.Append(t.Context(), nil, target(), &Order{})
	require.ErrorContains(t, err, "version 2, want 1")
}

package serde_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

// Of options of which one can count, the second is an error; what cannot be used is
// one too.
func TestOptionsThatContradict(t *testing.T) {
	text := schemas.MustParse(`"string"`)
	schema, subject := serde.WithSchema(text), serde.WithSubject(serde.TopicName)
	for _, tt := range []struct {
		name string
		opts []serde.SerializerOption
		want string
	}{
		{"a schema twice", []serde.SerializerOption{schema, schema}, "serde: WithSchema: is given twice"},
		{"a schema and a definition", []serde.SerializerOption{schema, serde.WithDefinition(text, registry.Definition{})}, "serde: WithDefinition: excludes WithSchema"},
		{"a subject twice", []serde.SerializerOption{subject, schema, subject}, "serde: WithSubject: is given twice"},
		{"a subject and an association", []serde.SerializerOption{schema, serde.WithAssociated("", nil), subject}, "serde: WithSubject: excludes WithAssociated"},
		{"registration twice", []serde.SerializerOption{schema, serde.WithAutoRegister(true), serde.WithAutoRegister(false)}, "serde: WithAutoRegister: is given twice"},
		{"an id twice", []serde.SerializerOption{serde.WithSchemaID(1), serde.WithSchemaID(2)}, "serde: WithSchemaID: is given twice"},
		{"a version twice", []serde.SerializerOption{serde.WithVersion(1), serde.WithVersion(2)}, "serde: WithVersion: is given twice"},
		{"no id", []serde.SerializerOption{serde.WithSchemaID(0)}, "serde: WithSchemaID: 0: want a positive number"},
		{"no version", []serde.SerializerOption{serde.WithVersion(-1)}, "serde: WithVersion: -1: want a positive number"},
		{"no schema", []serde.SerializerOption{serde.WithSchema(nil)}, "serde: WithSchema: the schema is nil"},
		{"no function", []serde.SerializerOption{schema, serde.WithSubject(nil)}, "serde: WithSubject: the function is nil"},
		{"all of them", []serde.SerializerOption{schema, schema, serde.WithSubject(nil)}, "serde: WithSchema: is given twice\nserde: WithSubject: the function is nil"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := serde.NewAvroSerializer[string](memory.New(), tt.opts...)
			require.EqualError(t, err, tt.want)
			var both []serde.DeserializerOption
			for _, o := range tt.opts {
				if o, ok := o.(serde.Option); ok {
					both = append(both, o)
				}
			}
			if len(both) == len(tt.opts) {
				_, err := serde.NewAvroDeserializer[string](memory.New(), both...)
				require.EqualError(t, err, tt.want)
			}
		})
	}
}

// An option wins over a key.
func TestOptionsWinOverKeys(t *testing.T) {
	ser, des, err := serde.FromConfig(kafka.Config{"auto.register.schemas": true, "value.subject.name.strategy": "RecordNameStrategy"}, serde.Value)
	require.NoError(t, err)
	named := serde.WithSubject(func(topic string, _ serde.Part, _ string) (string, error) { return strings.ToUpper(topic), nil })
	memory := memory.New()
	s, err := serde.NewAvroSerializer[string](memory, append(ser, named, serde.WithAutoRegister(true))...)
	require.NoError(t, err)
	_, err = s.Append(t.Context(), nil, &serde.Target{Topic: "orders", Part: serde.Value}, new(string))
	require.NoError(t, err)
	subjects, err := memory.Subjects(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, []string{"ORDERS"}, subjects)
	_, err = serde.NewAvroDeserializer[string](memory, append(des, named)...)
	require.NoError(t, err)
	_, err = serde.NewAvroSerializer[string](memory, append(ser, named, named)...)
	require.ErrorContains(t, err, "WithSubject: is given twice")
}

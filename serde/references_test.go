package serde_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

// literal is a registry that finds a schema only by its very text, as some do, and
// counts what it is asked.
type literal struct{ *counting }

func (l literal) Lookup(ctx context.Context, subject string, d registry.Definition, opts ...registry.CallOption) (*registry.SubjectSchema, error) {
	s, err := l.counting.Lookup(ctx, subject, d, opts...)
	if err == nil && s.Text != d.Text {
		return nil, &registry.NotFoundError{What: "schema of subject " + subject}
	}
	return s, err
}

func (l literal) Latest(ctx context.Context, subject string) (*registry.SubjectSchema, error) {
	l.calls = append(l.calls, "latest "+subject)
	return l.counting.Latest(ctx, subject)
}

type address struct {
	City string `avro:"city"`
}

type shipment struct {
	To address `avro:"to"`
}

func addressText(doc string) string {
	return `{"type":"record","name":"Address","namespace":"shop","doc":"` + doc + `","fields":[{"name":"city","type":"string"}]}`
}

const shipmentText = `{"type":"record","name":"Shipment","namespace":"shop","fields":[{"name":"to","type":"Address"}]}`

// shipmentOf is a schema as a generated type has it that comes of two files.
func shipmentOf(doc string) *schemas.Schema {
	return schemas.MustParse(shipmentText, schemas.WithReferences(schemas.MustParse(addressText(doc))))
}

// withReferences registers the schema as another program does: by references.
func withReferences(t *testing.T, r *memory.Registry, doc string) *registry.SubjectSchema {
	_, err := r.Register(t.Context(), "address", registry.Definition{Text: addressText(doc)})
	require.NoError(t, err)
	s, err := r.Register(t.Context(), "orders-value", registry.Definition{Text: shipmentText,
		References: []registry.Reference{{Name: "shop.Address", Subject: "address", Version: 1}}})
	require.NoError(t, err)
	return s
}

func TestReferencesAreWrittenOut(t *testing.T) {
	for name, write := range map[string]func(*testing.T, serde.SchemaRegistrar, *schemas.Schema) []byte{
		"a type": func(t *testing.T, r serde.SchemaRegistrar, s *schemas.Schema) []byte {
			return encode(t, serializer[shipment](t, r, serde.WithSchema(s)), shipment{address{"Bern"}})
		},
		"a definition without references": func(t *testing.T, r serde.SchemaRegistrar, s *schemas.Schema) []byte {
			d := registry.Definition{Metadata: &registry.Metadata{Properties: map[string]string{"owner": "logistics"}}}
			return encode(t, serializer[shipment](t, r, serde.WithDefinition(s, d)), shipment{address{"Bern"}})
		},
		"a generic value": func(t *testing.T, r serde.SchemaRegistrar, s *schemas.Schema) []byte {
			return encode(t, serializer[serde.Generic](t, r), serde.Generic{Schema: s, Value: map[string]any{"to": map[string]any{"city": "Bern"}}})
		},
		"a variant": func(t *testing.T, r serde.SchemaRegistrar, s *schemas.Schema) []byte {
			return encode(t, serializer[any](t, r, serde.WithVariant[shipment](s)), any(shipment{address{"Bern"}}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := literal{newCounting()}
			s := shipmentOf("Where.")
			payload := write(t, r, s)
			require.Equal(t, []string{"lookup orders-value", "latest orders-value", "register orders-value"}, r.calls)
			kept, err := r.Registry.Latest(t.Context(), "orders-value")
			require.NoError(t, err)
			require.Equal(t, s.PrintResolved(), kept.Text)
			require.Empty(t, kept.References)
			require.Equal(t, shipment{address{"Bern"}}, decode(t, deserializer[shipment](t, r, serde.WithSchema(s)), payload))

			r.calls = nil
			require.Equal(t, payload, write(t, r, shipmentOf("Where.")), "another program, and the schema is there")
			require.Equal(t, []string{"lookup orders-value"}, r.calls)
		})
	}
}

// A version that names its references and means the same is used.
func TestReferencesThatAreNamed(t *testing.T) {
	for name, opts := range map[string][]serde.SerializerOption{
		"registration on":  nil,
		"registration off": {serde.WithAutoRegister(false)},
	} {
		t.Run(name, func(t *testing.T) {
			r := literal{newCounting()}
			there := withReferences(t, r.Registry, "Where.")
			s := serializer[shipment](t, r, append(opts, serde.WithSchema(shipmentOf("Where.")))...)
			to, v := target(), shipment{address{"Bern"}}
			_, err := s.Append(t.Context(), nil, to, &v)
			require.NoError(t, err)
			require.Equal(t, there.ID, to.Schema.ID)
			require.NotContains(t, r.calls, "register orders-value")
			if opts == nil {
				require.Equal(t, []string{"lookup orders-value", "latest orders-value"}, r.calls)
			}
		})
	}
	t.Run("the same text over another type", func(t *testing.T) {
		r := literal{newCounting()}
		withReferences(t, r.Registry, "Where.")
		encode(t, serializer[shipment](t, r, serde.WithSchema(shipmentOf("Where to."))), shipment{})
		require.Equal(t, "register orders-value", r.calls[2])
		_, err := serializer[shipment](t, r, serde.WithAutoRegister(false), serde.WithSchema(shipmentOf("Elsewhere."))).Append(t.Context(), nil, target(), &shipment{})
		var missing *serde.MissingSchemaError
		require.ErrorAs(t, err, &missing)
	})
	t.Run("rules are asked for", func(t *testing.T) {
		r := literal{newCounting()}
		withReferences(t, r.Registry, "Where.")
		rules := &registry.RuleSet{DomainRules: []registry.Rule{{Name: "encPII", Kind: "TRANSFORM", Mode: "WRITEREAD", Type: "ENCRYPT"}}}
		s := serializer[shipment](t, r, serde.WithDefinition(shipmentOf("Where."), registry.Definition{RuleSet: rules}))
		_, err := s.Append(t.Context(), nil, target(), &shipment{})
		var rule *serde.RuleError
		require.ErrorAs(t, err, &rule, "never in clear")
	})
}

// refusing registers nothing.
type refusing struct{ literal }

func (r refusing) Register(context.Context, string, registry.Definition, ...registry.CallOption) (*registry.SubjectSchema, error) {
	return nil, &registry.ConflictError{}
}

// A refusal (409) of what an older version says already, in other words, is none.
func TestConflictWithAnEqualVersion(t *testing.T) {
	r := refusing{literal{newCounting()}}
	there := withReferences(t, r.Registry, "Where.")
	_, err := r.Registry.Register(t.Context(), "orders-value", registry.Definition{Text: `{"type":"record","name":"Shipment","namespace":"shop","fields":[]}`})
	require.NoError(t, err)
	s := serializer[shipment](t, r, serde.WithSchema(shipmentOf("Where.")))
	to := target()
	_, err = s.Append(t.Context(), nil, to, &shipment{})
	require.NoError(t, err)
	require.Equal(t, there.ID, to.Schema.ID)
}

// A schema that is parsed again for each record is one schema.
func TestGenericSchemasByContent(t *testing.T) {
	for name, parse := range map[string]func() *schemas.Schema{
		"one text": func() *schemas.Schema {
			return schemas.MustParse(`{"type":"record","name":"shop.Shipment","fields":[{"name":"to","type":{"type":"record","name":"Address","fields":[{"name":"city","type":"string"}]}}]}`)
		},
		"references": func() *schemas.Schema { return shipmentOf("Where.") },
	} {
		t.Run(name, func(t *testing.T) {
			r := newCounting()
			s := serializer[serde.Generic](t, r)
			value := map[string]any{"to": map[string]any{"city": "Bern"}}
			first := encode(t, s, serde.Generic{Schema: parse(), Value: value})
			asked := len(r.calls)
			for range 100 {
				require.Equal(t, first, encode(t, s, serde.Generic{Schema: parse(), Value: value}))
			}
			require.Len(t, r.calls, asked)

			g := serde.Generic{Schema: parse(), Value: value}
			ctx, to, buf := t.Context(), target(), make([]byte, 0, 64)
			least := testing.AllocsPerRun(10, func() { _, _ = s.Append(ctx, buf, to, &g) })
			require.Zero(t, least, "the same schema again")
		})
	}
	// Equal texts over different references are two schemas.
	r := memory.New()
	s := serializer[serde.Generic](t, r)
	value := map[string]any{"to": map[string]any{"city": "Bern"}}
	first := encode(t, s, serde.Generic{Schema: shipmentOf("Where."), Value: value})
	second := encode(t, s, serde.Generic{Schema: shipmentOf("Where to."), Value: value})
	require.NotEqual(t, first[:5], second[:5])
}

// What is given beside the text of one schema is for no other.
func TestDefinitionOfAGeneric(t *testing.T) {
	r := memory.New()
	s := serializer[serde.Generic](t, r, serde.WithSubject(serde.TopicRecordName), serde.WithDefinition(orderV1, registry.Definition{
		Text: orderV1.String(), Metadata: &registry.Metadata{Properties: map[string]string{"owner": "shop"}}}))
	encode(t, s, serde.Generic{Schema: schemas.MustParse(orderV1.String()), Value: map[string]any{"id": "a", "total": int64(1)}})
	encode(t, s, serde.Generic{Schema: paidSchema, Value: map[string]any{"id": "a"}})
	order, err := r.Latest(t.Context(), "orders-shop.Order")
	require.NoError(t, err)
	require.Equal(t, "shop", order.Metadata.Properties["owner"])
	other, err := r.Latest(t.Context(), "orders-shop.Paid")
	require.NoError(t, err)
	require.Equal(t, paidSchema.String(), other.Text)
	require.Nil(t, other.Metadata)
}

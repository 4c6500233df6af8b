package serde_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/base"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/serde"
)

// Each honoured key does what it says.
func TestConfigHonoured(t *testing.T) {
	build := func(t *testing.T, r serde.SchemaRegistrar, conf base.Config) *serde.AvroSerializer[Order] {
		opts, _, err := serde.FromConfig(conf, serde.Value)
		require.NoError(t, err)
		return serializer[Order](t, r, append(opts, serde.WithSchema(orderV1))...)
	}
	first := func(t *testing.T, r *registry.Memory, conf base.Config) (*serde.Target, []byte, error) {
		to := target()
		v := Order{ID: "a"}
		out, err := build(t, r, conf).Append(t.Context(), nil, to, &v)
		return to, out, err
	}
	t.Run("auto.register.schemas", func(t *testing.T) {
		_, _, err := first(t, registry.NewMemory(), base.Config{"auto.register.schemas": "false"})
		var missing *serde.MissingSchemaError
		require.ErrorAs(t, err, &missing)
	})
	t.Run("use.latest.version", func(t *testing.T) {
		r := registry.NewMemory()
		encode(t, serializer[OrderV2](t, r, serde.WithSchema(orderV2)), OrderV2{})
		to, _, err := first(t, r, base.Config{"use.latest.version": true})
		require.NoError(t, err)
		require.Equal(t, orderV2.Canonical(), to.Schema.Schema.Canonical())
	})
	t.Run("use.schema.id", func(t *testing.T) {
		r := registry.NewMemory()
		encode(t, serializer[OrderV2](t, r, serde.WithSchema(orderV2)), OrderV2{})
		to, _, err := first(t, r, base.Config{"use.schema.id": 1})
		require.NoError(t, err)
		require.Equal(t, 1, to.Schema.ID)
		_, _, err = first(t, r, base.Config{"use.schema.id": 99})
		var unknown *registry.NotFoundError
		require.ErrorAs(t, err, &unknown)
	})
	t.Run("latest.compatibility.strict", func(t *testing.T) {
		r := registry.NewMemory()
		encode(t, serializer[map[string]any](t, r, serde.WithSchema(orderV3)), map[string]any{"id": "", "total": int64(0), "vat": int64(0)})
		_, _, err := first(t, r, base.Config{"use.latest.version": true})
		require.ErrorContains(t, err, "the registry's schema cannot read what the program's writes")
		_, _, err = first(t, r, base.Config{"use.latest.version": true, "latest.compatibility.strict": false})
		require.ErrorContains(t, err, "vat", "unchecked, the value itself does not resolve")
	})
	t.Run("value.subject.name.strategy", func(t *testing.T) {
		for strategy, subject := range map[any]string{
			"io.confluent.kafka.serializers.subject.TopicNameStrategy":  "orders-value",
			"io.confluent.kafka.serializers.subject.RecordNameStrategy": "shop.Order",
			"TopicRecordNameStrategy":                                   "orders-shop.Order",
		} {
			to, _, err := first(t, registry.NewMemory(), base.Config{"value.subject.name.strategy": strategy})
			require.NoError(t, err)
			require.Equal(t, subject, to.Schema.Subject)
		}
		to, _, err := first(t, registry.NewMemory(), base.Config{"value.subject.name.strategy": serde.Subject(serde.RecordName)})
		require.NoError(t, err)
		require.Equal(t, "shop.Order", to.Schema.Subject)
	})
	t.Run("value.schema.id.serializer", func(t *testing.T) {
		to, out, err := first(t, registry.NewMemory(), base.Config{"value.schema.id.serializer": "HeaderSchemaIdSerializer"})
		require.NoError(t, err)
		require.Equal(t, serde.ValueFrameHeader, to.Headers[0].Key)
		require.Equal(t, byte(2), out[0])
	})
	t.Run("normalize.schemas", func(t *testing.T) {
		r := registry.NewMemory()
		_, err := r.Register(t.Context(), "orders-value", registry.Definition{Text: orderV1.Normalized()}, registry.Normalize())
		require.NoError(t, err)
		to, _, err := first(t, r, base.Config{"normalize.schemas": true})
		require.NoError(t, err)
		require.Equal(t, 1, to.Schema.Version)
	})
}

// Each refused key is refused, unless it says what kavro does anyway.
func TestConfigRefused(t *testing.T) {
	for _, k := range serde.ConfigKeys() {
		if k.Refused == "" {
			continue
		}
		_, _, err := serde.FromConfig(base.Config{k.Name: "something.else"}, serde.Value)
		var e *base.ConfigError
		require.ErrorAs(t, err, &e, k.Name)
		require.Equal(t, k.Name, e.Key)
		require.ErrorContains(t, err, k.Refused)
		if k.Default != "" {
			_, _, err = serde.FromConfig(base.Config{k.Name: k.Default}, serde.Value)
			require.NoError(t, err, k.Name)
		}
	}
}

// Each ignored key is accepted.
func TestConfigIgnored(t *testing.T) {
	for _, k := range serde.ConfigKeys() {
		if k.Ignored == "" {
			continue
		}
		ser, des, err := serde.FromConfig(base.Config{k.Name: "anything"}, serde.Key)
		require.NoError(t, err, k.Name)
		require.Empty(t, ser)
		require.Empty(t, des)
	}
}

func TestConfigBadValues(t *testing.T) {
	for key, value := range map[string]any{
		"auto.register.schemas":       "perhaps",
		"use.schema.id":               "one",
		"value.subject.name.strategy": "com.example.MyStrategy",
		"value.schema.id.serializer":  "com.example.MySerializer",
	} {
		_, _, err := serde.FromConfig(base.Config{key: value}, serde.Value)
		var e *base.ConfigError
		require.ErrorAs(t, err, &e, key)
		require.Equal(t, key, e.Key)
	}
}

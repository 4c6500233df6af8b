package serde_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/serde"
)

// Each honoured key does what it says.
func TestConfigHonoured(t *testing.T) {
	build := func(t *testing.T, r serde.SchemaRegistrar, conf kafka.Config) *serde.AvroSerializer[Order] {
		opts, _, err := serde.FromConfig(conf, serde.Value)
		require.NoError(t, err)
		return serializer[Order](t, r, append(opts, serde.WithSchema(orderV1))...)
	}
	first := func(t *testing.T, r *memory.Registry, conf kafka.Config) (*serde.Target, []byte, error) {
		to := target()
		v := Order{ID: "a"}
		out, err := build(t, r, conf).Append(t.Context(), nil, to, &v)
		return to, out, err
	}
	t.Run("auto.register.schemas", func(t *testing.T) {
		_, _, err := first(t, memory.New(), kafka.Config{"auto.register.schemas": "false"})
		var missing *serde.MissingSchemaError
		require.ErrorAs(t, err, &missing)
	})
	t.Run("use.latest.version", func(t *testing.T) {
		r := memory.New()
		encode(t, serializer[OrderV2](t, r, serde.WithSchema(orderV2)), OrderV2{})
		to, _, err := first(t, r, kafka.Config{"use.latest.version": true})
		require.NoError(t, err)
		require.Equal(t, orderV2.Canonical(), to.Schema.Schema.Canonical())
	})
	t.Run("use.schema.id", func(t *testing.T) {
		r := memory.New()
		encode(t, serializer[OrderV2](t, r, serde.WithSchema(orderV2)), OrderV2{})
		to, _, err := first(t, r, kafka.Config{"use.schema.id": 1})
		require.NoError(t, err)
		require.Equal(t, 1, to.Schema.ID)
		_, _, err = first(t, r, kafka.Config{"use.schema.id": 99})
		var unknown *registry.NotFoundError
		require.ErrorAs(t, err, &unknown)
	})
	t.Run("latest.compatibility.strict", func(t *testing.T) {
		r := memory.New()
		encode(t, serializer[map[string]any](t, r, serde.WithSchema(orderV3)), map[string]any{"id": "", "total": int64(0), "vat": int64(0)})
		_, _, err := first(t, r, kafka.Config{"use.latest.version": true, "id.compatibility.strict": false})
		require.ErrorContains(t, err, "the registry's schema cannot read what the program's writes")
		_, _, err = first(t, r, kafka.Config{"use.latest.version": true, "latest.compatibility.strict": false})
		require.ErrorContains(t, err, "vat", "unchecked, the value itself does not resolve")
	})
	t.Run("id.compatibility.strict", func(t *testing.T) {
		r := memory.New()
		encode(t, serializer[map[string]any](t, r, serde.WithSchema(orderV3)), map[string]any{"id": "", "total": int64(0), "vat": int64(0)})
		_, _, err := first(t, r, kafka.Config{"use.schema.id": 1, "latest.compatibility.strict": false})
		require.ErrorContains(t, err, "the registry's schema cannot read what the program's writes")
		_, _, err = first(t, r, kafka.Config{"use.schema.id": 1, "id.compatibility.strict": false})
		require.ErrorContains(t, err, "vat", "unchecked, the value itself does not resolve")
	})
	t.Run("value.subject.name.strategy", func(t *testing.T) {
		for strategy, subject := range map[any]string{
			"io.confluent.kafka.serializers.subject.TopicNameStrategy":  "orders-value",
			"io.confluent.kafka.serializers.subject.RecordNameStrategy": "shop.Order",
			"TopicRecordNameStrategy":                                   "orders-shop.Order",
		} {
			to, _, err := first(t, memory.New(), kafka.Config{"value.subject.name.strategy": strategy})
			require.NoError(t, err)
			require.Equal(t, subject, to.Schema.Subject)
		}
		to, _, err := first(t, memory.New(), kafka.Config{"value.subject.name.strategy": serde.Subject(serde.RecordName)})
		require.NoError(t, err)
		require.Equal(t, "shop.Order", to.Schema.Subject)
	})
	t.Run("value.schema.id.serializer", func(t *testing.T) {
		to, out, err := first(t, memory.New(), kafka.Config{"value.schema.id.serializer": "HeaderSchemaIdSerializer"})
		require.NoError(t, err)
		require.Equal(t, serde.ValueFrameHeader, to.Headers[0].Key)
		require.Equal(t, byte(2), out[0])
	})
	t.Run("key.schema.id.serializer", func(t *testing.T) {
		opts, _, err := serde.FromConfig(kafka.Config{"key.schema.id.serializer": "HeaderSchemaIdSerializer"}, serde.Key)
		require.NoError(t, err)
		to := &serde.Target{Topic: "orders", Part: serde.Key}
		_, err = serializer[Order](t, memory.New(), append(opts, serde.WithSchema(orderV1))...).Append(t.Context(), nil, to, &Order{})
		require.NoError(t, err)
		require.Equal(t, serde.KeyFrameHeader, to.Headers[0].Key)
	})
	t.Run("normalize.schemas", func(t *testing.T) {
		r := memory.New()
		_, err := r.Register(t.Context(), "orders-value", registry.Definition{Text: orderV1.Normalized()}, registry.Normalize())
		require.NoError(t, err)
		to, _, err := first(t, r, kafka.Config{"normalize.schemas": true})
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
		_, _, err := serde.FromConfig(kafka.Config{k.Name: "something.else"}, serde.Value)
		var e *kafka.ConfigError
		require.ErrorAs(t, err, &e, k.Name)
		require.Equal(t, k.Name, e.Key)
		require.ErrorContains(t, err, k.Refused)
		if k.Default != "" {
			_, _, err = serde.FromConfig(kafka.Config{k.Name: k.Default}, serde.Value)
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
		ser, des, err := serde.FromConfig(kafka.Config{k.Name: "anything"}, serde.Key)
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
		"subject.name.strategy.type":  "TOPICS",

		// of a strategy that is not in use
		"subject.name.strategy.kafka.cluster.id": "lkc-1",
		"subject.name.strategy.fallback.type":    "RECORD",
	} {
		_, _, err := serde.FromConfig(kafka.Config{key: value}, serde.Value)
		var e *kafka.ConfigError
		require.ErrorAs(t, err, &e, key)
		require.Equal(t, key, e.Key)
	}
	_, _, err := serde.FromConfig(kafka.Config{"subject.name.strategy.type": "ASSOCIATED", "subject.name.strategy.fallback.type": "ASSOCIATED"}, serde.Value)
	require.ErrorContains(t, err, "want TOPIC, RECORD, TOPIC_RECORD or NONE")
}

// Every honoured key is in a test of what it does.
func TestEveryKeyIsTested(t *testing.T) {
	tested := []string{
		"auto.register.schemas", "use.latest.version", "use.schema.id", "latest.compatibility.strict", "id.compatibility.strict", "normalize.schemas",
		"key.subject.name.strategy", "value.subject.name.strategy", "key.schema.id.serializer", "value.schema.id.serializer", // TestConfigHonoured
		"subject.name.strategy.type", "subject.name.strategy.kafka.cluster.id", "subject.name.strategy.fallback.type", // TestAssociatedByConfiguration
	}
	var honoured []string
	for _, k := range serde.ConfigKeys() {
		if k.Refused == "" && k.Ignored == "" {
			require.NotEmpty(t, k.Doc, k.Name)
			honoured = append(honoured, k.Name)
		}
	}
	require.ElementsMatch(t, tested, honoured)
}

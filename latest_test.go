package kavro_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/kavrotest"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

// OrderCancelled is what kavro gen makes of its schema.
type OrderCancelled struct{ ID, Reason string }

var cancelledSchema = schemas.MustParse(`{"type":"record","name":"OrderCancelled","namespace":"shop","fields":[
	{"name":"id","type":"string"},{"name":"reason","type":"string"}]}`)

func (*OrderCancelled) AvroSchema() *schemas.Schema { return cancelledSchema }

func (c *OrderCancelled) AppendAvro(dst []byte) ([]byte, error) {
	return avrort.AppendString(avrort.AppendString(dst, c.ID), c.Reason), nil
}

func (c *OrderCancelled) DecodeAvro(r *avrort.Reader) error {
	c.ID, c.Reason = r.String(), r.String()
	return r.Err()
}

// nextCancelled is what another team registers: compatible, and without reason.
const nextCancelled = `{"type":"record","name":"OrderCancelled","namespace":"shop","fields":[
	{"name":"id","type":"string"},{"name":"by","type":"string","default":""}]}`

// A consumer and a pipeline that were built before the latest version read on.
func TestLatestMovesOn(t *testing.T) {
	env := kavrotestWith(t, "cancelled", "audited", "cancelled-dlt")
	ctx := deadline(t)
	p, err := kavro.NewProducer[string, OrderCancelled](open(t, "franz", env.Config()))
	require.NoError(t, err)
	type out = kavro.Record[string, OrderCancelled]
	require.NoError(t, p.ProduceSync(ctx,
		out{Topic: "cancelled", Key: "1", Value: OrderCancelled{"1", "late"}},
		out{Topic: "cancelled", Key: "2", Value: OrderCancelled{"2", "lost"}}))
	_, err = env.Registry.Register(ctx, "cancelled-value", registry.Definition{Text: nextCancelled})
	require.NoError(t, err)
	_, err = env.Registry.Register(ctx, "audited-value", registry.Definition{Text: cancelledSchema.String()})
	require.NoError(t, err)
	deadLetters, err := kavro.NewProducer[string, []byte](open(t, "franz", env.Config()), kavro.WithValue(kavro.WithSerde(serde.Bytes)))
	require.NoError(t, err)
	latest := kavro.Config{"use.latest.version": true, "auto.register.schemas": false, "enable.partition.eof": true}

	t.Run("consumer", func(t *testing.T) {
		for name, schema := range map[string]kavro.ConstructorOption{
			"type":   kavro.WithValue(),
			"option": kavro.WithValue(kavro.WithSchema(cancelledSchema)),
		} {
			dead := avroconsumer.DeadLetter(avroconsumer.NewDeadLetters(deadLetters.Client()))
			c, err := kavro.NewConsumer[string, OrderCancelled](open(t, "franz", env.Config(latest)), name, []string{"cancelled"}, schema, kavro.WithToEnd(),
				kavro.WithPolicy(kavro.DecodeErrors, dead), kavro.WithPolicy(kavro.UnknownSchemas, dead))
			require.NoError(t, err)
			var got []OrderCancelled
			require.NoError(t, c.Run(ctx, func(_ context.Context, m *kavro.Message[string, OrderCancelled]) error {
				got = append(got, m.Value)
				return nil
			}))
			require.Equal(t, []OrderCancelled{{"1", "late"}, {"2", "lost"}}, got)
			require.NoError(t, c.Close(ctx))
		}
	})
	t.Run("pipeline", func(t *testing.T) {
		conf := env.Config(latest, kavro.Config{"transactional.id": "pipe"})
		l, err := kavro.NewPipeline[string, OrderCancelled, string, OrderCancelled](open(t, "franz", conf), "pipe", []string{"cancelled"},
			kavro.WithToEnd(), kavro.WithPolicy(kavro.DecodeErrors, kavro.DeadLetter()))
		require.NoError(t, err)
		n := 0
		require.NoError(t, l.Run(ctx, func(_ context.Context, m *kavro.Message[string, OrderCancelled]) ([]out, error) {
			n++
			return []out{{Topic: "audited", Key: m.Key, Value: m.Value}}, nil
		}))
		require.Equal(t, 2, n)
		require.NoError(t, l.Close(ctx))
	})
	t.Run("a type without a schema", func(t *testing.T) {
		type plain struct {
			ID     string `avro:"id"`
			Reason string `avro:"reason"`
		}
		skip := kavro.Skip()
		c, err := kavro.NewConsumer[string, plain](open(t, "franz", env.Config(latest)), "plain", []string{"cancelled"}, kavro.WithToEnd(), kavro.WithPolicy(kavro.DecodeErrors, skip), kavro.WithPolicy(kavro.UnknownSchemas, skip), kavro.WithPolicy(kavro.SchemaMismatch, skip))
		require.NoError(t, err)
		err = c.Run(ctx, func(context.Context, *kavro.Message[string, plain]) error { return nil })
		var reader *serde.ReaderSchemaError
		require.ErrorAs(t, err, &reader, "the program's own fault, whatever the policies")
		require.Equal(t, 2, reader.Version)
		require.Zero(t, c.Position()[0].Offset)
		require.NoError(t, c.Close(ctx))
	})
	for _, p := range []interface{ Close(context.Context) error }{p, deadLetters} {
		require.NoError(t, p.Close(ctx))
	}
}

// kavrotestWith starts an environment with topics of one partition.
func kavrotestWith(t *testing.T, topics ...string) *kavrotest.Env {
	env := kavrotest.New(t)
	for _, topic := range topics {
		require.NoError(t, env.CreateTopic(t.Context(), topic, 1))
	}
	return env
}

type account interface{ account() }

type created struct {
	Ref string `avro:"ref"`
}

type deleted struct {
	User string `avro:"user"`
}

func (created) account()  {}
func (*deleted) account() {}

// Several types in one topic as Confluent documents it: the subject is a union of
// references. What a producer with variants writes, a consumer with the same ones
// reads.
func TestVariantsOfAUnion(t *testing.T) {
	env := kavrotestWith(t, "user")
	ctx := deadline(t)
	cs := schemas.MustParse(`{"type":"record","name":"created","namespace":"acc","fields":[{"name":"ref","type":"string"}]}`)
	ds := schemas.MustParse(`{"type":"record","name":"deleted","namespace":"acc","fields":[{"name":"user","type":"string"}]}`)
	for subject, d := range map[string]registry.Definition{"created": {Text: cs.String()}, "deleted": {Text: ds.String()}} {
		_, err := env.Registry.Register(ctx, subject, d)
		require.NoError(t, err)
	}
	_, err := env.Registry.Register(ctx, "user-value", registry.Definition{Text: `["acc.created","acc.deleted"]`, References: []registry.Reference{
		{Name: "acc.created", Subject: "created", Version: 1}, {Name: "acc.deleted", Subject: "deleted", Version: 1}}})
	require.NoError(t, err)
	variants := kavro.WithValue(serde.WithVariant[created](cs), serde.WithVariant[deleted](ds))
	p, err := kavro.NewProducer[string, account](open(t, "franz", env.Config(kavro.Config{"auto.register.schemas": false, "use.latest.version": true})), variants)
	require.NoError(t, err)
	require.NoError(t, p.Warmup(ctx, "user"))
	want := []account{created{"r"}, &deleted{"u"}}
	for _, v := range want {
		require.NoError(t, p.Produce(ctx, "user", "k", v))
	}
	require.NoError(t, p.Close(ctx))
	for group, conf := range map[string]kavro.Config{"plain": {}, "latest": {"use.latest.version": true}} {
		c, err := kavro.NewConsumer[string, account](open(t, "franz", env.Config(conf)), group, []string{"user"}, variants)
		require.NoError(t, err)
		for _, v := range want {
			m, err := c.Poll(ctx)
			require.NoError(t, err)
			require.Equal(t, v, m.Value)
		}
		require.NoError(t, c.Close(ctx))
	}
}

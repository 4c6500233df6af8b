package otelkavro_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/kafka/franz"
	"github.com/kavro/kavro/kavrotest"
	"github.com/kavro/kavro/otelkavro"
	"github.com/kavro/kavro/pipeline"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/serde"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scene is a broker, and the SDK with an exporter and a reader in memory.
type scene struct {
	*testing.T
	conf   kafka.Config
	spans  *tracetest.InMemoryExporter
	reader *metric.ManualReader
	opts   []otelkavro.Option
}

func newScene(t *testing.T) *scene {
	env, err := kavrotest.Start(kavrotest.WithTopic("orders", 1), kavrotest.WithTopic("invoices", 1))
	require.NoError(t, err)
	s := &scene{
		T: t, spans: tracetest.NewInMemoryExporter(), reader: metric.NewManualReader(),
		conf: kafka.Config{
			"bootstrap.servers": strings.Join(env.Brokers, ","), "auto.offset.reset": "earliest",
			"enable.partition.eof": true, "linger.ms": 0, "fetch.wait.max.ms": 50,
		},
	}
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSyncer(s.spans))
	meters := metric.NewMeterProvider(metric.WithReader(s.reader))
	s.opts = []otelkavro.Option{
		otelkavro.WithTracerProvider(tracers), otelkavro.WithMeterProvider(meters),
		otelkavro.WithPropagator(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})),
	}
	t.Cleanup(func() {
		require.NoError(t, tracers.Shutdown(context.Background()))
		require.NoError(t, meters.Shutdown(context.Background()))
		require.NoError(t, env.Close())
	})
	return s
}

func (s *scene) with(more kafka.Config) kafka.Config {
	conf := kafka.Config{}
	for _, from := range []kafka.Config{s.conf, more} {
		for k, v := range from {
			conf[k] = v
		}
	}
	return conf
}

func (s *scene) producer() *avroproducer.Producer[string, string] {
	observer, err := otelkavro.NewProducer(append(s.opts, otelkavro.WithClientID("shop"), otelkavro.WithConsumerGroup("of no producer"))...)
	require.NoError(s, err)
	b, err := franz.NewProducer(s.conf, kafka.Hooks{})
	require.NoError(s, err)
	p, err := avroproducer.New(b, serde.String, picky{serde.String}, avroproducer.WithOwnedClient(), avroproducer.WithObserver(observer))
	require.NoError(s, err)
	return p
}

var errUnfit = errors.New("does not fit")

// picky is a serializer with a value that it refuses.
type picky struct{ serde.Serializer[string] }

func (p picky) Append(ctx context.Context, dst []byte, to *serde.Target, v *string) ([]byte, error) {
	if *v == "unfit" {
		return dst, errUnfit
	}
	return p.Serializer.Append(ctx, dst, to, v)
}

// read handles everything in topic.
func (s *scene) read(ctx context.Context, topic string, handle func(context.Context, *avroconsumer.Message[string, string]) error) {
	observer, err := otelkavro.NewConsumer(append(s.opts, otelkavro.WithConsumerGroup("billing"))...)
	require.NoError(s, err)
	b, err := franz.NewConsumer(s.with(kafka.Config{"group.id": "billing"}), kafka.Hooks{})
	require.NoError(s, err)
	c, err := avroconsumer.New(b, serde.String, serde.String, avroconsumer.WithOwnedClient(), avroconsumer.WithToEnd(),
		avroconsumer.WithObserver(observer), avroconsumer.WithPolicy(avroconsumer.HandlerErrors, avroconsumer.Skip()))
	require.NoError(s, err)
	require.NoError(s, c.Subscribe(topic))
	require.NoError(s, c.Run(ctx, handle))
	require.NoError(s, c.Close(s.Context()))
}

// span returns the one span of a name.
func (s *scene) span(name string) tracetest.SpanStub {
	var found []tracetest.SpanStub
	for _, span := range s.spans.GetSpans() {
		if span.Name == name {
			found = append(found, span)
		}
	}
	require.Len(s, found, 1, name)
	return found[0]
}

func attributes(kvs []attribute.KeyValue) map[string]string {
	m := map[string]string{}
	for _, kv := range kvs {
		m[string(kv.Key)] = kv.Value.Emit()
	}
	return m
}

// points counts what a metric has measured, by its attributes.
func (s *scene) points(name string) map[string]uint64 {
	var all metricdata.ResourceMetrics
	require.NoError(s, s.reader.Collect(s.Context(), &all))
	found := map[string]uint64{}
	for _, scope := range all.ScopeMetrics {
		require.Equal(s, "github.com/kavro/kavro/otelkavro", scope.Scope.Name)
		for _, m := range scope.Metrics {
			if m.Name != name {
				continue
			}
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					found[p.Attributes.Encoded(attribute.DefaultEncoder())] += uint64(p.Value)
				}
			case metricdata.Histogram[float64]:
				require.Equal(s, "s", m.Unit)
				for _, p := range data.DataPoints {
					found[p.Attributes.Encoded(attribute.DefaultEncoder())] += p.Count
				}
			}
		}
	}
	return found
}

// The span that handles a record is the child of the one that sent it; both say
// which record it was, by the names of the conventions.
func TestTraceThroughARecord(t *testing.T) {
	s := newScene(t)
	p := s.producer()
	ctx := context.Background()
	member, err := baggage.NewMember("tenant", "acme")
	require.NoError(t, err)
	bag, err := baggage.New(member)
	require.NoError(t, err)
	ctx = baggage.ContextWithBaggage(ctx, bag)
	stale := kafka.Header{Key: "traceparent", Value: []byte("00-11111111111111111111111111111111-2222222222222222-01")}
	require.NoError(t, p.Produce(ctx, "orders", "o-1", "an order", avroproducer.WithHeaders(stale)))
	require.NoError(t, p.Close(t.Context()))

	var within trace.SpanContext
	var tenant string
	s.read(t.Context(), "orders", func(ctx context.Context, m *avroconsumer.Message[string, string]) error {
		within = trace.SpanContextFromContext(ctx)
		tenant = baggage.FromContext(ctx).Member("tenant").Value()
		require.Equal(t, stale, m.Headers[0], "what was there stays")
		return nil
	})

	send, process := s.span("send orders"), s.span("process orders")
	require.Equal(t, trace.SpanKindProducer, send.SpanKind)
	require.Equal(t, map[string]string{
		"messaging.system": "kafka", "messaging.client.id": "shop",
		"messaging.operation.name": "send", "messaging.operation.type": "send",
		"messaging.destination.name": "orders", "messaging.destination.partition.id": "0",
		"messaging.kafka.offset": "0", "messaging.message.body.size": "8",
	}, attributes(send.Attributes))
	require.Equal(t, trace.SpanKindConsumer, process.SpanKind)
	require.Equal(t, map[string]string{
		"messaging.system": "kafka", "messaging.consumer.group.name": "billing",
		"messaging.operation.name": "process", "messaging.operation.type": "process",
		"messaging.destination.name": "orders", "messaging.destination.partition.id": "0",
		"messaging.kafka.offset": "0", "messaging.message.body.size": "8",
	}, attributes(process.Attributes))
	require.Equal(t, send.SpanContext.TraceID(), process.SpanContext.TraceID())
	require.Equal(t, send.SpanContext.SpanID(), process.Parent.SpanID())
	require.True(t, process.Parent.IsRemote())
	require.Equal(t, send.SpanContext.SpanID(), process.Links[0].SpanContext.SpanID())
	require.Equal(t, process.SpanContext, within, "the handler's context is the span's")
	require.Equal(t, "acme", tenant)

	require.Equal(t, map[string]uint64{"messaging.client.id=shop,messaging.destination.name=orders,messaging.destination.partition.id=0," +
		"messaging.operation.name=send,messaging.operation.type=send,messaging.system=kafka": 1}, s.points("messaging.client.sent.messages"))
	process1 := "messaging.consumer.group.name=billing,messaging.destination.name=orders,messaging.destination.partition.id=0," +
		"messaging.operation.name=process,messaging.operation.type=process,messaging.system=kafka"
	require.Equal(t, map[string]uint64{process1: 1}, s.points("messaging.client.consumed.messages"))
	require.Equal(t, map[string]uint64{process1: 1}, s.points("messaging.process.duration"))
	durations := s.points("messaging.client.operation.duration")
	require.Len(t, durations, 2, "of send, and of commit: %v", durations)
}

// A span around Run stays the parent; the record's is linked.
func TestSpanAroundRun(t *testing.T) {
	s := newScene(t)
	p := s.producer()
	require.NoError(t, p.Produce(t.Context(), "orders", "o-1", "an order"))
	require.NoError(t, p.Close(t.Context()))
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSyncer(s.spans))
	ctx, around := tracers.Tracer("job").Start(t.Context(), "nightly job")
	s.read(ctx, "orders", func(context.Context, *avroconsumer.Message[string, string]) error { return nil })
	around.End()
	require.NoError(t, tracers.ForceFlush(t.Context()))

	process := s.span("process orders")
	require.Equal(t, around.SpanContext().SpanID(), process.Parent.SpanID())
	require.Equal(t, s.span("send orders").SpanContext.SpanID(), process.Links[0].SpanContext.SpanID())
}

// Errors are on the spans and in the metrics, by types that are few.
func TestErrors(t *testing.T) {
	s := newScene(t)
	p := s.producer()
	require.NoError(t, p.Produce(t.Context(), "orders", "o-1", "an order"))
	require.ErrorIs(t, p.Produce(t.Context(), "orders", "o-2", "unfit"), errUnfit)
	require.Error(t, p.ProduceSync(t.Context(), avroproducer.Record[string, string]{Topic: "orders", Partition: new(int32(7))}))
	require.NoError(t, p.Close(t.Context()))
	s.read(t.Context(), "orders", func(context.Context, *avroconsumer.Message[string, string]) error {
		return errors.New("the database said no")
	})

	process := s.span("process orders")
	require.Equal(t, codes.Error, process.Status.Code)
	require.Equal(t, "the database said no", process.Status.Description)
	require.Equal(t, "*errors.errorString", attributes(process.Attributes)["error.type"])
	failures := s.points("kavro.consumer.failures")
	require.Equal(t, map[string]uint64{
		"kavro.action=skipped,kavro.error.class=handler,messaging.consumer.group.name=billing,messaging.destination.name=orders,messaging.system=kafka": 1,
	}, failures)
	var sent []string
	for of := range s.points("messaging.client.sent.messages") {
		_, kind, _ := strings.Cut(of, "error.type=")
		kind, _, _ = strings.Cut(kind, ",")
		sent = append(sent, kind)
	}
	require.Len(t, sent, 3, "one that was sent, one that was refused, one that failed")
	require.Contains(t, sent, "")
	require.Contains(t, sent, "-190", "Kafka's code: no such partition")
}

// A trace goes on through a pipeline.
func TestTraceThroughAPipeline(t *testing.T) {
	s := newScene(t)
	p := s.producer()
	require.NoError(t, p.Produce(t.Context(), "orders", "o-1", "an order"))
	require.NoError(t, p.Close(t.Context()))

	session, err := franz.NewSession(s.with(kafka.Config{"group.id": "billing", "transactional.id": "billing"}), kafka.Hooks{})
	require.NoError(t, err)
	in, err := otelkavro.NewConsumer(s.opts...)
	require.NoError(t, err)
	out, err := otelkavro.NewProducer(s.opts...)
	require.NoError(t, err)
	line, err := pipeline.New(session, serde.String, serde.String, serde.String, serde.String, pipeline.WithOwnedClient(), pipeline.WithToEnd(),
		pipeline.WithObserver(in), pipeline.WithProducerObserver(out))
	require.NoError(t, err)
	require.NoError(t, line.Subscribe("orders"))
	require.NoError(t, line.Run(t.Context(), func(_ context.Context, m *avroconsumer.Message[string, string]) ([]avroproducer.Record[string, string], error) {
		return []avroproducer.Record[string, string]{{Topic: "invoices", Key: m.Key, Value: "an invoice"}}, nil
	}))
	require.NoError(t, line.Close(t.Context()))

	require.Equal(t, s.span("send orders").SpanContext.SpanID(), s.span("process orders").Parent.SpanID())
	require.Equal(t, s.span("process orders").SpanContext.SpanID(), s.span("send invoices").Parent.SpanID())
}

// A registry that is away is a class of its own, counted by attempt; a record that waits
// for it is not consumed yet, and its span ends.
func TestRegistryOutage(t *testing.T) {
	s := newScene(t)
	c, err := otelkavro.NewConsumer(s.opts...)
	require.NoError(t, err)
	e := &avroconsumer.RecordError{
		Raw: &kafka.Record{Topic: "orders"}, Stage: avroconsumer.StageValue, SchemaID: 7,
		Err: &registry.UnavailableError{Response: registry.Response{Status: 503}},
	}
	c.Handled(c.Handling(t.Context(), e.Raw), e.Raw, 0, e)
	c.PolicyApplied(e, e.Class(), avroconsumer.WaitingForRegistry)
	require.Equal(t, "registry unavailable", attributes(s.span("process orders").Attributes)["error.type"])
	require.Empty(t, s.points("messaging.client.consumed.messages"))
	require.Empty(t, s.points("messaging.process.duration"))
	require.Equal(t, map[string]uint64{"kavro.action=waiting for registry,kavro.error.class=registry unavailable,messaging.destination.name=orders,messaging.system=kafka": 1},
		s.points("kavro.consumer.failures"))
}

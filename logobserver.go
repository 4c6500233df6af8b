package kavro

import (
	"context"
	"log/slog"
	"time"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/serde"
)

// slow is how long one thing may take before it is worth a warning.
const slow = time.Second

// LogObserver returns an observer, to be given to [WithObserver], that logs what happens:
// errors and, as "slow", what takes longer than a second as warnings, all else at the level debug. It
// logs no values, keys or headers. nil is slog.Default(), as it is then.
func LogObserver(l *slog.Logger) any { return logObserver{l} }

type logObserver struct{ logger *slog.Logger }

func (o logObserver) ProducerObserver() avroproducer.Observer { return producerLog{o} }
func (o logObserver) ConsumerObserver() avroconsumer.Observer { return consumerLog{o} }
func (o logObserver) RegistryObserver() registry.Observer     { return registry.ObserverFunc(o.registered) }

// log logs one thing that happened, took so long, and ended with err.
func (o logObserver) log(ctx context.Context, what string, took time.Duration, err error, attrs ...slog.Attr) {
	logger, level := o.logger, slog.LevelDebug
	if logger == nil {
		logger = slog.Default()
	}
	switch {
	case err != nil:
		level = slog.LevelWarn
	case took > slow:
		level, what = slog.LevelWarn, "slow: "+what
	}
	if !logger.Enabled(ctx, level) {
		return
	}
	if took > 0 {
		attrs = append(attrs, slog.Duration("took", took))
	}
	if err != nil {
		attrs = append(attrs, slog.Any("error", err))
	}
	logger.LogAttrs(ctx, level, "kavro: "+what, attrs...)
}

// debug reports whether what goes well is logged: asked where the attributes cost more
// than the question.
func (o logObserver) debug(ctx context.Context) bool {
	logger := o.logger
	if logger == nil {
		logger = slog.Default()
	}
	return logger.Enabled(ctx, slog.LevelDebug)
}

// position says where a record is.
func position(r *kafka.Record) []slog.Attr {
	return []slog.Attr{slog.String("topic", r.Topic), slog.Int("partition", int(r.Partition)), slog.Int64("offset", r.Offset)}
}

// registered logs what a registry client does.
func (o logObserver) registered(e registry.Event) {
	attrs := make([]slog.Attr, 0, 8)
	if e.Method != "" {
		attrs = append(attrs, slog.String("method", e.Method))
	}
	if e.URL != "" {
		attrs = append(attrs, slog.String("url", e.URL))
	}
	if e.Status != 0 {
		attrs = append(attrs, slog.Int("status", e.Status))
	}
	if e.Key != "" {
		attrs = append(attrs, slog.String("key", e.Key))
	}
	err := e.Err
	if e.Kind == registry.EventUnknown { // an answer: a schema that is looked up before it is registered, for instance
		attrs, err = append(attrs, slog.Any("error", err)), nil
	}
	o.log(context.Background(), "registry "+e.Kind.String(), e.Duration, err, attrs...)
}

// producerLog logs what a producer does.
type producerLog struct{ logObserver }

// Refused implements [avroproducer.Observer].
func (o producerLog) Refused(ctx context.Context, topic string, part serde.Part, err error) {
	o.log(ctx, "record refused", 0, err, slog.String("topic", topic), slog.String("part", part.String()))
}

// Sending implements [avroproducer.Observer].
func (producerLog) Sending(context.Context, *kafka.Record) any { return nil }

// Delivered implements [avroproducer.Observer].
func (o producerLog) Delivered(_ any, r *kafka.Record, took time.Duration, err error) {
	if ctx := context.Background(); err != nil || took > slow || o.debug(ctx) {
		o.log(ctx, "record delivered", took, err, position(r)...)
	}
}

// consumerLog logs what a consumer does.
type consumerLog struct{ logObserver }

// Received implements [avroconsumer.Observer].
func (o consumerLog) Received(records []*kafka.Record) {
	o.log(context.Background(), "records received", 0, nil, slog.Int("records", len(records)))
}

// Handling implements [avroconsumer.Observer].
func (consumerLog) Handling(ctx context.Context, _ *kafka.Record) context.Context { return ctx }

// Handled implements [avroconsumer.Observer]. What fails is logged by PolicyApplied: records that
// wait for the registry come here again and again.
func (o consumerLog) Handled(ctx context.Context, r *kafka.Record, took time.Duration, err error) {
	if err == nil && (took > slow || o.debug(ctx)) {
		o.log(ctx, "record handled", took, nil, position(r)...)
	}
}

// PolicyApplied implements [avroconsumer.Observer].
func (o consumerLog) PolicyApplied(e *avroconsumer.RecordError, class avroconsumer.Class, action avroconsumer.Action) {
	o.log(context.Background(), "record failed", 0, e, append(position(e.Raw), slog.String("class", class.String()), slog.String("action", action.String()))...)
}

// Committed implements [avroconsumer.Observer].
func (o consumerLog) Committed(next []kafka.Offset, took time.Duration, err error) {
	o.log(context.Background(), "offsets committed", took, err, slog.Int("partitions", len(next)))
}

// Assigned implements [avroconsumer.Observer].
func (o consumerLog) Assigned(p []kafka.TopicPartition) { o.rebalanced("assigned", p) }

// Revoked implements [avroconsumer.Observer].
func (o consumerLog) Revoked(p []kafka.TopicPartition) { o.rebalanced("revoked", p) }

// Lost implements [avroconsumer.Observer].
func (o consumerLog) Lost(p []kafka.TopicPartition) { o.rebalanced("lost", p) }

func (o consumerLog) rebalanced(what string, p []kafka.TopicPartition) {
	o.log(context.Background(), "partitions "+what, 0, nil, slog.Any("partitions", p))
}

// Error implements [avroconsumer.Observer].
func (o consumerLog) Error(err error) { o.log(context.Background(), "consumer error", 0, err) }

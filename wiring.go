package kavro

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/internal/ending"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/pipeline"
)

// wiring makes one producer, consumer or pipeline. Errors are collected, so that the
// constructor tells them all at once.
type wiring struct {
	*settings
	client *Client
	conf   *configuration
	own    kafka.Hooks // of the constructor; settings.hooks are the Client's too
	part   *part       // nil: something is wrong
	ended  sync.Once
}

// wire applies the options of a constructor, and takes its configuration apart. The error
// is for what has no Client to be made from.
func wire[O any](c *Client, r role, opts []O, apply func(O, *settings), group string) (*wiring, error) {
	s := newSettings(r)
	w := &wiring{settings: s, client: c}
	if err := c.made(); err != nil {
		applyAll(s, opts, apply)
		return nil, w.abandon(err, nil)
	}
	w.conf = c.conf
	s.observed = c.settings.observed.clone()
	applyAll(s, opts, apply)
	if s.conf != nil {
		w.conf = split(overlay(c.conf.whole, s.conf))
		s.errs = append(s.errs, w.conf.errs...)
		s.checkOverlay(c.conf.whole)
	}
	own := *w.conf
	own.kafka = maps.Clone(own.kafka)
	w.conf = &own
	if r != producing {
		w.keep(chooseGroup(own.kafka, group))
	}
	if s.copy.to != nil && s.copy.to != c {
		delete(own.kafka, "transactional.id") // a transaction is one cluster's
	}
	w.own = s.hooks
	var err error
	if s.hooks, err = c.settings.hooks.Join(w.own); err != nil {
		s.refuse("WithHooks", "Token is given twice: there is one source of tokens")
	}
	if s.toEnd {
		w.noticeEnds("WithToEnd")
	}
	w.part, err = c.reserve(r, own.kafka)
	if errors.Is(err, kafka.ErrClosed) {
		return nil, w.abandon(err, nil)
	}
	w.keep(err)
	return w, nil
}

// checkTopics refuses topics without a name.
func (w *wiring) checkTopics(call string, topics []string) {
	if slices.Contains(topics, "") {
		w.refuse(call, "a topic has no name")
	}
}

// keep remembers what is wrong.
func (w *wiring) keep(err error) {
	if err != nil {
		w.errs = append(w.errs, err)
	}
}

// closer is a Kafka client.
type closer interface {
	Close(context.Context) error
}

// construct makes a Kafka client, also where something else is wrong: what is wrong with
// its keys is told as well.
func construct[C any](w *wiring, f func(kafka.Config, kafka.Hooks) (C, error)) (client C) {
	client, err := f(w.conf.kafka, w.hooks)
	w.keep(err)
	return client
}

// fail returns all that is wrong; nil if nothing is: then the logger is told of what has
// no effect.
func (w *wiring) fail() error {
	if err := w.joined(); err != nil {
		return err
	}
	w.warn()
	return nil
}

// complete says how to close what was made.
func (w *wiring) complete(close func(context.Context) error) error {
	return w.client.complete(w.part, close)
}

// abandon closes what was made, if anything was, and returns err: a Kafka client, or what
// owns it already. Nothing stays open behind a constructor that fails.
func (w *wiring) abandon(err error, made closer) error {
	ctx, cancel := context.WithTimeout(context.Background(), ending.Close)
	defer cancel()
	if !isNil(made) {
		err = errors.Join(err, made.Close(ctx))
	}
	return errors.Join(err, w.end(ctx))
}

// end calls what WithCloser gave, and takes what was made out of the Client again. It does so
// once: when that is closed, or could not be made.
func (w *wiring) end(ctx context.Context) (err error) {
	w.ended.Do(func() {
		for _, f := range w.closers {
			err = errors.Join(err, f(ctx))
		}
		if w.part != nil {
			err = errors.Join(err, w.client.release(ctx, w.part))
		}
	})
	return err
}

// warn tells the logger about what has no effect here and is no error.
func (w *wiring) warn() {
	w.warnHooks(w.own, w.conf.kafka)
	if key := w.javaSerializer(); key != "" {
		w.log().Warn("kavro: a Java class is named: Java's producer chooses partitions by murmur2; with partitioner=murmur2_random, records with a key go where Java's go",
			slog.String("key", key))
	}
}

// javaSerializer returns a key that names a serializer of Java's Kafka client, where
// nothing is said about the partitioner; "" if there is none.
func (w *wiring) javaSerializer() string {
	if _, set := w.conf.kafka["partitioner"]; set || w.role == consuming {
		return ""
	}
	for _, key := range []string{"key.serializer", "value.serializer"} {
		if name, _ := w.conf.serdes.String(key, ""); strings.HasPrefix(name, "org.apache.kafka.") {
			return key
		}
	}
	return ""
}

// producerOptions returns the options of avroproducer.
func (w *wiring) producerOptions() []avroproducer.Option {
	opts := []avroproducer.Option{avroproducer.WithOwnedClient()}
	for _, o := range w.observed.producer {
		opts = append(opts, avroproducer.WithObserver(o))
	}
	return append(append(opts, w.producer...), avroproducer.WithCloser(w.end))
}

// consumerOptions returns the options of avroconsumer. On both clients committing is
// avroconsumer's, never the client's own: so the keys about it become options.
func (w *wiring) consumerOptions() []avroconsumer.Option {
	opts := []avroconsumer.Option{avroconsumer.WithOwnedClient(), avroconsumer.WithLogger(w.hooks.Logger), w.committing()}
	for _, o := range w.observed.consumer {
		opts = append(opts, avroconsumer.WithObserver(o))
	}
	if w.given["WithConcurrency"] {
		opts = append(opts, avroconsumer.WithConcurrency(w.workers, w.ordering))
	}
	if w.given["WithOrdering"] && !w.given["WithConcurrency"] {
		w.refuse("WithOrdering", "has no effect without WithConcurrency")
	}
	deadLetters := w.deadLetterWriter()
	for _, p := range w.policies {
		opts = append(opts, avroconsumer.WithPolicy(p.class, p.policy.Through(deadLetters)))
	}
	return append(append(opts, w.consumer...), avroconsumer.WithCloser(w.end))
}

// committing turns the keys that say when offsets are committed into an option, which
// those of the program win over.
func (w *wiring) committing() avroconsumer.Option {
	const key, old = "enable.auto.commit", "auto.commit.enable"
	auto, err := w.conf.kafka.Bool(old, true)
	w.keep(err)
	if _, set := w.conf.kafka[key]; set {
		// That the two contradict each other is the client's to say.
		auto, err = w.conf.kafka.Bool(key, true)
		w.keep(err)
	}
	interval, err := w.conf.kafka.Duration(intervalKey, 5*time.Second)
	w.keep(err)
	if err == nil && (interval < 0 || interval > 24*time.Hour) {
		w.keep(&kafka.ConfigError{Key: intervalKey, Reason: fmt.Sprintf("%v is not in 0 .. 86400000 ms", interval)})
	}
	if !auto || interval <= 0 { // librdkafka: an interval of 0 switches it off
		return avroconsumer.Defaults(avroconsumer.WithManualCommit())
	}
	return avroconsumer.Defaults(avroconsumer.WithAutoCommit(interval))
}

// pipelineOptions returns the options of package pipeline, without those about Close.
func (w *wiring) pipelineOptions() []pipeline.Option {
	opts := []pipeline.Option{pipeline.WithLogger(w.hooks.Logger)}
	for _, o := range w.observed.consumer {
		opts = append(opts, pipeline.WithObserver(o))
	}
	for _, o := range w.observed.producer {
		opts = append(opts, pipeline.WithProducerObserver(o))
	}
	if w.given["WithConcurrency"] {
		opts = append(opts, pipeline.WithConcurrency(w.workers))
	}
	deadLetters := w.deadLetterWriter()
	for _, p := range w.policies {
		opts = append(opts, pipeline.WithPolicy(p.class, p.policy.Through(deadLetters)))
	}
	return append(opts, w.pipeline...)
}

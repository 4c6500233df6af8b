package kavro

import (
	"context"
	"errors"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/pipeline"
	"github.com/kavro/kavro/serde"
)

// NewProducer returns a producer of records with keys of type K and values of
// type V, that owns the client and the registry client it makes: closing it
// closes them. It does not wait for the network: the client connects to the brokers
// in the background, the registry is asked when a schema is needed (see
// [avroproducer.Producer.Warmup]). It changes nothing in conf.
//
// The error tells everything that is wrong, joined: a [*kafka.ConfigError] for each
// key that cannot be honoured, each option that has no effect, and which type has
// no schema or does not fit it. Keys that only concern consumers, as one
// configuration for both has them, are told to the logger (Hooks, else
// slog.Default) as a warning.
func NewProducer[K, V any](conf Config, opts ...Option) (*avroproducer.Producer[K, V], error) {
	w := wire(producing, conf, opts)
	key := serializer[K](w, serde.Key, &w.parts[serde.Key])
	value := serializer[V](w, serde.Value, &w.parts[serde.Value])
	b := construct(w, w.constructors.producer)
	if err := w.fail(); err != nil {
		return nil, closeAfter(err, b)
	}
	own := []avroproducer.Option{avroproducer.WithOwnedClient(), avroproducer.WithCloser(w.close)}
	p, err := avroproducer.New(b, key, value, append(own, w.producer...)...)
	if err != nil {
		w.keep(err)
		return nil, closeAfter(w.fail(), b)
	}
	return p, nil
}

// closer is a client of the client.
type closer interface {
	Close(context.Context) error
}

// construct makes a client of the client, also where something else is wrong: what
// is wrong with its keys is told as well.
func construct[C any](w *wiring, f func(kafka.Config, kafka.Hooks) (C, error)) (client C) {
	if f == nil { // there is no such client
		return client
	}
	client, err := f(w.client, w.hooks)
	w.keep(err)
	return client
}

// closeAfter closes b, if it was made, and returns err.
func closeAfter(err error, b closer) error {
	if b == nil {
		return err
	}
	return errors.Join(err, b.Close(context.Background()))
}

// NewConsumer returns a consumer of topics as a member of a group (group.id),
// that owns the client and the registry client it makes: closing it closes
// them. It does not wait for the network: the client connects to the brokers, and
// begins to join the group, in the background, the registry is asked when a schema is
// needed. It changes nothing in conf. No topics: subscribe, or assign, later.
//
// Errors are as [NewProducer]'s.
func NewConsumer[K, V any](conf Config, topics []string, opts ...Option) (*avroconsumer.Consumer[K, V], error) {
	w := wire(consuming, conf, opts)
	key := deserializer[K](w, serde.Key, &w.parts[serde.Key])
	value := deserializer[V](w, serde.Value, &w.parts[serde.Value])
	own := w.consumerOptions()
	b := construct(w, w.constructors.consumer)
	if err := w.fail(); err != nil {
		return nil, closeAfter(err, b)
	}
	c, err := avroconsumer.New(b, key, value, append(own, w.consumer...)...)
	if err == nil && len(topics) > 0 {
		err = c.Subscribe(topics...)
	}
	if err != nil {
		w.keep(err)
		return nil, closeAfter(w.fail(), b)
	}
	return c, nil
}

// NewPipeline returns a pipeline that consumes topics, transforms, and produces,
// in transactions: with the same transactional.id, what Run's function returns
// for a record is written exactly once. It needs group.id and transactional.id,
// and owns the client and the registry client it makes: closing it closes them.
// Options for keys and values are about K1 and V1; [Output] says how K2 and V2 are
// written.
//
// Errors are as [NewProducer]'s.
func NewPipeline[K1, V1, K2, V2 any](conf Config, topics []string, opts ...Option) (*pipeline.Pipeline[K1, V1, K2, V2], error) {
	w := wire(piping, conf, opts)
	k1 := deserializer[K1](w, serde.Key, &w.parts[serde.Key])
	v1 := deserializer[V1](w, serde.Value, &w.parts[serde.Value])
	k2 := serializer[K2](w, serde.Key, w.outputPart(serde.Key))
	v2 := serializer[V2](w, serde.Value, w.outputPart(serde.Value))
	s := construct(w, w.constructors.session)
	if err := w.fail(); err != nil {
		return nil, closeAfter(err, s)
	}
	own := []pipeline.Option{pipeline.WithOwnedClient(), pipeline.WithCloser(w.close), pipeline.WithLogger(w.hooks.Logger)}
	p, err := pipeline.New(s, k1, v1, k2, v2, append(own, w.pipeline...)...)
	if err == nil && len(topics) > 0 {
		err = p.Subscribe(topics...)
	}
	if err != nil {
		w.keep(err)
		return nil, closeAfter(w.fail(), s)
	}
	return p, nil
}

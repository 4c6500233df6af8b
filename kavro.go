package kavro

import (
	"context"
	"errors"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/pipeline"
	"github.com/kavro/kavro/serde"
)

// NewProducer returns a producer of records with keys of type K and values of
// type V, that owns the client and the registry client it makes: closing it
// closes them. It touches no network, and changes nothing in conf.
//
// The error is a [*base.ConfigError] for a key that cannot be honoured, or says
// which type has no schema or does not fit it.
func NewProducer[K, V any](conf Config, opts ...Option) (*avroproducer.Producer[K, V], error) {
	w, err := wire(conf, opts)
	if err != nil {
		return nil, err
	}
	p, err := newProducer[K, V](w)
	if err != nil {
		return nil, errors.Join(err, w.close(context.Background()))
	}
	return p, nil
}

func newProducer[K, V any](w *wiring) (*avroproducer.Producer[K, V], error) {
	key, err := serializer[K](w, serde.Key, &w.parts[serde.Key])
	if err != nil {
		return nil, err
	}
	value, err := serializer[V](w, serde.Value, &w.parts[serde.Value])
	if err != nil {
		return nil, err
	}
	b, err := w.constructors.producer(w.client, w.hooks)
	if err != nil {
		return nil, err
	}
	opts := append([]avroproducer.Option{avroproducer.WithOwnedBase(), avroproducer.WithCloser(w.close)}, w.producer...)
	p, err := avroproducer.New(b, key, value, opts...)
	if err != nil {
		return nil, errors.Join(err, b.Close(context.Background()))
	}
	return p, nil
}

// NewConsumer returns a consumer of topics as a member of a group (group.id),
// that owns the client and the registry client it makes: closing it closes
// them. It touches no network before the first record is asked for, and changes
// nothing in conf. No topics: subscribe, or assign, later.
//
// Errors are as [NewProducer]'s.
func NewConsumer[K, V any](conf Config, topics []string, opts ...Option) (*avroconsumer.Consumer[K, V], error) {
	w, err := wire(conf, opts)
	if err != nil {
		return nil, err
	}
	c, err := newConsumer[K, V](w, topics)
	if err != nil {
		return nil, errors.Join(err, w.close(context.Background()))
	}
	return c, nil
}

func newConsumer[K, V any](w *wiring, topics []string) (*avroconsumer.Consumer[K, V], error) {
	key, err := deserializer[K](w, serde.Key, &w.parts[serde.Key])
	if err != nil {
		return nil, err
	}
	value, err := deserializer[V](w, serde.Value, &w.parts[serde.Value])
	if err != nil {
		return nil, err
	}
	opts, err := w.consumerOptions()
	if err != nil {
		return nil, err
	}
	b, err := w.constructors.consumer(w.client, w.hooks)
	if err != nil {
		return nil, err
	}
	c, err := avroconsumer.New(b, key, value, append(opts, w.options.consumer...)...)
	if err == nil && len(topics) > 0 {
		err = c.Subscribe(topics...)
	}
	if err != nil {
		return nil, errors.Join(err, b.Close(context.Background()))
	}
	return c, nil
}

// NewPipeline returns a pipeline that consumes topics, transforms, and produces,
// in transactions: with the same transactional.id, what Run's function returns
// for a record is written exactly once. It needs group.id and transactional.id,
// and owns the client and the registry client it makes: closing it closes them.
// [Output] says how K2 and V2 are written, where it differs from K1 and V1.
//
// Errors are as [NewProducer]'s.
func NewPipeline[K1, V1, K2, V2 any](conf Config, topics []string, opts ...Option) (*pipeline.Pipeline[K1, V1, K2, V2], error) {
	w, err := wire(conf, opts)
	if err != nil {
		return nil, err
	}
	p, err := newPipeline[K1, V1, K2, V2](w, topics)
	if err != nil {
		return nil, errors.Join(err, w.close(context.Background()))
	}
	return p, nil
}

func newPipeline[K1, V1, K2, V2 any](w *wiring, topics []string) (*pipeline.Pipeline[K1, V1, K2, V2], error) {
	k1, err := deserializer[K1](w, serde.Key, &w.parts[serde.Key])
	if err != nil {
		return nil, err
	}
	v1, err := deserializer[V1](w, serde.Value, &w.parts[serde.Value])
	if err != nil {
		return nil, err
	}
	k2, err := serializer[K2](w, serde.Key, &w.output[serde.Key])
	if err != nil {
		return nil, err
	}
	v2, err := serializer[V2](w, serde.Value, &w.output[serde.Value])
	if err != nil {
		return nil, err
	}
	s, err := w.constructors.session(w.client, w.hooks)
	if err != nil {
		return nil, err
	}
	opts := append([]pipeline.Option{pipeline.WithOwnedBase(), pipeline.WithCloser(w.close), pipeline.WithLogger(w.hooks.Logger)}, w.pipeline...)
	p, err := pipeline.New(s, k1, v1, k2, v2, opts...)
	if err == nil && len(topics) > 0 {
		err = p.Subscribe(topics...)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close(context.Background()))
	}
	return p, nil
}

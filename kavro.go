package kavro

import (
	"context"
	"errors"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
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
	key, err := serializer[K](w, serde.Key)
	if err != nil {
		return nil, err
	}
	value, err := serializer[V](w, serde.Value)
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
	key, err := deserializer[K](w, serde.Key)
	if err != nil {
		return nil, err
	}
	value, err := deserializer[V](w, serde.Value)
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

package kavro

import (
	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/pipeline"
	"github.com/kavro/kavro/serde"
)

// NewProducer returns a producer of records with keys of type K and values of type V. It
// does not wait for the network: the Kafka client connects in the background, and the
// registry is asked when a schema is needed (see [avroproducer.Producer.Warmup]).
//
// The error tells everything that is wrong, joined: a [*ConfigError] for each key that
// cannot be honoured, each option that contradicts another or has no effect, and which
// type has no schema or does not match it.
func NewProducer[K, V any](c *Client, opts ...ProducerOption) (*Producer[K, V], error) {
	w, err := wire(c, producing, opts, ProducerOption.applyProducer, "")
	if err != nil {
		return nil, err
	}
	key := serializer[K](w, serde.Key, &w.key)
	value := serializer[V](w, serde.Value, &w.value)
	own := w.producerOptions()
	w.keep(avroproducer.CheckOptions(own...))
	client := construct(w, c.driver.NewProducer)
	if err := w.fail(); err != nil {
		return nil, w.abandon(err, client)
	}
	p, err := avroproducer.New(client, key, value, own...)
	if err != nil {
		return nil, w.abandon(err, client)
	}
	if err := w.complete(p.Close); err != nil {
		return nil, w.abandon(err, p)
	}
	return p, nil
}

// NewConsumer returns a consumer of topics as a member of group. It does not wait for the
// network: the Kafka client connects, and begins to join the group, in the background. An
// empty group leaves the group to the key group.id, which must not name a different one.
// No topics: subscribe, or assign, later.
//
// Errors are as [NewProducer]'s.
func NewConsumer[K, V any](c *Client, group string, topics []string, opts ...ConsumerOption) (*Consumer[K, V], error) {
	w, err := wire(c, consuming, opts, ConsumerOption.applyConsumer, group)
	if err != nil {
		return nil, err
	}
	key := deserializer[K](w, serde.Key, &w.key)
	value := deserializer[V](w, serde.Value, &w.value)
	own := w.consumerOptions()
	w.checkTopics("NewConsumer", topics)
	w.keep(avroconsumer.CheckOptions(own...))
	if len(topics) > 0 {
		w.needGroup("NewConsumer")
	}
	client := construct(w, c.driver.NewConsumer)
	if err := w.fail(); err != nil {
		return nil, w.abandon(err, client)
	}
	consumer, err := avroconsumer.New(client, key, value, own...)
	if err != nil {
		return nil, w.abandon(err, client)
	}
	if len(topics) > 0 {
		err = consumer.Subscribe(topics...)
	}
	if err == nil {
		err = w.complete(consumer.Close)
	}
	if err != nil {
		return nil, w.abandon(err, consumer)
	}
	return consumer, nil
}

// NewPipeline returns a pipeline that consumes topics as a member of group, transforms,
// and produces, in transactions: with the same transactional.id, what Run's function
// returns for a record is written exactly once. It needs the key transactional.id; group
// and topics are as [NewConsumer]'s.
//
// [WithKey] and [WithValue] are about what is consumed, [WithOutputKey] and
// [WithOutputValue] about what is produced.
//
// Errors are as [NewProducer]'s.
func NewPipeline[K1, V1, K2, V2 any](c *Client, group string, topics []string, opts ...PipelineOption) (*Pipeline[K1, V1, K2, V2], error) {
	w, err := wire(c, piping, opts, PipelineOption.applyPipeline, group)
	if err != nil {
		return nil, err
	}
	k1 := deserializer[K1](w, serde.Key, &w.key)
	v1 := deserializer[V1](w, serde.Value, &w.value)
	k2 := serializer[K2](w, serde.Key, &w.outputKey)
	v2 := serializer[V2](w, serde.Value, &w.outputValue)
	w.checkTopics("NewPipeline", topics)
	own := append(w.pipelineOptions(), pipeline.WithOwnedClient(), pipeline.WithCloser(w.end))
	w.keep(pipeline.CheckOptions(own...))
	w.needGroup("NewPipeline")
	session := construct(w, c.driver.NewSession)
	if err := w.fail(); err != nil {
		return nil, w.abandon(err, session)
	}
	p, err := pipeline.New(session, k1, v1, k2, v2, own...)
	if err != nil {
		return nil, w.abandon(err, session)
	}
	if len(topics) > 0 {
		err = p.Subscribe(topics...)
	}
	if err == nil {
		err = w.complete(p.Close)
	}
	if err != nil {
		return nil, w.abandon(err, p)
	}
	return p, nil
}

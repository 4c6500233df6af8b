//go:build cgo

package confluent

import (
	"cmp"
	"context"
	"errors"
	"strings"

	ckafka "github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kavro/kavro/internal/clienterr"
	"github.com/kavro/kavro/kafka"
)

// NewAdmin makes an admin client. It does not wait for the network: librdkafka connects in
// the background. conf may hold the keys of producers and consumers too. The error is a
// [*kafka.ConfigError].
func NewAdmin(conf kafka.Config, hooks kafka.Hooks) (kafka.Admin, error) {
	// confluent-kafka-go's own admin client gives no access to errors and requests for
	// tokens. So this is a producer that produces nothing, and needs no producer id.
	own := without(conf, "P")
	delete(own, "transactional.id")
	own["enable.idempotence"] = false
	p, _, err := newProducer(own, hooks, clienterr.New(hooks))
	if err != nil {
		return nil, err
	}
	client, err := ckafka.NewAdminClientFromProducer(p.client)
	if err != nil {
		return nil, errors.Join(convert(err), p.Close(context.Background()))
	}
	return &admin{producer: p, client: client}, nil
}

// admin is a kafka.Admin over the client of a producer.
type admin struct {
	producer *producer
	client   *ckafka.AdminClient // of the producer; not to be closed by itself
}

// pingSlice is how long librdkafka is asked at a time, in milliseconds: it waits also
// while it knows that every broker has failed.
const pingSlice = 100

// Ping implements kafka.Admin.
func (a *admin) Ping(ctx context.Context) error {
	p := a.producer
	for {
		_, err := await(ctx, &p.gate, p.errs, func() (*ckafka.Metadata, error) {
			return p.client.GetMetadata(nil, false, min(millis(ctx), pingSlice))
		})
		switch {
		case err == nil:
			p.errs.OK()
			return nil
		case ctx.Err() != nil, errors.Is(err, kafka.ErrClosed):
			return err
		case p.errs.Down():
			return cmp.Or(p.errs.Last(), err)
		}
	}
}

// Partitions implements kafka.Metadata.
func (a *admin) Partitions(ctx context.Context, topic string) ([]int32, error) {
	return a.producer.Partitions(ctx, topic)
}

// CreateTopics implements kafka.Admin.
func (a *admin) CreateTopics(ctx context.Context, topics ...kafka.NewTopic) error {
	if len(topics) == 0 {
		return nil
	}
	specs := make([]ckafka.TopicSpecification, len(topics))
	for i, t := range topics {
		if strings.IndexByte(t.Name, 0) >= 0 {
			return local(ckafka.ErrTopicException, t.Name, -1, "librdkafka cannot send the name: it would end at its zero byte")
		}
		specs[i] = ckafka.TopicSpecification{
			Topic:             t.Name,
			NumPartitions:     cmp.Or(int(t.Partitions), -1), // -1 leaves the number to the broker
			ReplicationFactor: int(t.ReplicationFactor),      // 0 is -1 to the binding
			Config:            t.Config,
		}
	}
	p := a.producer
	results, err := await(ctx, &p.gate, p.errs, func() ([]ckafka.TopicResult, error) {
		return a.client.CreateTopics(ctx, specs)
	})
	if err != nil {
		return err
	}
	var errs []error
	for _, r := range results {
		if r.Error.Code() != ckafka.ErrNoError {
			errs = append(errs, convertAt(r.Error, r.Topic, -1))
		}
	}
	return errors.Join(errs...)
}

// Close implements kafka.Admin.
func (a *admin) Close(ctx context.Context) error { return a.producer.Close(ctx) }

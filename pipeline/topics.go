package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kavro/kavro/kafka"
)

// requireTopics returns an error for topics that do not exist, whose end never comes. Other
// errors are left to reading, and so are regular expressions.
func requireTopics(ctx context.Context, s kafka.Session, topics []string) error {
	brokers, ok := s.(kafka.Metadata)
	if !ok {
		return nil
	}
	var missing []error
	for _, topic := range topics {
		if strings.HasPrefix(topic, "^") {
			continue
		}
		if _, err := brokers.Partitions(ctx, topic); errors.Is(err, kafka.ErrUnknownTopic) {
			missing = append(missing, fmt.Errorf("pipeline: a topic that is read to its end must exist: %w", err))
		}
	}
	return errors.Join(missing...)
}

// Partitions implements kafka.Metadata, if the consumer does.
func (s *atLeastOnce) Partitions(ctx context.Context, topic string) ([]int32, error) {
	if brokers, ok := s.Consumer.(kafka.Metadata); ok {
		return brokers.Partitions(ctx, topic)
	}
	return nil, kafka.ErrUnsupported
}

// Partitions implements kafka.Metadata, if the consumer does.
func (d dryRun) Partitions(ctx context.Context, topic string) ([]int32, error) {
	if brokers, ok := d.Consumer.(kafka.Metadata); ok {
		return brokers.Partitions(ctx, topic)
	}
	return nil, kafka.ErrUnsupported
}

package serde

import (
	"context"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/registry"
)

// Serializer encodes keys or values of Kafka records. Implementations are safe for concurrent use.
type Serializer[T any] interface {
	// Append appends the encoding of v for to.Topic to dst. It sets to.Null and
	// to.Schema, and adds the headers of the frame to to.Headers. On an error it
	// returns dst and leaves to unchanged.
	//
	// It neither retains nor changes v. It may send requests to the registry, within
	// ctx, for the first value of a topic.
	Append(ctx context.Context, dst []byte, to *Target, v *T) ([]byte, error)
}

// Deserializer decodes keys or values of Kafka records. Implementations are safe for concurrent use.
type Deserializer[T any] interface {
	// Decode resets v, decodes payload into it, and sets from.Schema. v does not
	// alias payload, except with [Bytes]. It may send requests to the registry, within ctx, for the first
	// payload of a schema id.
	Decode(ctx context.Context, payload []byte, from *Target, v *T) error
}

// Target identifies the topic and the part of a record that is serialized or deserialized.
type Target struct {
	Topic   string
	Part    Part
	Null    bool                    // set by Append: the value is Kafka's null. Consumers do not decode nulls
	Headers []kafka.Header          // of the record; Append adds those of the frame to a copy
	Schema  *registry.SubjectSchema // set by both: the writer's schema; nil for plain serdes
}

// Part is the key or the value of a record.
type Part uint8

// The parts.
const (
	Key Part = iota
	Value
)

// String returns "key" or "value".
func (p Part) String() string {
	if p == Key {
		return "key"
	}
	return "value"
}

// NoKey is the key type of records without a key. It is written as Kafka's null.
type NoKey struct{}

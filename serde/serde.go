package serde

import (
	"context"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/registry"
)

// Serializer turns values into what a Kafka record holds. Implementations are
// safe for concurrent use.
type Serializer[T any] interface {
	// Append appends v, framed as to.Topic's data are, to dst. It fills in to's
	// Null and Schema, and adds to to.Headers what the frame needs. On an error
	// dst is returned as it was, and nothing in to was changed.
	//
	// It neither keeps nor changes v. It may ask the registry within ctx, but
	// not once it has written to the same topic before.
	Append(ctx context.Context, dst []byte, to *Target, v *T) ([]byte, error)
}

// Deserializer turns what a Kafka record holds into values. Implementations are
// safe for concurrent use.
type Deserializer[T any] interface {
	// Decode resets v and decodes payload into it, and fills in from.Schema. v
	// does not alias payload. It may ask the registry within ctx, but not for
	// an id that it has seen before.
	Decode(ctx context.Context, payload []byte, from *Target, v *T) error
}

// Target is the place in a Kafka record that a value goes to or comes from.
type Target struct {
	Topic   string
	Part    Part
	Null    bool                    // Append sets it: write Kafka's null. Decode is told it; consumers do not decode nulls
	Headers []kafka.Header          // in: the record's. Append adds what the frame needs, to a copy
	Schema  *registry.SubjectSchema // filled in: the writer's schema; nil for plain serdes
}

// Part is one of the two halves of a record.
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

// NoKey is the key type of records without a key: it is written as Kafka's null.
type NoKey struct{}

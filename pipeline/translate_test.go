package pipeline_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/pipeline"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/serde"
)

// noID is a registry that returns an invalid id.
type noID struct {
	pipeline.SchemaRegistrar
	id int
}

func (n noID) Lookup(ctx context.Context, subject string, d registry.Definition, opts ...registry.CallOption) (*registry.SubjectSchema, error) {
	return &registry.SubjectSchema{Subject: subject, ID: n.id, Version: 1, Definition: d}, nil
}

// An invalid id is not written into a copy.
func TestCopyOfAnIDOutOfRange(t *testing.T) {
	var big int64 = 4294967297
	for _, id := range []int{0, -5, int(big)} {
		synctest.Test(t, func(t *testing.T) {
			w := newTwoClusters(t)
			v1 := w.register(w.fromSchema, "orders-value", orderV1)
			w.from.Append("orders", 0, kafka.Record{Value: serde.AppendFrame(nil, v1.ID)})
			err := w.copy(pipeline.CopyConfig{Schemas: pipeline.NewTranslator(w.fromSchema, noID{w.toSchema, id}, serde.TopicName)})
			var malformed *registry.MalformedResponseError
			require.ErrorAs(t, err, &malformed)
			require.Empty(t, w.to.Records("orders"))
		})
	}
}

package pipeline_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/pipeline"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/serde"
)

// unanswering is a serializer whose registry does not answer.
type unanswering struct{ text }

func (unanswering) Append(_ context.Context, dst []byte, to *serde.Target, _ *string) ([]byte, error) {
	return dst, &serde.EncodeError{Topic: to.Topic, Part: to.Part, Err: &registry.UnavailableError{Response: registry.Response{Status: 503}}}
}

// A pipeline whose registry does not answer, for its input or its output, logs a warning once a
// minute, and the context's error contains the registry's.
func TestRegistryAwayNamesItself(t *testing.T) {
	for _, side := range []string{"reading", "writing"} {
		t.Run(side, func(t *testing.T) {
			both(t, func(t *testing.T, exactlyOnce bool) {
				p := newPlant(t, 2)
				out := serde.Serializer[string](text{p.down})
				if side == "reading" {
					p.down.Store(true)
				} else {
					out = unanswering{}
				}
				p.fill(0, "cold 1", "cold 2")
				p.fill(1, "cold 3")
				var log bytes.Buffer
				l, err := pipeline.New(p.session(exactlyOnce), text{p.down}, text{p.down}, text{p.down}, out,
					pipeline.WithOwnedClient(), pipeline.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
				require.NoError(t, err)
				require.NoError(t, l.Subscribe("in"))
				ctx, cancel := context.WithTimeout(t.Context(), 150*time.Second)
				defer cancel()
				err = l.Run(ctx, echo)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				var unavailable *registry.UnavailableError
				require.ErrorAs(t, err, &unavailable)
				var record *avroconsumer.RecordError
				require.NotErrorAs(t, err, &record, "no record has ended it")
				require.Equal(t, 3, strings.Count(log.String(), "waiting for the registry"), log.String())
				require.Equal(t, 3, strings.Count(log.String(), "\n"), log.String())
				p.close(l)
			})
		})
	}
}

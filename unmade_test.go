package kavro_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
)

// A client that Open has not made is an error of whatever is asked of it.
func TestClientNotMadeByOpen(t *testing.T) {
	ctx := within(t, 10*time.Second)
	for what, client := range map[string]*kavro.Client{"nil": nil, "empty": {}} {
		_, registry := client.Registry()
		_, producer := kavro.NewProducer[string, string](client)
		_, consumer := kavro.NewConsumer[string, string](client, "g", nil)
		_, pipeline := kavro.NewPipeline[string, string, string, string](client, "g", nil)
		_, replay := client.Replay(ctx, "g", []string{"orders-dlt"})
		for name, err := range map[string]error{
			"Ping": client.Ping(ctx), "CreateTopics": client.CreateTopics(ctx, kavro.NewTopic{Name: "orders"}), "Close": client.Close(ctx),
			"Registry": registry, "NewProducer": producer, "NewConsumer": consumer, "NewPipeline": pipeline,
			"Replay": replay, "Copy": client.Copy(ctx, "g", []string{"orders"}),
		} {
			require.EqualError(t, err, "kavro: the client is "+what+": make one with Open", name)
		}
		err := open(t, "franz", nowhere).Copy(ctx, "g", []string{"orders"}, kavro.WithCopyTo(client), kavro.WithTranslatedSchemas(nil))
		require.ErrorContains(t, err, "kavro: WithCopyTo: the client is "+what)
	}
}

package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/kavrotest"
)

// With the default client of this build, and with franz-go.
func TestRun(t *testing.T) {
	for _, client := range []string{"", "franz"} {
		t.Run("kavro.client="+client, func(t *testing.T) {
			env := kavrotest.New(t, kavrotest.WithTopic("parcels", 1))
			var out bytes.Buffer
			require.NoError(t, run(t.Context(), &out, env.Config(kavro.Config{"kavro.client": client})))
			require.Equal(t, `first run
shipped to Oslo
shipped to Lima
dead letters sent back: 1
shipped to Atlantis
`, out.String())
		})
	}
}

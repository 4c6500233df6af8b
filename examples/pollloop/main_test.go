package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kavrotest"
)

// clients are the default of this build, and franz-go.
var clients = []string{"", "franz"}

func TestRun(t *testing.T) {
	for _, client := range clients {
		t.Run("kavro.client="+client, func(t *testing.T) {
			env, err := kavrotest.Start(kavrotest.WithTopic("readings", 1))
			require.NoError(t, err)
			defer env.Close()
			var out bytes.Buffer
			require.NoError(t, run(t.Context(), &out, env, client))
			require.Equal(t, `delivered cellar to readings [0] at offset 0
delivered roof to readings [0] at offset 1
delivered oven to readings [0] at offset 2
cellar: 20.0 °C
roof: 21.0 °C
oven: 22.0 °C
nothing more on readings [0] for now
committed: 3
`, out.String())
		})
	}
}

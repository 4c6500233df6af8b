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
			env, err := kavrotest.Start(kavrotest.WithTopic("things", 1))
			require.NoError(t, err)
			defer env.Close()
			var out bytes.Buffer
			require.NoError(t, run(t.Context(), &out, env, client))
			require.Equal(t, `things.Book: map[pages:474 title:Emma]
things.Record: map[artist:Nina Simone tracks:[Sinnerman]]
things.Book: map[pages:<nil> title:Ulysses]
`, out.String())
		})
	}
}

package memory_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
)

// A float's default given as a string, as Java's programs write what JSON has no
// number for, is registered as it is, and makes the new field readable; a string
// that Java does not read is refused.
func TestMemoryFloatDefaults(t *testing.T) {
	const field = `{"type":"record","name":"N","fields":[{"name":"a","type":"%s","default":%s}]}`
	for _, typ := range []string{"float", "double"} {
		for _, def := range []string{`"NaN"`, `"Infinity"`, `"-Infinity"`, `"1.5"`} {
			ctx, m := t.Context(), memory.New()
			_, err := m.Register(ctx, "s", registry.Definition{Text: `{"type":"record","name":"N","fields":[]}`})
			require.NoError(t, err)
			text := fmt.Sprintf(field, typ, def)
			require.NoError(t, m.CheckCompatibility(ctx, "s", registry.Definition{Text: text}))
			_, err = m.Register(ctx, "s", registry.Definition{Text: text})
			require.NoError(t, err, text)
		}
		for _, def := range []string{`"INF"`, `"nan"`, `"x"`, `""`} {
			_, err := memory.New().Register(t.Context(), "s", registry.Definition{Text: fmt.Sprintf(field, typ, def)})
			require.Error(t, err, def)
		}
	}
}

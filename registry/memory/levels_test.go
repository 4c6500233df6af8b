package memory_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/vectors"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/schemas"
)

// TestMemoryLevels registers the histories of the vectors and then the schema that
// they ask about.
func TestMemoryLevels(t *testing.T) {
	type vector struct {
		Name       string            `json:"name"`
		Mode       string            `json:"mode"`
		History    []json.RawMessage `json:"history"`
		New        json.RawMessage   `json:"new"`
		Compatible bool              `json:"compatible"`
		Contested  any               `json:"contested"`
	}
	list := vectors.Load[vector]("transitive.json")
	checked := 0
	for _, v := range list {
		if v.Contested != nil {
			continue // the specification and Java disagree
		}
		checked++
		t.Run(v.Name, func(t *testing.T) {
			ctx, m := t.Context(), memory.New(memory.WithLevel(schemas.None))
			for _, text := range v.History {
				_, err := m.Register(ctx, "s", registry.Definition{Text: string(text)})
				require.NoError(t, err)
			}
			level, err := schemas.ParseLevel(v.Mode)
			require.NoError(t, err)
			require.NoError(t, m.SetCompatibility(ctx, "s", level))
			next := registry.Definition{Text: string(v.New)}

			checked := m.CheckCompatibility(ctx, "s", next)
			_, err = m.Register(ctx, "s", next)
			if v.Compatible {
				require.NoError(t, checked)
				require.NoError(t, err)
				return
			}
			if _, lookup := m.Lookup(ctx, "s", next); lookup == nil {
				require.NoError(t, err, "a schema that is there is not checked")
				return
			}
			conflict, ok := errors.AsType[*registry.ConflictError](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, 40901, conflict.Code)
			reasons, ok := errors.AsType[*schemas.IncompatibleError](checked)
			require.True(t, ok, "%v", checked)
			require.Equal(t, level, reasons.Level)
			require.NotEmpty(t, reasons.Reasons)
			require.ErrorAs(t, err, &reasons)
		})
	}
	require.Greater(t, checked, 150)
}

package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/serde"
)

// Every name in a scenario is a side's, and each table has the rows that the others are compared to.
func TestScenarios(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range scenarios() {
		require.False(t, seen[c.name], c.name)
		seen[c.name] = true
		require.NotEmpty(t, append(slices.Clip(c.produce), c.consume...), c.name)
		for _, part := range []struct {
			sides []side
			names []string
		}{{producing(), c.produce}, {consuming(), c.consume}} {
			if len(part.names) == 0 {
				continue
			}
			chosen := selectSides(part.sides, part.names)
			require.Len(t, chosen, len(part.names), c.name)
			rows := make([]row, len(chosen))
			for i, one := range chosen {
				rows[i] = row{one.name, []figures{{Seconds: 1, CPU: float64(i + 1), N: 100}}}
			}
			var b strings.Builder
			table(&b, "Title", rows)
			require.Equal(t, len(chosen)+5, strings.Count(b.String(), "\n"), c.name)
		}
	}
}

// Records differ, and are the same in every process, but for the order of tags in the data.
func TestRecords(t *testing.T) {
	all, err := newRecords(settings{})
	require.NoError(t, err)
	again, err := newRecords(settings{})
	require.NoError(t, err)
	require.Equal(t, all.keys, again.keys)
	require.Equal(t, all.orders, again.orders)
	distinct, size := map[string]bool{}, 0
	for i := range distinctOrders {
		require.Len(t, again.value(i), len(all.value(i)))
		distinct[string(all.value(i))], size = true, size+len(all.value(i))
	}
	require.Len(t, distinct, distinctOrders)
	require.InDelta(t, 150, size/distinctOrders, 15, "bytes on average")
	require.Equal(t, all.order(3), all.order(3+distinctOrders))
	require.NotEqual(t, all.key(0), all.key(1))

	large, err := newRecords(settings{Size: 100_000})
	require.NoError(t, err)
	require.Len(t, large.value(0), 100_000)
	require.NotEqual(t, large.value(0), large.value(1))
}

// The ids of the records are those of the registry that a consumer reads with.
func TestRegistered(t *testing.T) {
	ids, err := registered(t.Context(), 3)
	require.NoError(t, err)
	all, err := newRecords(settings{})
	require.NoError(t, err)
	id, _, err := serde.SplitRecord(all.value(0), serde.Value, nil)
	require.NoError(t, err)
	require.Equal(t, 1, id.ID)
	for id := 1; id <= 3; id++ {
		s, err := ids.SchemaByID(t.Context(), "", id)
		require.NoError(t, err)
		require.Equal(t, "shop.Order", s.Schema.FullName())
	}
}

package schemas

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// randomUnions is a schema of a few unions whose branches share names, differ in
// their namespaces, have aliases and refer to each other.
func randomUnions(r *rand.Rand) string {
	var defined []string
	name := func() string { return fmt.Sprintf("n%d.R%d", r.IntN(3), r.IntN(5)) }
	var typ func(depth int) string
	typ = func(depth int) string {
		switch k := r.IntN(10); {
		case k < 2 || depth > 3:
			if len(defined) > 0 {
				return `"` + defined[r.IntN(len(defined))] + `"`
			}
			return `"int"`
		case k < 5:
			return []string{`"int"`, `"long"`, `"string"`, `"bytes"`, `"double"`, `{"type":"array","items":"int"}`}[r.IntN(6)]
		default:
			full := name()
			for _, d := range defined {
				if d == full {
					return `"` + full + `"`
				}
			}
			defined = append(defined, full)
			var fields []string
			for f := range r.IntN(3) {
				fields = append(fields, fmt.Sprintf(`{"name":"f%d","type":%s}`, f, typ(depth+1)))
			}
			return fmt.Sprintf(`{"type":"record","name":%q,"aliases":[%q],"fields":[%s]}`, full, name(), strings.Join(fields, ","))
		}
	}
	union := func() string {
		var branches []string
		seen := map[string]bool{}
		for range 1 + r.IntN(6) {
			b := typ(0)
			key := b
			if strings.HasPrefix(b, `{"type":"record"`) {
				key = `"` + strings.SplitN(b, `"`, 9)[7] + `"`
			}
			if !seen[key] {
				seen[key] = true
				branches = append(branches, b)
			}
		}
		return "[" + strings.Join(branches, ",") + "]"
	}
	var fields []string
	for f := range 1 + r.IntN(4) {
		fields = append(fields, fmt.Sprintf(`{"name":"f%d","type":%s}`, f, union()))
	}
	return fmt.Sprintf(`{"type":"record","name":"Top","fields":[%s]}`, strings.Join(fields, ","))
}

// A union's index finds what looking at each branch finds: the same reasons, in the
// same order.
func TestUnionIndex(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	compared, incompatible := 0, 0
	for range 5_000 {
		a, err := Parse(randomUnions(r), Lenient())
		if err != nil {
			continue
		}
		b, err := Parse(randomUnions(r), Lenient())
		if err != nil {
			continue
		}
		compared++
		run := func(many int) []Reason {
			c := newComparison(CompareWork, context.Background().Err)
			c.many = many
			reasons := c.compare(a.root, b.root, nil, nil)
			require.Positive(t, c.work)
			return reasons
		}
		each, indexed := run(1<<30), run(0)
		if len(each) > 0 {
			incompatible++
		}
		require.Equal(t, each, indexed, "reader %s\nwriter %s", a, b)
	}
	require.Greater(t, compared, 1_500)
	require.Greater(t, incompatible, 300)
	require.Less(t, incompatible, compared)
}

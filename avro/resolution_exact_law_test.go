package avro

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/kavro/kavro/internal/sketch"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

// What an exact resolution writes, a reader with the program's own schema reads as
// the value that was written, or not at all. Numbers may come back as another type
// of number.
func TestExactResolutionLaw(t *testing.T) {
	written, read := 0, 0
	for seed := range uint64(40000) {
		target, own, _, ok := sketch.Pair(seed) // own evolved: the program is newer
		if !ok {
			continue
		}
		datum, ok := sketch.Datum(rand.New(rand.NewPCG(seed, 1)), nil, own.Root(), 12)
		if !ok || hasAliases(own) || hasAliases(target) {
			continue
		}
		about := fmt.Sprintf("own %s\ntarget %s\ndatum %x", own, target, datum)
		there, err := NewExactResolution(own, target)
		if err != nil {
			continue
		}
		out, err := there.Append(nil, datum)
		if err != nil {
			require.False(t, there.Identical(), about)
			continue
		}
		if there.Identical() {
			require.Equal(t, datum, out, about)
		}
		written++
		inTarget, _, err := slowDecode(target.Root(), out, 0)
		require.NoError(t, err, about)
		back, err := NewExactResolution(target, own) // a reader may round
		if err != nil {
			continue
		}
		again, err := back.Append(nil, out)
		if err != nil {
			continue
		}
		read++
		before, _, err := slowDecode(own.Root(), datum, 0)
		require.NoError(t, err, about)
		after, _, err := slowDecode(own.Root(), again, 0)
		require.NoError(t, err, about)
		require.Equal(t, value(before), value(after), "%s\nin the target %v", about, inTarget)
	}
	require.Greater(t, written, 5000)
	require.Greater(t, read, 5000)
}

func hasAliases(s *schemas.Schema) bool {
	for n := range s.Types() {
		if len(n.Aliases()) > 0 {
			return true
		}
		for _, f := range n.Fields() {
			if len(f.Aliases()) > 0 {
				return true
			}
		}
	}
	return false
}

// value is v without what does not count: which type of number it is.
func value(v any) any {
	switch v := v.(type) {
	case slowUnion:
		if inner := value(v.value); !isNumber(inner) {
			return fmt.Sprint(v.branch.(*schemas.Node).BranchName(), " ", inner)
		} else {
			return inner
		}
	case slowRecord:
		out := make([]any, len(v))
		for i := range v {
			out[i] = value(v[i])
		}
		return fmt.Sprint(out)
	case slowMap:
		return fmt.Sprint(v.keys, value(slowRecord(v.values)))
	case int32:
		return fmt.Sprint("number ", v)
	case int64:
		return fmt.Sprint("number ", v)
	case float32:
		return number(float64(v))
	case float64:
		return number(v)
	}
	return v
}

func isNumber(v any) bool {
	s, ok := v.(string)
	return ok && strings.HasPrefix(s, "number ")
}

func number(f float64) string {
	if f == math.Trunc(f) && math.Abs(f) < 1<<63 && (f != 0 || !math.Signbit(f)) {
		return fmt.Sprint("number ", int64(f))
	}
	return fmt.Sprint("number ", f)
}

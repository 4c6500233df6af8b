package avro

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kavro/kavro/internal/randomschema"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

// What an exact resolution writes, a reader with the program's own schema reads as
// the value that was written, or not at all. Numbers may come back as another type
// of number, and rounded to it: a union's float may take what its int was.
func TestExactResolutionLaw(t *testing.T) {
	written, read := 0, 0
	for seed := range uint64(40000) {
		target, own, _, ok := randomschema.Pair(seed) // own evolved: the program is newer
		if !ok {
			continue
		}
		datum, ok := randomschema.Datum(rand.New(rand.NewPCG(seed, 1)), nil, own.Root(), 12)
		if !ok {
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
		back, err := NewResolution(target, own)
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
		require.False(t, differs(before, after), "%s\nbefore %v\nin the target %v\nafter %v", about, before, inTarget, after)
	}
	require.Greater(t, written, 5000)
	require.Greater(t, read, 5000)
}

func numeric(t schemas.Type) bool {
	return t == schemas.Int || t == schemas.Long || t == schemas.Float || t == schemas.Double
}

// differs reports whether two values are not the same, but for which type of number
// they are.
func differs(before, after any) bool {
	if u, ok := before.(slowUnion); ok {
		v, ok := after.(slowUnion)
		if !ok || !numeric(u.branch.(*schemas.Node).Type()) && u.branch != v.branch {
			return true
		}
		return differs(u.value, v.value)
	}
	switch x := before.(type) {
	case slowRecord:
		y := after.(slowRecord)
		for i := range x {
			if differs(x[i], y[i]) {
				return true
			}
		}
		return false
	case slowMap:
		y := after.(slowMap)
		if len(x.values) != len(y.values) || !slices.Equal(x.keys, y.keys) {
			return true
		}
		for i := range x.values {
			if differs(x.values[i], y.values[i]) {
				return true
			}
		}
		return false
	}
	return scalar(before) != scalar(after)
}

// scalar is v without its type, if it is a number.
func scalar(v any) any {
	switch v := v.(type) {
	case int32:
		return number(float64(v))
	case int64:
		return number(float64(v))
	case float32:
		return number(float64(v))
	case float64:
		return number(v)
	}
	return v
}

func number(f float64) string {
	f = float64(float32(f))
	if f == math.Trunc(f) && math.Abs(f) < 1<<63 && (f != 0 || !math.Signbit(f)) {
		return fmt.Sprint("number ", int64(f))
	}
	return fmt.Sprint("number ", f)
}

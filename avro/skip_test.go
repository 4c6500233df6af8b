package avro_test

import (
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/internal/randomschema"
	"github.com/kavro/kavro/internal/vectors"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

// requireSkip checks the law of skipping: steps end where the Reader does, and refuse what it refuses.
func requireSkip(t *testing.T, s *schemas.Schema, datum []byte, opts ...avro.Option) (refused bool) {
	steps, reader, err := avro.Skip(s, datum, opts...)
	if err != nil {
		require.Negative(t, steps, "%s: %x: %v", s, datum, err)
		return true
	}
	require.Equal(t, reader, steps, "%s: %x", s, datum)
	return false
}

func TestSkipLaw(t *testing.T) {
	taken, refused := 0, 0
	for seed := range uint64(8_000) {
		a, b := requireSkips(t, seed)
		taken, refused = taken+a, refused+b
	}
	require.Greater(t, taken, 5_000)
	require.Greater(t, refused, 5_000)
}

func FuzzSkip(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { requireSkips(t, seed) })
}

// requireSkips checks data of one random schema, some of them wrong.
func requireSkips(t *testing.T, seed uint64) (taken, refused int) {
	s, _, datum, ok := randomschema.Pair(seed)
	if !ok {
		return 0, 0
	}
	require.False(t, requireSkip(t, s, datum), "seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 3))
	limits := []avro.Option{avro.WithMaxBytes(r.IntN(4)), avro.WithMaxItems(r.IntN(4)), avro.WithMaxDepth(r.IntN(3)), avro.WithMaxEmptyItems(r.IntN(4))}
	for _, opt := range limits {
		requireSkip(t, s, datum, opt)
	}
	for range 5 {
		damaged := append([]byte(nil), datum...)
		for range 1 + r.IntN(2) {
			if len(damaged) > 0 {
				damaged[r.IntN(len(damaged))] = byte(r.Uint32() >> r.IntN(8))
			}
		}
		if requireSkip(t, s, damaged[:len(damaged)-r.IntN(1+len(damaged))/4]) {
			refused++
		} else {
			taken++
		}
	}
	return taken, refused
}

func TestSkipVectors(t *testing.T) {
	for _, v := range vectors.Load[malformedVector]("malformed.json") {
		datum, err := hex.DecodeString(strings.Repeat(v.Hex, max(v.Repeat, 1)))
		require.NoError(t, err)
		if s, err := schemas.Parse(string(v.Schema), schemas.Lenient()); err == nil {
			requireSkip(t, s, datum)
		}
	}
}

// What a projection skips is checked all the same, and errors say where in the writer's value.
func TestProjectionErrorsInSkippedFields(t *testing.T) {
	const schema = `{"type": "record", "name": "R", "fields": [
		{"name": "a", "type": "double"}, {"name": "b", "type": {"type": "fixed", "name": "F", "size": 3}}, {"name": "c", "type": "boolean"},
		{"name": "id", "type": "int"},
		{"name": "d", "type": {"type": "array", "items": {"type": "record", "name": "L", "fields": [{"name": "x", "type": "float"}, {"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["X", "Y"]}}]}}},
		{"name": "next", "type": ["null", "R"]}]}`
	p, err := avro.NewProjection[struct{ ID int }](schemas.MustParse(schema))
	require.NoError(t, err)
	const head = "12345678" + "abc" + "\x01" + "\x0e"
	var v struct{ ID int }
	require.NoError(t, p.Decode([]byte(head+"\x02\x00\x00\x00\x00\x02\x00\x02"+head+"\x00\x00"), &v))
	require.Equal(t, 7, v.ID)
	for datum, want := range map[string]string{
		"1234":            "a: fixed of 8: input ends within a value (4 bytes left)",
		"12345678ab":      "b: fixed of 3: input ends within a value (2 bytes left)",
		"12345678abc\x02": "c: boolean: boolean is neither 0 nor 1 (1 byte left)",
		head + "\x04\x00\x00\x00\x00\x02abcd\x04": "d[1].e: enum index 2, there are 2 symbols: out of range",
		head + "\x02\x00\x00\x00\x00\x04":         "d[0].e: enum index 2, there are 2 symbols: out of range",
		head + "\x14\x00\x00\x00\x00":             "d: input ends within a value: block of 10 items, 4 bytes left",
		head + "\x00\x06":                         "next: union index 3, there are 2 branches: out of range",
		head + "\x00\x02" + head[:9]:              "next.b: fixed of 3: input ends within a value (1 byte left)",
	} {
		require.EqualError(t, p.Decode([]byte(datum), &v), want, "%q", datum)
	}
}

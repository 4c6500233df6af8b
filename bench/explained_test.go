package bench

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/schemas"
)

// An explanation is a disagreement that docs/avro.md speaks of: what each side says, and
// an input that shows it.
type explanation struct {
	library      string // "" is any
	op           op
	ours, theirs string // regular expressions of errors; "" is that it agrees to
	why          string
	where        func(writer, reader *schemas.Schema) bool // nil: anywhere

	// The datum is in hexadecimal; without a reader, the writer's schema is that too.
	writer, reader, datum string
}

// explained are the disagreements that do not fail.
var explained = []explanation{
	{
		library: Goavro, op: opParse, theirs: `size ought to be number greater than zero`,
		why:    "goavro knows no fixed of size 0",
		writer: `{"type": "fixed", "name": "F", "size": 0}`,
	},
	{
		library: Goavro, op: opParse, theirs: `default`,
		why:    "goavro takes a union's default for its first branch only",
		writer: `{"type": "record", "name": "R", "fields": [{"name": "u", "type": ["null", "int"], "default": 1}]}`,
	},
	{
		library: Hamba, op: opParse, theirs: `invalid default`,
		why:    "hamba/avro takes a union's default within another default for its first branch only",
		writer: `{"type": "record", "name": "R", "fields": [{"name": "s", "default": {"u": 1}, "type": {"type": "record", "name": "S", "fields": [{"name": "u", "type": ["null", "int"]}]}}]}`,
	},
	{
		library: Twmb, op: opParse, theirs: `record field (alias|name) .* collides with another field name or alias`,
		why:    "twmb/avro refuses an alias that is a field's name, be it its own",
		writer: `{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int", "aliases": ["a"]}]}`,
	},
	{
		library: Twmb, op: opParse, theirs: `encoding default: `, where: anyRecursive,
		why:    "twmb/avro does not fill a recursive record within a default from its fields' defaults",
		writer: `{"type": "record", "name": "R", "fields": [{"name": "s", "default": {}, "type": {"type": "record", "name": "S", "fields": [{"name": "a", "type": ["int", "S"], "default": 1}]}}]}`,
	},
	{
		op: opMutated, ours: `block size is negative or beyond the input`,
		why:    "peers do not look at the size of a block",
		writer: `{"type": "array", "items": "int"}`, datum: "01 64 02 00",
	},
	{
		library: Goavro, op: opMutated, ours: `varint does not fit its type`,
		why:    "goavro drops the bits of a number that are too many",
		writer: `"int"`, datum: "ff ff ff ff 1f",
	},
	{
		library: Twmb, op: opMutated, ours: `boolean is neither 0 nor 1`,
		why:    "twmb/avro reads other booleans",
		writer: `"boolean"`, datum: "02",
	},
	{
		library: Goavro, op: opMutated, theirs: `duplicate key`,
		why:    "goavro refuses a map that has a key twice, of which Java and kavro keep the last",
		writer: `{"type": "map", "values": "int"}`, datum: "04 02 61 02 02 61 04 00",
	},
	{
		library: Twmb, op: opMutated, theirs: `array of zero-byte items exceeds 4096-element limit`,
		why:    "twmb/avro reads 4,096 items of no bytes, kavro 65,536 by default",
		writer: `{"type": "array", "items": "null"}`, datum: "90 4e 00",
	},
	{
		library: Twmb, op: opCanRead, theirs: `incompatible at`, where: hasNamesakes,
		why:    "twmb/avro does not try the branch of another namespace if that of the full name cannot read, as Java's check does",
		writer: `[{"type": "enum", "name": "m.A", "symbols": ["X", "Z"]}, {"type": "enum", "name": "n.A", "symbols": ["X"]}]`,
		reader: `[{"type": "enum", "name": "m.A", "symbols": ["X"]}, {"type": "enum", "name": "n.A", "symbols": ["X", "Z"]}]`,
		datum:  "00 00",
	},
	{
		library: Twmb, op: opCanRead, ours: `is not in the writer's schema and needs a default`, where: hasNullableWithoutDefault,
		why:    "twmb/avro takes a new nullable field for optional",
		writer: `{"type": "record", "name": "R", "fields": []}`,
		reader: `{"type": "record", "name": "R", "fields": [{"name": "u", "type": ["null", "int"]}]}`,
	},
	{
		library: Twmb, op: opResolve, ours: `the sizes differ`, where: hasNamesakes,
		why:    "twmb/avro takes the branch of another namespace, where Java and kavro take the one that an alias names",
		writer: `[{"type": "fixed", "name": "n.A", "size": 3}, {"type": "fixed", "name": "m.A", "size": 3}]`,
		reader: `[{"type": "fixed", "name": "p.A", "size": 2, "aliases": ["n.A"]}, {"type": "fixed", "name": "m.A", "size": 3}]`,
		datum:  "00 01 02 03",
	},
	{
		library: Twmb, op: opResolve, where: hasNamesakes,
		why:    "twmb/avro takes the first branch of an unqualified name, where Java and kavro keep the places of unions that are alike",
		writer: `[{"type": "enum", "name": "p.A", "symbols": ["W", "Z"]}, {"type": "enum", "name": "m.A", "symbols": ["Z"]}]`,
		reader: `[{"type": "enum", "name": "p.A", "symbols": ["W", "Z"]}, {"type": "enum", "name": "n.A", "symbols": ["Z"]}]`,
		datum:  "02 00",
	},
	{
		library: Hamba, op: opCanRead, ours: `which are one field for the reader by its aliases`,
		why:    "hamba/avro takes the first of the two, where Java's check throws",
		writer: `{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}, {"name": "c", "type": "int"}]}`,
		reader: `{"type": "record", "name": "R", "fields": [{"name": "c", "type": "int", "aliases": ["a"]}]}`,
		datum:  "02 04",
	},
	{
		library: Hamba, op: opResolve, theirs: `schema type null is unsupported`,
		why:    "hamba/avro cannot skip a null",
		writer: `{"type": "record", "name": "R", "fields": [{"name": "a", "type": "null"}]}`,
		reader: `{"type": "record", "name": "R", "fields": []}`,
	},
	{
		library: Hamba, op: opResolve, where: hasBigDefault,
		why:    "hamba/avro takes a long's default for a double, which loses what is beyond 2^53",
		writer: `{"type": "record", "name": "R", "fields": []}`,
		reader: `{"type": "record", "name": "R", "fields": [{"name": "y", "type": "long", "default": -2151240002923002508}]}`,
	},
}

// TestExplained shows each disagreement by its input: an explanation of what the
// libraries agree on by now fails.
func TestExplained(t *testing.T) {
	for _, e := range explained {
		t.Run(e.why, func(t *testing.T) {
			datum, err := hex.DecodeString(strings.ReplaceAll(e.datum, " ", ""))
			require.NoError(t, err)
			d := differ{t: t, writer: schemas.MustParse(e.writer), reader: schemas.MustParse(cmp.Or(e.reader, e.writer))}
			valid := datum
			if e.op == opMutated {
				valid = []byte{0}
			}
			d.peers(valid, datum)
			require.Contains(t, d.explained, e.why)
		})
	}
}

// anyRecursive reports whether a record of either schema may contain itself.
func anyRecursive(writer, reader *schemas.Schema) bool {
	return isRecursive(writer) || isRecursive(reader)
}

// hasNullableWithoutDefault reports whether a field that may be null has no default.
func hasNullableWithoutDefault(_, reader *schemas.Schema) bool {
	return anyField(reader, func(f *schemas.Field) bool {
		_, ok := f.Default()
		return !ok && slices.ContainsFunc(f.Type().Branches(), func(b *schemas.Node) bool { return b.Type() == schemas.Null })
	})
}

// hasBigDefault reports whether a reader's default has a number that no double is.
func hasBigDefault(_, reader *schemas.Schema) bool {
	return anyField(reader, func(f *schemas.Field) bool {
		def, _ := f.Default()
		for _, digits := range regexp.MustCompile(`-?\d+`).FindAllString(string(def), -1) {
			if i, err := strconv.ParseInt(digits, 10, 64); err == nil && int64(float64(i)) != i {
				return true
			}
		}
		return false
	})
}

func anyField(s *schemas.Schema, is func(*schemas.Field) bool) bool {
	for n := range s.Types() {
		if slices.ContainsFunc(n.Fields(), is) {
			return true
		}
	}
	return false
}

// hasNamesakes reports whether a union of the reader's has two branches that could
// both be meant by an unqualified name.
func hasNamesakes(_, reader *schemas.Schema) bool {
	for n := range reader.Types() {
		seen := map[string]bool{}
		for _, b := range n.Branches() {
			own := map[string]bool{}
			for _, name := range append([]string{b.FullName()}, b.Aliases()...) {
				if name != "" {
					own[fmt.Sprint(b.Type(), name[strings.LastIndexByte(name, '.')+1:])] = true
				}
			}
			for name := range own {
				if seen[name] {
					return true
				}
			}
			maps.Copy(seen, own)
		}
	}
	return false
}

package schemas_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/vectors"
	"github.com/kavro/kavro/schemas"
)

// FuzzParse checks what must hold for every text that is a schema: all texts
// made from it are schemas that mean the same, lenient parsing gives the same,
// and it reads its own data.
func FuzzParse(f *testing.F) {
	for _, file := range []string{"parse_valid.json", "parse_invalid.json", "canonical.json"} {
		for _, v := range vectors.Load[parseVector](file) {
			f.Add(v.Schema)
		}
	}
	f.Add(`{"type":"record","name":"a.R","aliases":["Q","b.Q"],"x":{"b":1e3,"a":[-0,0.1]},"fields":[{"name":"f","type":["null","R",{"type":"fixed","name":"F","size":2}],` +
		`"default":"\u00ff\u0000","order":"ignore","aliases":["g"]},{"name":"l","type":"Later"},{"name":"m","type":{"type":"enum","name":"Later","symbols":["A"],"default":"A"}}]}`)
	f.Add(`/**/{"type":"fixed","name":"x-y","size":"01"}`)
	f.Add("\ufeff/* a\n */ // b\r\n{\"type\"://c\n\"record\",/**/\"name\":\"R\" /* */ // */\n,\"fields\":[{\"name\":\"a\",\"type\":\"string\",\"default\":\"//\\\"/*\"}]} //")
	roomy := slices.Clip([]schemas.ParseOption{schemas.WithMaxBytes(1 << 24), schemas.WithMaxDepth(2000)})
	f.Fuzz(func(t *testing.T, text string) {
		lenient, lenientErr := schemas.Parse(text, schemas.Lenient())
		if lenientErr == nil {
			require.Equal(t, schemas.StripComments(text), lenient.String())
			_, _, _ = lenient.Canonical(), lenient.Print(), lenient.Normalized()
		}
		s, err := schemas.Parse(text)
		if err != nil {
			var parse *schemas.ParseError
			require.ErrorAs(t, err, &parse)
			return
		}
		require.True(t, json.Valid([]byte(s.String())))
		bare, err := schemas.Parse(s.String())
		require.NoError(t, err)
		require.Equal(t, s.String(), bare.String())
		require.Equal(t, s.Print(), bare.Print())
		require.NoError(t, lenientErr)
		require.Equal(t, s.Print(), lenient.Print())

		if strings.Contains(s.Print(), `Infinity"`) {
			// Java prints a number beyond all doubles as a string, which strict parsing refuses as a number.
			_, err := schemas.Parse(s.Print(), append(roomy, schemas.Lenient())...)
			require.NoError(t, err)
			return
		}
		again, err := schemas.Parse(s.Print(), roomy...)
		require.NoError(t, err)
		if mixesNamespaces(s) { // Java prints the alias ".A" as "A", which may be another one: once read again, that stays
			third, err := schemas.Parse(again.Print(), roomy...)
			require.NoError(t, err)
			require.Equal(t, again.Print(), third.Print())
		} else {
			require.Equal(t, s.Print(), again.Print())
		}
		normal, err := schemas.Parse(s.Normalized(), roomy...)
		require.NoError(t, err)
		canonical, err := schemas.Parse(s.Canonical(), roomy...)
		if !mixesNamespaces(s) {
			require.NoError(t, err)
			require.Equal(t, s.Canonical(), canonical.Canonical())
			require.Equal(t, s.Canonical(), again.Canonical())
			require.Equal(t, s.Canonical(), normal.Canonical())
			require.Equal(t, s.Normalized(), normal.Normalized())
		}
		if err := schemas.CanRead(s, again); !errors.Is(err, schemas.ErrTooLarge) && err != nil {
			// A field whose alias is the name of another field cannot be told from it.
			require.ErrorContains(t, err, "one field for the reader")
		}
	})
}

// mixesNamespaces reports whether some names have a namespace and some have none:
// then a name by itself can mean two things, and Java's texts do not say which.
func mixesNamespaces(s *schemas.Schema) bool {
	with, without := false, false
	for n := range s.Types() {
		names := n.Aliases()
		if n.FullName() != "" {
			names = append([]string{n.FullName()}, names...)
		}
		for _, name := range names {
			if strings.Contains(name, ".") {
				with = true
			} else {
				without = true
			}
		}
	}
	return with && without
}

// FuzzCanRead checks that the answer does not depend on how schemas are written,
// and that the levels are made of it.
func FuzzCanRead(f *testing.F) {
	type vector struct{ Reader, Writer json.RawMessage }
	for _, v := range vectors.Load[vector]("compat.json") {
		f.Add(string(v.Reader), string(v.Writer))
	}
	f.Fuzz(func(t *testing.T, readerText, writerText string) {
		reader, err := schemas.Parse(readerText)
		if err != nil {
			return
		}
		writer, err := schemas.Parse(writerText)
		if err != nil {
			return
		}
		err = schemas.CanRead(reader, writer)
		var incompatible *schemas.IncompatibleError
		if err != nil && !errors.As(err, &incompatible) {
			require.ErrorIs(t, err, schemas.ErrTooLarge)
			return
		}
		if incompatible != nil {
			require.NotEmpty(t, incompatible.Reasons)
			for _, r := range incompatible.Reasons {
				require.True(t, strings.HasPrefix(r.Path, "/"))
				require.NotEmpty(t, r.String())
			}
		}
		// Only names, kinds, symbols and sizes of the writer count, and they are in its canonical form.
		if canonical, cerr := schemas.Parse(writer.Canonical()); cerr == nil && !mixesNamespaces(writer) {
			require.Equal(t, err, unversioned(schemas.CanRead(reader, canonical), err))
		}
		history := []*schemas.Schema{writer}
		require.Equal(t, err == nil, schemas.Backward.Check(reader, history) == nil)
		require.Equal(t, err == nil, schemas.Forward.Check(writer, []*schemas.Schema{reader}) == nil)
	})
}

// unversioned returns like if the two errors have the same reasons: those made
// from different parses hold different nodes.
func unversioned(got, like error) error {
	if got == nil || like == nil {
		return got
	}
	if got.Error() != like.Error() {
		return got
	}
	return like
}

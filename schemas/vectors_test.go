package schemas_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/vectors"
	"github.com/kavro/kavro/schemas"
)

type parseVector struct {
	Name      string
	Schema    string
	Reason    string
	Contested bool
}

func TestVectorsParseValid(t *testing.T) {
	for _, v := range vectors.Load[parseVector]("parse_valid.json") {
		if v.Contested {
			continue // TestContested
		}
		t.Run(v.Name, func(t *testing.T) {
			s, err := schemas.Parse(v.Schema)
			require.NoError(t, err)
			require.Equal(t, v.Schema, s.String())
			_, err = schemas.Parse(v.Schema, schemas.Lenient())
			require.NoError(t, err, "lenient")
		})
	}
}

func TestVectorsParseInvalid(t *testing.T) {
	for _, v := range vectors.Load[parseVector]("parse_invalid.json") {
		if v.Contested {
			continue // TestContested
		}
		t.Run(v.Name, func(t *testing.T) {
			_, err := schemas.Parse(v.Schema)
			var parse *schemas.ParseError
			require.ErrorAs(t, err, &parse)
			require.NotZero(t, parse.Line)
			require.NotZero(t, parse.Column)
			require.NotEmpty(t, parse.Reason)
		})
	}
}

func TestVectorsCanonical(t *testing.T) {
	type vector struct {
		Name, Schema, Canonical string
		CRC                     string `json:"crc64_avro_hex"`
		SHA256, MD5             string
	}
	for _, v := range vectors.Load[vector]("canonical.json") {
		t.Run(v.Name, func(t *testing.T) {
			s, err := schemas.Parse(v.Schema)
			require.NoError(t, err)
			require.Equal(t, v.Canonical, s.Canonical())
			sha, md := s.SHA256(), s.MD5()
			require.Equal(t, v.CRC, fmt.Sprintf("%016x", s.Fingerprint()))
			require.Equal(t, v.SHA256, hex.EncodeToString(sha[:]))
			require.Equal(t, v.MD5, hex.EncodeToString(md[:]))
		})
	}
}

func TestVectorsCompat(t *testing.T) {
	type incompatibility struct{ Type, Location, Message string }
	type vector struct {
		Name              string
		Reader, Writer    json.RawMessage
		Compatible        bool
		Incompatibility   string
		Incompatibilities []incompatibility
	}
	for _, v := range vectors.Load[vector]("compat.json") {
		t.Run(v.Name, func(t *testing.T) {
			reader, err := schemas.Parse(string(v.Reader))
			require.NoError(t, err)
			writer, err := schemas.Parse(string(v.Writer))
			require.NoError(t, err)
			err = schemas.CanRead(reader, writer)
			if v.Compatible {
				require.NoError(t, err)
				return
			}
			var incompatible *schemas.IncompatibleError
			require.ErrorAs(t, err, &incompatible)
			var got []incompatibility
			for _, r := range incompatible.Reasons {
				got = append(got, incompatibility{string(r.Kind), r.Path, r.Message})
			}
			require.Equal(t, v.Incompatibilities, got)
			require.Equal(t, v.Incompatibility, got[0].Type)
			require.Contains(t, err.Error(), "cannot read")
		})
	}
}

func TestVectorsTransitive(t *testing.T) {
	type vector struct {
		Name, Mode string
		History    []json.RawMessage
		New        json.RawMessage
		Compatible bool
	}
	for _, v := range vectors.Load[vector]("transitive.json") {
		t.Run(v.Name, func(t *testing.T) {
			level, err := schemas.ParseLevel(v.Mode)
			require.NoError(t, err)
			require.Equal(t, v.Mode, level.String())
			var history []*schemas.Schema
			for _, text := range v.History {
				s, err := schemas.Parse(string(text))
				require.NoError(t, err)
				history = append(history, s)
			}
			next, err := schemas.Parse(string(v.New))
			require.NoError(t, err)
			err = level.Check(next, history)
			if v.Compatible {
				require.NoError(t, err)
				return
			}
			var incompatible *schemas.IncompatibleError
			require.ErrorAs(t, err, &incompatible)
			require.Equal(t, level, incompatible.Level)
			for _, r := range incompatible.Reasons {
				require.Positive(t, r.Version)
				require.LessOrEqual(t, r.Version, len(history))
			}
		})
	}
}

package java

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/avro/ocf"
	"github.com/kavro/kavro/internal/randomschema"
	"github.com/kavro/kavro/schemas"
)

// TestFiles writes container files of random schemas and data with one library
// and reads them with the other, in every compression that both write.
func TestFiles(t *testing.T) {
	o := dial(t, startOracle(t))
	for name, compression := range map[string]ocf.Compression{
		"null": ocf.Uncompressed(), "deflate": ocf.Deflate(6), "snappy": ocf.Snappy(), "zstandard": ocf.Zstandard(3),
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(100) {
				s, data := fileOf(t, *firstSeed+seed)
				about := fmt.Sprintf("seed %d\nschema %s", *firstSeed+seed, s)

				a, err := o.ask(question{"op": "readFile", "file": base64.StdEncoding.EncodeToString(write(t, s, data, compression))})
				require.NoError(t, err, about)
				if why := javaCannot(s, a.Error); why != "" {
					continue
				}
				require.Empty(t, a.Error, about)
				require.Equal(t, data, a.Data, about)

				a, err = o.ask(question{"op": "writeFile", "schema": s.String(), "data": data, "codec": name})
				require.NoError(t, err, about)
				require.Empty(t, a.Error, about)
				theirs, err := ocf.NewReader[any](bytes.NewReader(a.File), ocf.WithAvro(avro.WithRawLogicalTypes()))
				require.NoError(t, err, about)
				require.Equal(t, name, theirs.Compression())
				require.Equal(t, s.Canonical(), theirs.Schema().Canonical())
				codec := rawCodec(t, s)
				var got []string
				for v, err := range theirs.All() {
					require.NoError(t, err, about)
					datum, err := codec.Append(nil, &v)
					require.NoError(t, err, about)
					got = append(got, hexOf(datum))
				}
				require.Equal(t, data, got, about)
			}
		})
	}
}

func rawCodec(t *testing.T, s *schemas.Schema) *avro.Codec[any] {
	t.Helper()
	c, err := avro.NewCodec[any](s, avro.WithRawLogicalTypes(), avro.WithSortedMaps())
	require.NoError(t, err)
	return c
}

// fileOf is a schema, and some data as both libraries write them.
func fileOf(t *testing.T, seed uint64) (s *schemas.Schema, data []string) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 3))
	for {
		g := randomschema.New(r)
		s, err := schemas.Parse(g.Style().Text(g.Schema()))
		if err != nil {
			continue // a definition is in it twice
		}
		var datum []byte
		ok := true
		for range 1 + r.IntN(30) {
			if datum, ok = randomschema.Datum(r, nil, s.Root(), 10); !ok {
				break
			}
			datum, err = rewritten(s, datum)
			require.NoError(t, err)
			data = append(data, hexOf(datum))
		}
		if ok {
			return s, data
		}
		data = nil
	}
}

// write is a file of ours, in a few blocks.
func write(t *testing.T, s *schemas.Schema, data []string, compression ocf.Compression) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := ocf.NewWriter[any](&file, s, ocf.WithCompression(compression), ocf.WithBlockData(10), ocf.WithAvro(avro.WithRawLogicalTypes(), avro.WithSortedMaps()))
	require.NoError(t, err)
	codec := rawCodec(t, s)
	for _, datum := range data {
		var v any
		require.NoError(t, codec.Decode(unhex(t, datum), &v))
		require.NoError(t, w.Write(&v))
	}
	require.NoError(t, w.Close())
	return file.Bytes()
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

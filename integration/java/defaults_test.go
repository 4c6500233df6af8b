package java

import (
	"encoding/hex"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/schemas"
)

// TestFloatDefaults compares what a string is as the default of a float or double:
// whether the schema is accepted, how it is printed, and what is read for it.
func TestFloatDefaults(t *testing.T) {
	o := dial(t, startOracle(t))
	const writer = `{"type":"record","name":"R","fields":[]}`
	accepted := 0
	for _, typ := range []string{"float", "double"} {
		for _, def := range []string{
			"NaN", "Infinity", "-Infinity", "+Infinity", "1.5", "Inf", "INF", "inf", "-INF", "nan", "NAN", "x", "", " ", " 1.5 ", "\t1.5\n", "\u00a01.5", "1e3", "1E3",
			"1e400", "-1e400", "1e-400", "0x1p3", "0x1.8p1", "0x.8p1", "0x1", "0xfp0", "1.5f", "1.5d", "1.5D", "1.5F", "NaNf", "+1.5", "-1.5", ".5", "5.", "-.5", "1_000", "0x_1p3", "1,5", "0123",
			"-0", "+NaN", "-NaN", " NaN ", "1.5L", "\u0661", "0.1", "3.4e38", "3.5e38", "16777217", "null", "true", "9007199254740993", "1e99999999999", "0e99999999999", "1e-45", "4.9e-324",
		} {
			for _, text := range []string{
				`{"type":"record","name":"R","fields":[{"name":"a","type":"` + typ + `","default":` + strconv.Quote(def) + `}]}`,
				`{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"` + typ + `"},"default":` + strconv.Quote(def) + `}]}`,
				`{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"array","items":"` + typ + `"},"default":[` + strconv.Quote(def) + `]}]}`,
				`{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"map","values":"` + typ + `"},"default":{"k":` + strconv.Quote(def) + `}}]}`,
				`{"type":"record","name":"R","fields":[{"name":"a","type":["null","` + typ + `"],"default":` + strconv.Quote(def) + `}]}`,
				`{"type":"record","name":"R","fields":[{"name":"a","type":["` + typ + `","string"],"default":` + strconv.Quote(def) + `}]}`,
				`{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"record","name":"S","fields":[{"name":"b","type":"` + typ + `","default":` + strconv.Quote(def) + `}]},"default":{}}]}`,
				`{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"record","name":"S","fields":[{"name":"b","type":"` + typ + `"}]},"default":{"b":` + strconv.Quote(def) + `}}]}`,
			} {
				a, err := o.ask(question{"op": "pair", "writer": writer, "reader": text, "datum": "", "json": "{}"})
				require.NoError(t, err, text)
				reader, err := schemas.Parse(text)
				require.Equal(t, a.Error == "", err == nil, "%s: Java %s, kavro %v", text, a.Error, err)
				if err != nil {
					continue
				}
				accepted++
				require.Equal(t, a.Reader.Text, reader.Print(), text)
				require.Empty(t, a.Reasons, text)
				require.NoError(t, schemas.CanRead(reader, schemas.MustParse(writer)))
				r, err := avro.NewResolution(schemas.MustParse(writer), reader)
				require.NoError(t, err, text)
				out, err := r.Append(nil, nil)
				require.NoError(t, err, text)
				require.Empty(t, a.ResolveError, text)
				require.Equal(t, a.Resolved, hex.EncodeToString(out), text)
			}
		}
	}
	require.Greater(t, accepted, 200)
}

package avro

import (
	"encoding/hex"
	"encoding/json"
	"testing"

	"github.com/kavro/kavro/internal/vectors"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

type encodeVector struct {
	Name       string
	Schema     json.RawMessage
	Value      json.RawMessage
	Hex        string
	DecodeOnly bool `json:"decode_only"`
}

// notKept are the data that plain JSON does not give back byte for byte.
var notKept = map[string]string{
	"hamba.TestDecoder_FixedRat_Positive#1": "a decimal of more digits than its precision is read, but not written",
	"twmb.TestBytesDecimalEmptyBytes#1":     "a decimal without bytes is read as 0, which takes one",
}

// Every encode vector's value is the JSON of its bytes, and back; so are all
// reader values of the resolve vectors.
func TestJSONVectors(t *testing.T) {
	for _, v := range vectors.Load[encodeVector]("encode.json") {
		t.Run(v.Name, func(t *testing.T) {
			s, err := schemas.Parse(string(v.Schema), schemas.Lenient())
			require.NoError(t, err)
			datum, err := hex.DecodeString(v.Hex)
			require.NoError(t, err)
			for _, opts := range [][]Option{nil, {WithPlainJSON()}, {WithPlainJSON(), WithRawLogicalTypes()}} {
				j, err := NewJSON(s, opts...)
				require.NoError(t, err)
				text, err := j.Append(nil, datum)
				require.NoError(t, err)
				require.True(t, json.Valid(text), string(text))
				if opts == nil {
					requireSameJSON(t, string(v.Value), string(text))
				}
				if _, differs := notKept[v.Name]; differs && len(opts) == 1 {
					continue
				}
				back, err := j.AppendDatum(nil, text)
				require.NoError(t, err, string(text))
				if !v.DecodeOnly {
					require.Equal(t, v.Hex, hex.EncodeToString(back), string(text))
				}
				again, err := j.Append(nil, back)
				require.NoError(t, err)
				require.Equal(t, string(text), string(again))
			}
			if !v.DecodeOnly {
				j, err := NewJSON(s)
				require.NoError(t, err)
				back, err := j.AppendDatum(nil, v.Value)
				require.NoError(t, err)
				require.Equal(t, v.Hex, hex.EncodeToString(back))
			}
		})
	}
}

package avro

import (
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/kavro/kavro/internal/vectors"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

type resolveVector struct {
	Name        string
	Writer      json.RawMessage
	WriterValue json.RawMessage `json:"writer_value"`
	Hex         string
	Reader      json.RawMessage
	ReaderValue json.RawMessage `json:"reader_value"`
	Error       bool
	Contested   bool
}

// contestedResolutions are the choices made where specification and Java part
// ways: by the vector's name, the JSON of the reader's value, or the error.
var contestedResolutions = map[string]string{
	"java.TestResolvingIOResolving: reader union prefers the exact type over an earlier promotion": `{"int":100}`, // Java's
}

func TestResolveVectors(t *testing.T) {
	for _, v := range vectors.Load[resolveVector]("resolve.json") {
		t.Run(v.Name, func(t *testing.T) {
			writer, err := schemas.Parse(string(v.Writer), schemas.Lenient())
			require.NoError(t, err)
			reader, err := schemas.Parse(string(v.Reader), schemas.Lenient())
			require.NoError(t, err)
			datum, err := hex.DecodeString(v.Hex)
			require.NoError(t, err)
			want := string(v.ReaderValue)
			if v.Contested {
				var ok bool
				want, ok = contestedResolutions[v.Name]
				require.True(t, ok, "a contested vector needs a choice")
			}
			got, err := resolveJSON(writer, reader, datum)
			if v.Error {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			requireSameJSON(t, want, string(got))
		})
	}
}

func resolveJSON(writer, reader *schemas.Schema, datum []byte) ([]byte, error) {
	r, err := NewResolution(writer, reader)
	if err != nil {
		return nil, err
	}
	out, err := r.Append(nil, datum)
	if err != nil {
		return nil, err
	}
	j, err := NewJSON(reader)
	if err != nil {
		return nil, err
	}
	return j.Append(nil, out)
}

// requireSameJSON compares values: numbers by what they are, object members in
// any order.
func requireSameJSON(t *testing.T, want, got string) {
	t.Helper()
	require.Equal(t, decodeJSONNumbers(t, want), decodeJSONNumbers(t, got), got)
}

func decodeJSONNumbers(t *testing.T, text string) any {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	require.NoError(t, dec.Decode(&v), text)
	return sameNumbers(v)
}

// sameNumbers gives numbers one spelling: whole ones their digits, others that
// of a float64.
func sameNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := parseWhole([]byte(v)); err == nil {
			return n
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = sameNumbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = sameNumbers(v[k])
		}
	}
	return v
}

type malformedVector struct {
	Name      string
	Schema    json.RawMessage
	Hex       string
	Repeat    int
	Contested bool
}

// contestedMalformed are inputs that Java reads: whether a Resolution accepts
// them, and why.
var contestedMalformed = map[string]struct {
	accept bool
	why    string
}{
	"goavro.TestMapDecodeFail#9":                         {true, "duplicate keys are not forbidden, and Java reads them"},
	"derived: duplicate map key":                         {true, "duplicate keys are not forbidden, and Java reads them"},
	"hamba.TestReader_ReadBool: invalid bool":            {false, "a boolean is 0 or 1; anything else is another schema's data"},
	"derived: int out of range, 2^31":                    {false, "an int has 32 bits"},
	"derived: int with bits above 32 in its fifth byte":  {false, "an int has 32 bits"},
	"derived: long with bits above 64 in its tenth byte": {false, "a long has 64 bits"},
	"derived: invalid UTF-8 in a string: ff":             {true, "Java reads it; WithValidUTF8 makes codecs refuse it"},
}

// Input that a decoder must reject is rejected by a check alone, by a resolution
// that drops it, and on the way to JSON.
func TestMalformedVectors(t *testing.T) {
	for _, v := range vectors.Load[malformedVector]("malformed.json") {
		t.Run(v.Name, func(t *testing.T) {
			input, err := hex.DecodeString(v.Hex)
			require.NoError(t, err)
			if v.Repeat > 0 {
				input = []byte(strings.Repeat(string(input), v.Repeat))
			}
			accept := false
			if v.Contested {
				choice, ok := contestedMalformed[v.Name]
				require.True(t, ok, "a contested vector needs a choice")
				accept = choice.accept
			}
			schema, err := schemas.Parse(string(v.Schema), schemas.Lenient())
			if err != nil {
				require.False(t, accept, "%v", err)
				return
			}
			check := func(err error) {
				t.Helper()
				if accept {
					require.NoError(t, err)
				} else {
					require.Error(t, err)
				}
			}
			_, err = resolveJSON(schema, schema, input)
			check(err)
			j, err := NewJSON(schema)
			require.NoError(t, err)
			_, err = j.Append(nil, input)
			check(err)

			r, err := NewResolution(schema, schema)
			if err != nil {
				require.False(t, accept)
				return
			}
			require.True(t, r.Identical())
			prefix := []byte("as it was")
			out, err := r.Append(prefix, input)
			check(err)
			if err != nil {
				require.Equal(t, "as it was", string(out))
				var at *DecodeError
				require.ErrorAs(t, err, &at)
				require.LessOrEqual(t, at.Offset, len(input))
			}
		})
	}
}

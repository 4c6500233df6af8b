package avro_test

import (
	"encoding/hex"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/internal/vectors"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

type resolveVector struct {
	Name        string          `json:"name"`
	Writer      json.RawMessage `json:"writer"`
	Hex         string          `json:"hex"`
	Reader      json.RawMessage `json:"reader"`
	ReaderValue any             `json:"reader_value"`
	Error       bool            `json:"error"`
}

// Every vector of resolve.json, resolved and then decoded by codecs of the
// reader's schema, as a generic value and as a struct.
func TestResolveVectorsDecoded(t *testing.T) {
	for _, v := range vectors.Load[resolveVector]("resolve.json") {
		t.Run(v.Name, func(t *testing.T) {
			writer := schemas.MustParse(string(v.Writer), schemas.Lenient())
			reader := schemas.MustParse(string(v.Reader), schemas.Lenient())
			datum, err := hex.DecodeString(v.Hex)
			require.NoError(t, err)
			var resolved []byte
			r, err := avro.NewResolution(writer, reader)
			if err == nil {
				resolved, err = r.Append(nil, datum)
			}
			if v.Error {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			for _, typ := range []reflect.Type{reflect.TypeFor[any](), goType(reader.Root(), map[*schemas.Node]bool{})} {
				want, got := reflect.New(typ).Elem(), reflect.New(typ).Elem()
				setVector(want, reader.Root(), v.ReaderValue)
				require.NoError(t, typedCodec(t, typ, reader).Decode(resolved, got))
				require.Equal(t, showBits(want), showBits(got), "%v", typ)
			}
		})
	}
}

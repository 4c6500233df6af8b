package avro_test

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/internal/vectors"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

// No input of the vectors costs more than 64 MiB or 5 seconds, parsing its schema
// included, whatever it is given to.
func TestMalformedVectorsAreCheap(t *testing.T) {
	for _, v := range vectors.Load[malformedVector]("malformed.json") {
		t.Run(v.Name, func(t *testing.T) {
			input, err := hex.DecodeString(strings.Repeat(v.Hex, max(v.Repeat, 1)))
			require.NoError(t, err)
			start := time.Now()
			allocated := allocatedBytes(func() {
				s, err := schemas.Parse(string(v.Schema), schemas.Lenient())
				if err != nil {
					return
				}
				if c, err := avro.NewCodec[any](s); err == nil {
					var value any
					_ = c.Decode(input, &value) // refused or not: other tests say which
				}
				for _, path := range append([]string{""}, lastField(s)...) {
					if v, err := avro.NewView[struct{}](s, path); err == nil {
						_, _, _ = v.Get(input)
					}
				}
				if p, err := avro.NewProjection[struct{}](s); err == nil {
					_ = p.Decode(input, new(struct{}))
				}
				if j, err := avro.NewJSON(s); err == nil {
					_, _ = j.Append(nil, input)
					_, _ = j.AppendDatum(nil, input)
				}
				if r, err := avro.NewResolution(s, s); err == nil {
					_, _ = r.Append(nil, input)
				}
			})
			require.Less(t, allocated, uint64(64<<20))
			require.Less(t, time.Since(start), 5*time.Second)
		})
	}
}

// lastField is the path to the last field of a record, behind all others; none of another schema.
func lastField(s *schemas.Schema) []string {
	fields := s.Root().Fields()
	if len(fields) == 0 {
		return nil
	}
	return []string{fields[len(fields)-1].Name()}
}

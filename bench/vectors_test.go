package bench

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/internal/vectors"
	"github.com/kavro/kavro/schemas"
)

// vector is any of the settled vectors; each file uses some of the fields.
type vector struct {
	Name, Hex, Canonical string
	Schema               json.RawMessage
	Writer, Reader       json.RawMessage
	ReaderValue          json.RawMessage `json:"reader_value"`
	Compatible           bool
	Error                bool
	Contested            bool
	DecodeOnly           bool `json:"decode_only"`
}

// text is the schema of parse_valid.json and its kin, where the text matters.
func (v vector) text(t *testing.T) string {
	var text string
	require.NoError(t, json.Unmarshal(v.Schema, &text))
	return text
}

// TestPeersVectors counts the settled vectors that peers get right; go test -v
// -run PeersVectors prints the table of docs/avro.md, and the names of the others.
func TestPeersVectors(t *testing.T) {
	for _, p := range peers() {
		for _, file := range []struct {
			name  string
			right func(t *testing.T, p peer, v vector) bool
		}{
			{"parse_valid.json", func(t *testing.T, p peer, v vector) bool { return parses(p, v.text(t)) }},
			{"parse_invalid.json", func(t *testing.T, p peer, v vector) bool { return !parses(p, v.text(t)) }},
			{"canonical.json", func(t *testing.T, p peer, v vector) bool {
				s, err := p.parse(v.text(t))
				return err == nil && p.canonical(s) == v.Canonical
			}},
			{"encode.json", rightData},
			{"compat.json", rightCompat},
			{"resolve.json", rightResolve},
		} {
			if p.canRead == nil && (file.name == "compat.json" || file.name == "resolve.json") {
				continue // goavro does not compare schemas
			}
			all, right := 0, 0
			var wrong []string
			for _, v := range vectors.Load[vector](file.name) {
				if v.Contested {
					continue
				}
				all++
				if file.right(t, p, v) {
					right++
				} else {
					wrong = append(wrong, v.Name)
				}
			}
			t.Logf("%-10s %-18s %d of %d", p.name, file.name, right, all)
			t.Log("  not: " + strings.Join(wrong, "; "))
			require.Positive(t, right+len(wrong))
		}
	}
}

func parses(p peer, text string) bool {
	_, err := p.parse(text)
	return err == nil
}

// rightData decodes a datum and encodes the same value again.
func rightData(t *testing.T, p peer, v vector) bool {
	datum, err := hex.DecodeString(v.Hex)
	require.NoError(t, err)
	ours := schemas.MustParse(string(v.Schema), schemas.Lenient())
	want, err := sorted(ours, datum)
	require.NoError(t, err)
	s, err := p.parse(string(v.Schema))
	if err != nil {
		return false
	}
	got, err := p.rewrite(s, datum)
	if err != nil {
		return false
	}
	got, err = sorted(ours, got)
	return err == nil && bytes.Equal(want, got)
}

// pair parses both schemas with a peer.
func (v vector) pair(p peer) (writer, reader any, ok bool) {
	writer, werr := p.parse(string(v.Writer))
	reader, rerr := p.parse(string(v.Reader))
	return writer, reader, werr == nil && rerr == nil
}

func rightCompat(_ *testing.T, p peer, v vector) bool {
	writer, reader, ok := v.pair(p)
	return ok && (p.canRead(reader, writer) == nil) == v.Compatible
}

func rightResolve(t *testing.T, p peer, v vector) bool {
	w, r := schemas.MustParse(string(v.Writer), schemas.Lenient()), schemas.MustParse(string(v.Reader), schemas.Lenient())
	if p.name == Hamba && (isRecursive(w) || isRecursive(r)) {
		return false // its Resolve may overflow the stack, which ends the process
	}
	writer, reader, ok := v.pair(p)
	if !ok {
		return false
	}
	datum, err := hex.DecodeString(v.Hex)
	require.NoError(t, err)
	got, err := p.resolve(writer, reader, datum)
	if v.Error || err != nil {
		return v.Error && err != nil
	}
	j, err := avro.NewJSON(r)
	require.NoError(t, err)
	want, err := j.AppendDatum(nil, v.ReaderValue)
	require.NoError(t, err)
	want, err = sorted(r, want)
	require.NoError(t, err)
	got, err = sorted(r, got)
	return err == nil && bytes.Equal(want, got)
}

package registry

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/vectors"
	"github.com/kavro/kavro/schemas"
)

// What Confluent's registry said of incompatible schemas is read as what we
// would say ourselves.
func TestReasonsOfConfluentsRegistry(t *testing.T) {
	read := 0
	for _, call := range vectors.Load[struct {
		Case, Method, Path string
		Status             int
		Req                json.RawMessage
		Body               string
	}]("registry_answers.json") {
		var body struct {
			Message  string
			Messages []string
		}
		_ = json.Unmarshal([]byte(call.Body), &body) // some are lists
		said := strings.Join(append(body.Messages, body.Message), "\n")
		if call.Status != http.StatusConflict && !strings.Contains(said, "errorType") {
			continue
		}
		t.Run(call.Case, func(t *testing.T) {
			read++
			var incompatible *schemas.IncompatibleError
			require.ErrorAs(t, serverReasons(said), &incompatible)
			require.Equal(t, schemas.Backward, incompatible.Level)
			var req struct{ Schema string }
			require.NoError(t, json.Unmarshal(call.Req, &req))
			next, err := schemas.Parse(req.Schema)
			require.NoError(t, err)
			_, old, _ := strings.Cut(said, "{oldSchema: '")
			old, _, _ = strings.Cut(old, "'}")
			writer, err := schemas.Parse(old)
			require.NoError(t, err)
			var ours *schemas.IncompatibleError
			require.ErrorAs(t, schemas.CanRead(next, writer), &ours)
			require.Len(t, incompatible.Reasons, len(ours.Reasons))
			for i, r := range incompatible.Reasons {
				require.Equal(t, ours.Reasons[i].Kind, r.Kind)
				require.Equal(t, ours.Reasons[i].Path, r.Path)
				require.Equal(t, ours.Reasons[i].Message, r.Message)
				require.Positive(t, r.Version)
				require.False(t, r.OldReads)
			}
		})
	}
	require.GreaterOrEqual(t, read, 6)
}

func TestCheckCompatibility(t *testing.T) {
	refused := `{"is_compatible":false,"messages":["a sentence of its own","another"]}`
	for _, test := range []struct {
		name   string
		level  schemas.Level
		texts  []string // registered before, at level NONE
		next   string
		opts   []CallOption
		answer string // instead of the registry's; "" is the registry's
		err    string // "" is none
	}{
		{name: "compatible", level: schemas.Backward, texts: []string{userV1}, next: userV2},
		{name: "incompatible", level: schemas.Backward, texts: []string{userV1}, next: userBad, err: "version 1: READER_FIELD_MISSING_DEFAULT_VALUE at /fields/1: zip"},
		{name: "an older version", level: schemas.Backward, texts: []string{userV1, userV2}, next: userBad, opts: []CallOption{Against(1)}, err: "version 1"},
		{name: "the latest version", level: schemas.Backward, texts: []string{userV1, userV2}, next: userBad, opts: []CallOption{Against(-1)}, err: "version 2"},
		{name: "a version that is not there", level: schemas.Backward, texts: []string{userV1}, next: userV2, opts: []CallOption{Against(7)}, err: "version 7 of subject s does not exist"},
		{name: "a subject that is not there", level: schemas.Backward, next: userV2},
		{name: "not a schema", level: schemas.Backward, texts: []string{userV1}, next: `{"type":"recod"}`, err: "recod"},
		{name: "no reasons given", level: schemas.Backward, texts: []string{userV1}, next: userBad, answer: `{"is_compatible":false}`, err: "zip"},
		{name: "reasons that are none", level: schemas.Backward, texts: []string{userV1}, next: userBad, answer: refused, err: "zip"},
		{name: "only the registry knows why", level: schemas.Backward, texts: []string{userV1}, next: userV2, answer: refused, err: "a sentence of its own another"},
		{name: "the registry says yes", level: schemas.Backward, texts: []string{userV1}, next: userBad, answer: `{"is_compatible":true,"messages":["but"]}`},
		{name: "no such endpoint, compatible", level: schemas.Backward, texts: []string{userV1}, next: userV2, answer: "404"},
		{name: "no such endpoint, level none", level: schemas.None, texts: []string{userV1}, next: userBad, answer: "404"},
		{name: "no such endpoint, no such subject", level: schemas.Backward, next: userBad, answer: "404"},
		{name: "no such endpoint, the last version only", level: schemas.Backward, texts: []string{`"int"`, userV1}, next: userV2, answer: "404"},
		{name: "no such endpoint, all versions", level: schemas.BackwardTransitive, texts: []string{`"int"`, userV1}, next: userV2, answer: "404", err: "version 1"},
		{name: "no such endpoint, one version", level: schemas.Backward, texts: []string{`"int"`, userV1}, next: userV2, opts: []CallOption{Against(1)}, answer: "404", err: "version 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture()
			ctx := t.Context()
			require.NoError(t, f.SetCompatibility(ctx, "s", schemas.None))
			f.register(t, "s", test.texts...)
			require.NoError(t, f.SetCompatibility(ctx, "s", test.level))
			switch test.answer {
			case "":
			case "404":
				f.Add(Fault{Path: "/compatibility/*", Status: 404, Body: text(`"Not Found"`)})
			default:
				f.Add(Fault{Path: "/compatibility/*", Body: &test.answer})
			}
			c := f.client(t)
			err := c.CheckCompatibility(ctx, "s", Definition{Text: test.next}, test.opts...)
			if test.err == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.err)
			if strings.Contains(test.next, "recod") || strings.Contains(test.err, "does not exist") {
				return
			}
			var incompatible *schemas.IncompatibleError
			require.ErrorAs(t, err, &incompatible)
		})
	}
}

// A refused registration carries the reasons, where the registry says them.
func TestRegisterSaysWhy(t *testing.T) {
	f := newFixture()
	f.register(t, "s", userV1, userV2)
	c := f.client(t)
	_, err := c.Register(t.Context(), "s", Definition{Text: userBad})
	var conflict *ConflictError
	require.ErrorAs(t, err, &conflict)
	require.Equal(t, 409, conflict.Status)
	require.Equal(t, 40901, conflict.Code)
	var incompatible *schemas.IncompatibleError
	require.ErrorAs(t, err, &incompatible)
	require.Equal(t, 2, incompatible.Reasons[0].Version)

	f.Add(Fault{Method: "POST", Status: 409, Body: text(`{"error_code":409,"message":"no"}`)})
	_, err = c.Register(t.Context(), "s", Definition{Text: userBad})
	require.ErrorAs(t, err, &conflict)
	require.False(t, errors.As(err, &incompatible))
}

// Reasons are found where they are, and nowhere else.
func FuzzServerReasons(f *testing.F) {
	f.Add(`{errorType:'TYPE_MISMATCH', description:'The type (path '/a') x', additionalInfo:'y'}{oldSchemaVersion: 3}{validateFields: 'false', compatibility: 'FULL'}`)
	f.Add(`[{errorType:'A', description:'', additionalInfo:''}, {oldSchemaVersion: 99999999999}`)
	f.Add("nothing of the kind")
	f.Fuzz(func(t *testing.T, said string) {
		err := serverReasons(said)
		if err == nil {
			return
		}
		var incompatible *schemas.IncompatibleError
		require.ErrorAs(t, err, &incompatible)
		require.NotEmpty(t, incompatible.Reasons)
		for _, r := range incompatible.Reasons {
			require.Contains(t, said, string(r.Kind))
			require.Contains(t, said, r.Path)
			require.Contains(t, said, r.Message)
		}
		require.NotEmpty(t, err.Error())
	})
}

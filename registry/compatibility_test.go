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
		{name: "incompatible", level: schemas.Backward, texts: []string{userV1}, next: userBad, err: "incompatible schema at level BACKWARD: the new schema cannot read data of version 1: field zip is not in the writer's schema and needs a default"},
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

// Reasons name the path of the field, each once, in words: of a check and of a
// registration, whether the registry sends what it compared with, cuts that off, or
// compared with what refers to others.
func TestReasonsNameTheField(t *testing.T) {
	order := func(field, line string) string {
		return `{"type":"record","name":"Order","fields":[{"name":"id","type":"` + field + `"},{"name":"lines","type":{"type":"array","items":{"type":"record","name":"Line","fields":[` + line + `]}}}]}`
	}
	const price, more = `{"name":"price","type":"int"}`, `{"name":"price","type":"int"},{"name":"tax","type":"int"}`
	long := strings.Replace(order("string", price), `"fields"`, `"doc":"`+strings.Repeat("x", 3000)+`","fields"`, 1)
	refs := []Reference{{Name: "Line", Subject: "line", Version: 1}}
	referring := `{"type":"record","name":"Order","fields":[{"name":"id","type":"string"},{"name":"lines","type":{"type":"array","items":"Line"}}]}`
	for _, test := range []struct {
		name     string
		old      Definition
		next     string
		level    schemas.Level
		err      string
		requests int // besides the check
	}{
		{"a nested field", Definition{Text: order("string", price)}, order("int", more), schemas.Backward,
			"the new schema cannot read data of version 1: id: string cannot be read as int; field lines[].tax is not in the writer's schema and needs a default", 0},
		{"the old schema reads", Definition{Text: order("string", more)}, order("string", price), schemas.Forward,
			"version 1 cannot read the new schema's data: field lines[].tax is not in the writer's schema and needs a default", 0},
		{"both read", Definition{Text: order("string", price)}, order("int", price), schemas.Full,
			"version 1 cannot read the new schema's data: id: int cannot be read as string; the new schema cannot read data of version 1: id: string cannot be read as int", 0},
		{"another name", Definition{Text: userV1}, strings.Replace(userV1, "User", "Customer", 1), schemas.Forward,
			"version 1 cannot read the new schema's data: ", 0},
		{"a long text", Definition{Text: long}, order("int", price), schemas.Backward, "id: string cannot be read as int", 0},
		{"one that refers to another", Definition{Text: referring, References: refs}, order("int", price), schemas.Backward, "id: string cannot be read as int", 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture()
			f.register(t, "line", `{"type":"record","name":"Line","fields":[`+price+`]}`)
			_, err := f.Memory.Register(t.Context(), "s", test.old)
			require.NoError(t, err)
			require.NoError(t, f.SetCompatibility(t.Context(), "s", test.level))
			for call, ask := range map[string]func(c *Client) error{
				"check":    func(c *Client) error { return c.CheckCompatibility(t.Context(), "s", Definition{Text: test.next}) },
				"register": func(c *Client) error { _, err := c.Register(t.Context(), "s", Definition{Text: test.next}); return err },
			} {
				before := f.Total()
				err := ask(f.client(t))
				var incompatible *schemas.IncompatibleError
				require.ErrorAs(t, err, &incompatible, call)
				require.Equal(t, test.level, incompatible.Level)
				require.ErrorContains(t, incompatible, test.err)
				for _, reason := range incompatible.Reasons {
					require.True(t, reason.Field != "" || test.name == "another name")
					require.NotEmpty(t, reason.Path)
					require.Equal(t, 1, strings.Count(incompatible.Error(), reason.String()))
				}
				if call == "check" {
					require.Equal(t, test.requests, f.Total()-before-1)
				}
			}
		})
	}
	// What is said twice is one reason, and what nobody here finds stays the registry's.
	said := `{errorType:'TYPE_MISMATCH', description:'The type (path '/a') of a field in the new schema does not match', additionalInfo:'y'}`
	require.Len(t, serverReasons(said+", "+said).(*schemas.IncompatibleError).Reasons, 1)
	f := newFixture()
	f.register(t, "s", userV1)
	body, err := json.Marshal(map[string]any{"is_compatible": false, "messages": []string{said, said, "{oldSchemaVersion: 1}", "{oldSchema: '" + userV1 + "'}"}})
	require.NoError(t, err)
	f.Add(Fault{Path: "/compatibility/*", Body: text(string(body))})
	err = f.client(t).CheckCompatibility(t.Context(), "s", Definition{Text: userV2})
	require.EqualError(t, err, "incompatible schema: the new schema cannot read data of version 1: TYPE_MISMATCH at /a: y")
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

package registry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/schemas"
)

// record is the text of a record with one field for each type.
func record(name string, types ...string) string {
	fields := make([]string, len(types))
	for i, typ := range types {
		fields[i] = fmt.Sprintf(`{"name":"f%d","type":"%s"}`, i, typ)
	}
	return fmt.Sprintf(`{"type":"record","name":"%s","fields":[%s]}`, name, strings.Join(fields, ","))
}

func refer(names ...string) (refs []Reference) {
	for _, name := range names {
		refs = append(refs, Reference{Name: name, Subject: name, Version: 1})
	}
	return refs
}

func TestReferencesAreFetched(t *testing.T) {
	f := newFixture()
	ctx := t.Context()
	put := func(subject string, d Definition) *SubjectSchema {
		s, err := f.Memory.Register(ctx, subject, d)
		require.NoError(t, err)
		return s
	}
	// a refers to b and c, which both refer to d.
	put("d", Definition{Text: record("d", "int")})
	put("b", Definition{Text: record("b", "d"), References: refer("d")})
	put("c", Definition{Text: record("c", "d"), References: refer("d")})
	a := put("a", Definition{Text: record("a", "b", "c", "d"), References: refer("b", "c")})
	other := put("other", Definition{Text: record("other", "d"), References: refer("d")})

	c := f.client(t)
	s, err := c.SchemaByID(ctx, "", a.ID)
	require.NoError(t, err)
	require.Equal(t, "a", s.Schema.FullName())
	require.Equal(t, []string{"b", "c", "d"}, fieldTypes(s.Schema))
	require.Equal(t, 4, f.Total(), "each once")
	_, err = c.Latest(ctx, "a")
	require.NoError(t, err)
	_, err = c.SchemaByID(ctx, "", other.ID)
	require.NoError(t, err)
	require.Equal(t, 6, f.Total(), "what is referred to is kept")

	// The text that is sent may refer as well.
	s, err = c.Register(ctx, "again", Definition{Text: record("a", "b", "c", "d"), References: refer("b", "c")})
	require.NoError(t, err)
	require.Equal(t, a.ID, s.ID)
	require.Equal(t, 7, f.Total())

	s, err = c.Register(ctx, "newest", Definition{Text: record("newest", "d"), References: []Reference{{Name: "d", Subject: "d", Version: -1}}})
	require.NoError(t, err)
	require.Equal(t, []string{"d"}, fieldTypes(s.Schema))
}

func fieldTypes(s *schemas.Schema) (names []string) {
	for _, f := range s.Root().Fields() {
		names = append(names, f.Type().BranchName())
	}
	return names
}

func TestReferencesWithinAContext(t *testing.T) {
	f := newFixture()
	ctx := t.Context()
	for context, typ := range map[string]string{"": "int", ":.ctx:": "string"} {
		_, err := f.Memory.Register(ctx, context+"base", Definition{Text: record("base", typ)})
		require.NoError(t, err)
		_, err = f.Memory.Register(ctx, context+"user", Definition{Text: record("user", "base"), References: refer("base")})
		require.NoError(t, err)
	}
	c := f.client(t)
	for context, typ := range map[string]schemas.Type{"": schemas.Int, ":.ctx:": schemas.String} {
		s, err := c.Latest(ctx, context+"user")
		require.NoError(t, err)
		byID, err := c.SchemaByID(ctx, context, s.ID)
		require.NoError(t, err)
		for _, s := range []*SubjectSchema{s, byID} {
			require.Equal(t, typ, s.Schema.Root().Fields()[0].Type().Fields()[0].Type().Type(), context)
		}
	}
}

// What no honest registry answers.
func TestHostileReferences(t *testing.T) {
	for _, test := range []struct {
		name   string
		bodies map[string]string // by subject, of version 1
		err    string
	}{
		{"to itself", map[string]string{
			"a": `{"id":1,"schema":"\"int\"","references":[{"name":"x","subject":"a","version":1}]}`,
		}, "it refers to itself, version 1 of subject a"},
		{"in a ring", map[string]string{
			"a": `{"id":1,"schema":"\"int\"","references":[{"name":"x","subject":"b","version":1}]}`,
			"b": `{"id":2,"schema":"\"int\"","references":[{"name":"y","subject":"a","version":1}]}`,
		}, ""},
		{"to nothing", map[string]string{
			"a": `{"id":1,"schema":"\"int\"","references":[{"name":"x","subject":"none","version":1}]}`,
		}, "version 1 of subject none does not exist"},
		{"to nonsense", map[string]string{
			"a": `{"id":1,"schema":"\"int\"","references":[{"name":"x","subject":"b","version":1}]}`,
			"b": `{"id":2,"schema":"{{{"}`,
		}, "version 1 of subject b"},
		{"without end", map[string]string{
			"a": `{"id":1,"schema":"\"int\"","references":[` + strings.TrimSuffix(strings.Repeat(`{"name":"%d","subject":"b","version":1},`, 2000), ",") + `]}`,
			"b": `{"id":2,"schema":"\"int\""}`,
		}, "more than 1000 references"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture()
			for subject, body := range test.bodies {
				n := strings.Count(body, "%d")
				for i := range n {
					body = strings.Replace(body, "%d", fmt.Sprint(i), 1)
				}
				f.Add(Fault{Path: "/subjects/" + subject + "/versions/1", Body: &body})
			}
			c := f.client(t)
			s, err := c.Version(within(t), "a", 1)
			if test.err == "" {
				require.NoError(t, err)
				require.Equal(t, `"int"`, s.Text)
				return
			}
			require.ErrorContains(t, err, test.err)
		})
	}
}

// An id in one context is not the id in another.
func TestIDsOfContexts(t *testing.T) {
	f := newFixture()
	c := f.client(t)
	ctx := t.Context()
	plain, err := c.Register(ctx, "users-value", Definition{Text: userV1})
	require.NoError(t, err)
	other, err := c.Register(ctx, ":.ctx:users-value", Definition{Text: userLast})
	require.NoError(t, err)
	require.Equal(t, plain.ID, other.ID)
	for range 3 { // alternating, from the cache too
		for subject, want := range map[string]string{"users-value": userV1, "": userV1, ":.:users-value": userV1, ":.ctx:users-value": userLast, ":.ctx:": userLast} {
			s, err := c.SchemaByID(ctx, subject, plain.ID)
			require.NoError(t, err)
			require.Equal(t, want, s.Text, subject)
		}
	}
	_, err = c.SchemaByID(ctx, ":.none:", plain.ID)
	var notFound *NotFoundError
	require.ErrorAs(t, err, &notFound)
	require.Equal(t, "schema id 1 in context .none", notFound.What)
}

// Two definitions that differ in anything are asked for apart.
func TestIdentityOfDefinitions(t *testing.T) {
	f := newFixture()
	c := f.client(t)
	ctx := t.Context()
	f.register(t, "base", record("base", "int"))
	f.register(t, "base", record("base", "int")+" ")
	d := Definition{Text: record("r", "int")}
	variants := map[string]func(d Definition) (Definition, []CallOption){
		"as it is":  func(d Definition) (Definition, []CallOption) { return d, nil },
		"text":      func(d Definition) (Definition, []CallOption) { d.Text += " "; return d, nil },
		"reference": func(d Definition) (Definition, []CallOption) { d.References = refer("base"); return d, nil },
		"metadata": func(d Definition) (Definition, []CallOption) {
			d.Metadata = &Metadata{Properties: map[string]string{"a": "b"}}
			return d, nil
		},
		"metadata 2": func(d Definition) (Definition, []CallOption) {
			d.Metadata = &Metadata{Sensitive: []string{"a"}}
			return d, nil
		},
		"rule set": func(d Definition) (Definition, []CallOption) {
			d.RuleSet = &RuleSet{DomainRules: []Rule{{Name: "r", Kind: "CONDITION", Mode: "WRITE", Type: "CEL", Expr: "true"}}}
			return d, nil
		},
		"normalize": func(d Definition) (Definition, []CallOption) { return d, []CallOption{Normalize()} },
	}
	for range 3 {
		for _, variant := range variants {
			d, opts := variant(d)
			_, err := c.Register(ctx, "users-value", d, opts...)
			require.NoError(t, err)
		}
	}
	require.Equal(t, len(variants), f.asked("POST /subjects/users-value/versions"))
	_, err := c.Register(ctx, "others-value", d)
	require.NoError(t, err)
	require.Equal(t, 1, f.asked("POST /subjects/others-value/versions"))
	_, err = c.Register(ctx, "users-value", Definition{Type: "AVRO", Text: d.Text})
	require.NoError(t, err)
	require.Equal(t, len(variants), f.asked("POST /subjects/users-value/versions"), "the type is AVRO if none is given")
}

func TestTextIsSentByteForByte(t *testing.T) {
	f := newFixture()
	var sent string
	c, err := New("http://registry", WithRoundTripper(roundTrip(func(req *http.Request) (*http.Response, error) {
		var body struct{ Schema string }
		if req.Method == "POST" {
			b, err := io.ReadAll(req.Body)
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(b, &body))
			require.NotContains(t, string(b), `\u003c`)
			require.NotContains(t, string(b), "null")
			sent = body.Schema
			req.Body = io.NopCloser(bytes.NewReader(b))
		}
		return f.RoundTrip(req)
	})))
	require.NoError(t, err)
	defer c.Close()
	const odd = "{\r\n\t\"type\": \"record\", \"name\" : \"R\",\n \"doc\": \"<a> & \\\"b\\\" \\n größe 🦆\u2028\", \"fields\": [ ] }\n"
	_, err = c.Register(t.Context(), "odd", Definition{Text: odd})
	require.NoError(t, err)
	require.Equal(t, odd, sent)
	_, err = c.Lookup(t.Context(), "odd", Definition{Text: odd})
	require.NoError(t, err)

	sent = ""
	for _, invalid := range []string{"{", `{"type":"recod"}`, "\"\xff\"", `["int","int"]`} {
		_, err = c.Register(t.Context(), "odd", Definition{Text: invalid})
		var refused *InvalidError
		require.ErrorAs(t, err, &refused)
		require.Equal(t, 42201, refused.Code)
	}
	var parse *schemas.ParseError
	require.ErrorAs(t, err, &parse)
	require.Empty(t, sent, "what breaks the rules is not sent")
}

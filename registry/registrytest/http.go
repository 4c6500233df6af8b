package registrytest

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// RunHTTP checks the registry at baseURL, "http://127.0.0.1:8081", with requests of
// its own. A nil client is [http.DefaultClient].
func RunHTTP(t *testing.T, client *http.Client, baseURL string, features Feature) {
	if client == nil {
		client = http.DefaultClient
	}
	for _, c := range []struct {
		name  string
		needs Feature
		run   func(*httpSuite)
	}{
		{"paths", NoFeatures, httpPaths},
		{"escapes", NoFeatures, httpEscapes},
		{"bodies", Identity, httpBodies},
		{"parameters", Settings, httpParameters},
		{"formats", Identity, httpFormats},
		{"messages", Identity, httpMessages},
		{"configuration", Settings, httpSettings},
		{"modes", Modes, httpModes},
		{"contexts", Contexts, httpContexts},
		{"schemas", Identity | Metadata, httpSchemas},
		{"associations", Contexts | Settings, httpAssociations},
	} {
		if features.has(c.needs) {
			t.Run(c.name, func(t *testing.T) {
				c.run(&httpSuite{T: t, Assertions: require.New(t), client: client, base: strings.TrimRight(baseURL, "/"), random: strings.ToLower(rand.Text()[:8])})
			})
		}
	}
}

type httpSuite struct {
	*testing.T
	*require.Assertions
	client *http.Client
	base   string
	random string // what {r} stands for in paths and bodies
}

// reply is an answer, and what to expect of it.
type reply struct {
	s      *httpSuite
	call   string
	status int
	header http.Header
	body   string
}

const mediaType = "application/vnd.schemaregistry.v1+json"

// do makes a request. {r} in path and body is a text that no other test has.
func (s *httpSuite) do(method, path, body string) *reply {
	s.Helper()
	header := http.Header{}
	if body != "" {
		header.Set("Content-Type", mediaType)
	}
	return s.send(method, path, body, header)
}

func (s *httpSuite) send(method, path, body string, header http.Header) *reply {
	s.Helper()
	path, body = s.fill(path), s.fill(body)
	req, err := http.NewRequestWithContext(s.Context(), method, s.base+path, strings.NewReader(body))
	s.NoError(err)
	req.Header = header
	resp, err := s.client.Do(req)
	s.NoError(err)
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	s.NoError(err)
	return &reply{s: s, call: method + " " + path, status: resp.StatusCode, header: resp.Header, body: string(got)}
}

func (s *httpSuite) fill(text string) string { return strings.ReplaceAll(text, "{r}", s.random) }

// schema is a body that registers a text.
func schema(text string) string {
	b, err := json.Marshal(map[string]string{"schema": text})
	if err != nil {
		panic(err)
	}
	return string(b)
}

// ok expects success and, unless it is "", this JSON. Fields that the expected
// object does not name are not looked at.
func (r *reply) ok(want string) *reply {
	r.s.Helper()
	r.s.Equal(http.StatusOK, r.status, "%s: %s", r.call, r.body)
	r.s.Equal(mediaType, r.header.Get("Content-Type"), r.call)
	if want != "" {
		r.is(want)
	}
	return r
}

func (r *reply) is(want string) {
	r.s.Helper()
	var expected, got any
	r.s.NoError(json.Unmarshal([]byte(r.s.fill(want)), &expected), want)
	r.s.NoError(json.Unmarshal([]byte(r.body), &got), "%s: %s", r.call, r.body)
	r.s.Equal(expected, part(got, expected), "%s: %s", r.call, r.body)
}

// part is got without what expected does not name.
func part(got, expected any) any {
	switch expected := expected.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return got
		}
		out := map[string]any{}
		for name, value := range expected {
			if its, ok := object[name]; ok {
				out[name] = part(its, value)
			}
		}
		return out
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(expected) {
			return got
		}
		out := make([]any, len(list))
		for i := range list {
			out[i] = part(list[i], expected[i])
		}
		return out
	}
	return got
}

// no expects a refusal with this status and code.
func (r *reply) no(status, code int) *reply {
	r.s.Helper()
	r.s.Equal(status, r.status, "%s: %s", r.call, r.body)
	var body struct {
		Code    int    `json:"error_code"`
		Message string `json:"message"`
	}
	r.s.NoError(json.Unmarshal([]byte(r.body), &body), "%s: %s", r.call, r.body)
	r.s.Equal(code, body.Code, "%s: %s", r.call, r.body)
	r.s.NotEmpty(body.Message, r.call)
	return r
}

func httpPaths(s *httpSuite) {
	s.do("GET", "/", "").ok(`{}`)
	s.do("GET", "/nothing", "").no(404, 404)
	s.do("GET", "/subjects/{r}/nothing", "").no(404, 404)
	s.do("GET", "/schemas/ids/abc", "").no(404, 404)
	s.do("GET", "/schemas/ids/99999999999", "").no(404, 404)
	s.do("PUT", "/subjects", "").no(405, 405)
	s.do("GET", "/compatibility/subjects/{r}/versions", "").no(405, 405)
	s.do("POST", "/subjects/{r}/versions/", schema(`"int"`)).ok("")
	s.do("GET", "/subjects/{r}/versions/", "").ok(`[1]`)
	s.do("GET", "/subjects/{r}/versions/1/schema", "").ok(`"int"`)
}

func httpEscapes(s *httpSuite) {
	for _, name := range Names {
		subject := s.random + "-" + name
		path := "/subjects/" + strings.ReplaceAll(url.PathEscape(subject), "+", "%2B")
		quoted, err := json.Marshal(subject)
		s.NoError(err)
		s.do("POST", path+"/versions", schema(`"string"`)).ok(`{"version":1}`)
		s.do("GET", path+"/versions/latest", "").ok(`{"subject":` + string(quoted) + `,"version":1}`)
		s.do("POST", path, schema(`"string"`)).ok(`{"subject":` + string(quoted) + `}`)
		s.do("GET", "/subjects?subjectPrefix="+url.QueryEscape(subject), "").ok(`[` + string(quoted) + `]`)
		s.do("DELETE", path, "").ok(`[1]`)
		s.do("DELETE", path+"?permanent=true", "").ok(`[1]`)
	}
	// Characters that need no escape may have one.
	s.do("POST", "/subjects/%7Br%7D/versions", schema(`"string"`)).ok("")
	s.do("GET", "/%73ubjects/%7Br%7D/versions", "").ok(`[1]`)
	s.do("DELETE", "/subjects/%7Br%7D", "").ok("")
	s.do("DELETE", "/subjects/%7Br%7D?permanent=true", "").ok("")
}

func httpBodies(s *httpSuite) {
	post := func(body, media string) *reply {
		s.Helper()
		header := http.Header{}
		if media != "" {
			header.Set("Content-Type", media)
		}
		return s.send("POST", "/subjects/{r}/versions", body, header)
	}
	for _, media := range []string{"", "application/json", "application/json; charset=utf-8", "application/vnd.schemaregistry.v1+json", "application/vnd.schemaregistry+json", "application/octet-stream"} {
		post(schema(`"int"`), media).ok("")
	}
	for _, media := range []string{"text/plain", "application/xml"} {
		post(schema(`"int"`), media).no(415, 415)
	}
	post(`{`, mediaType).no(400, 400)
	post(`<html>`, mediaType).no(400, 400)
	post(`{"schema":{}}`, mediaType).no(400, 400)
	post(`[]`, mediaType).no(400, 400)
	// Without a schema it is the previous one again, if there is one.
	post(`{}`, mediaType).ok(`{"version":1}`)
	post(`{"schema":" "}`, mediaType).ok(`{"version":1}`)
	s.do("POST", "/subjects/{r}-new/versions", `{}`).no(422, 42201)
	s.do("POST", "/subjects/{r}-new/versions", `{"schema":""}`).no(422, 42201)
	post(`{"schema":"\"int\"","schemaType":"FOO"}`, mediaType).no(422, 42201)
	post(`{"schema":"\"int\"","unknown":{"a":[1]}}`, mediaType).ok("")
	post(`{"schema":"\"int\"","references":null,"metadata":null,"ruleSet":null,"id":null,"version":null}`, mediaType).ok("")
	post(`{"schema":"\"int\"","references":[]}`, mediaType).ok("")
	s.Equal(405, s.do("POST", "/subjects", `{}`).status)
	s.do("POST", "/subjects/__GLOBAL/versions", schema(`"int"`)).no(422, 42208)
	s.do("POST", "/subjects/a%00b/versions", schema(`"int"`)).no(422, 42208)
}

func httpParameters(s *httpSuite) {
	for _, text := range []string{`"int"`, `"long"`, `"float"`} {
		s.do("POST", "/subjects/{r}/versions", schema(text)).ok("")
	}
	s.do("GET", "/subjects/{r}/versions?offset=1&limit=1", "").ok(`[2]`)
	s.do("GET", "/subjects/{r}/versions?offset=9", "").ok(`[]`)
	s.do("GET", "/subjects/{r}/versions?limit=-1", "").ok(`[1,2,3]`)
	s.do("GET", "/subjects/{r}/versions?limit=no", "").no(404, 404)
	s.do("DELETE", "/subjects/{r}/versions/2", "").ok(`2`)
	s.do("GET", "/subjects/{r}/versions?deleted=TRUE", "").ok(`[1,2,3]`)
	s.do("GET", "/subjects/{r}/versions?deleted=yes", "").ok(`[1,3]`)
	s.do("GET", "/subjects/{r}/versions?deletedAsNegative=true", "").ok(`[1,-2,3]`)
	s.do("GET", "/subjects/{r}/versions/Latest", "").ok(`{"version":3}`)
	s.do("GET", "/subjects/{r}/versions/2147483648", "").no(422, 42202)
	s.do("GET", "/subjects/{r}/versions/2?deleted=true", "").ok(`{"version":2,"deleted":true}`)
}

func httpFormats(s *httpSuite) {
	s.do("POST", "/subjects/{r}-base/versions", schema(`{"type":"record","name":"n{r}.B","fields":[]}`)).ok("")
	user := s.do("POST", "/subjects/{r}-user/versions", `{"schema":"{\"type\":\"record\",\"name\":\"n{r}.U\",\"fields\":[{\"name\":\"b\",\"type\":\"B\"},{\"name\":\"c\",\"type\":\"B\"}]}",`+
		`"references":[{"name":"n{r}.B","subject":"{r}-base","version":-1}]}`).ok(`{"references":[{"name":"n{r}.B","subject":"{r}-base","version":1}]}`)
	var made struct{ ID int }
	s.NoError(json.Unmarshal([]byte(user.body), &made))
	resolved := `{"type":"record","name":"U","namespace":"n{r}","fields":[{"name":"b","type":{"type":"record","name":"B","fields":[]}},{"name":"c","type":"B"}]}`
	s.do("GET", "/subjects/{r}-user/versions/1/schema?format=resolved", "").ok(resolved)
	s.do("GET", "/subjects/{r}-user/versions/1/schema?format=other", "").ok(`{"fields":[{"type":"B"},{"type":"B"}]}`)
	s.do("GET", "/schemas/ids/"+itoa(made.ID)+"/schema?format=resolved", "").ok(resolved)
	s.do("GET", "/schemas/ids/"+itoa(made.ID)+"?format=resolved&fetchMaxId=true", "").ok(`{"subject":"{r}-user"}`)
	s.do("GET", "/subjects/{r}-base/versions/latest/referencedby", "").ok(`[` + itoa(made.ID) + `]`)
	// Written out, it is found, and is what was registered.
	s.do("POST", "/subjects/{r}-user", schema(s.fill(resolved))).ok(`{"id":` + itoa(made.ID) + `,"version":1,"references":[{"version":1}]}`)
}

func itoa(n int) string {
	b, _ := json.Marshal(n)
	return string(b)
}

func httpMessages(s *httpSuite) {
	check := func(path, text string) []string {
		s.Helper()
		r := s.do("POST", "/compatibility/subjects/{r}/versions"+path+"?verbose=true", schema(text)).ok("")
		var got struct {
			Compatible bool `json:"is_compatible"`
			Messages   []string
		}
		s.NoError(json.Unmarshal([]byte(r.body), &got))
		s.Equal(len(got.Messages) == 0, got.Compatible)
		return got.Messages
	}
	old := `{"type":"record","name":"R","namespace":"n{r}","fields":[{"name":"a","type":"int"}]}`
	quoted := "{oldSchema: '" + s.fill(old) + "'}"
	s.do("POST", "/subjects/{r}/versions", schema(old)).ok("")

	s.do("PUT", "/config/{r}", `{"compatibility":"forward"}`).ok(`{"compatibility":"FORWARD"}`)
	s.Equal([]string{
		"{errorType:'READER_FIELD_MISSING_DEFAULT_VALUE', description:'The field 'a' at path '/fields/0' in the old schema has no default value and is missing in the new schema', additionalInfo:'a'}",
		"{oldSchemaVersion: 1}", quoted, "{validateFields: 'false', compatibility: 'FORWARD'}",
	}, check("/latest", `{"type":"record","name":"R","namespace":"n{r}","fields":[]}`))

	// Both ways, the old version is named only if it cannot be read.
	s.do("PUT", "/config/{r}", `{"compatibility":"FULL"}`).ok("")
	s.Equal([]string{
		"{errorType:'READER_FIELD_MISSING_DEFAULT_VALUE', description:'The field 'a' at path '/fields/0' in the old schema has no default value and is missing in the new schema', additionalInfo:'a'}",
		"{validateFields: 'false', compatibility: 'FULL'}",
	}, check("", `{"type":"record","name":"R","namespace":"n{r}","fields":[]}`))
	s.Len(check("", `{"type":"record","name":"R","namespace":"n{r}","fields":[{"name":"a","type":"string"}]}`), 5)

	s.do("PUT", "/config/{r}", `{"compatibility":"NONE"}`).ok("")
	s.Empty(check("", `"int"`))
	s.Len(check("", `{"type":"recod"}`), 1)
	s.do("POST", "/compatibility/subjects/{r}/versions", schema(`{"type":"recod"}`)).no(422, 42201)
	s.do("POST", "/compatibility/subjects/{r}/versions/7", schema(`"int"`)).no(404, 40402)
	s.do("POST", "/compatibility/subjects/{r}/versions/x", schema(`"int"`)).no(422, 42202)

	// Enums, fixed and unions.
	s.do("PUT", "/config/{r}", `{"compatibility":"BACKWARD"}`).ok("")
	for _, c := range []struct{ old, next, want string }{
		{
			`{"type":"enum","name":"E{r}","symbols":["A","B","C"]}`, `{"type":"enum","name":"E{r}","symbols":["A"]}`,
			"{errorType:'MISSING_ENUM_SYMBOLS', description:'The new schema is missing enum symbols '[B, C]' at path '/symbols' in the old schema', additionalInfo:'[B, C]'}",
		},
		{
			`{"type":"fixed","name":"F{r}","size":2}`, `{"type":"fixed","name":"F{r}","size":3}`,
			"{errorType:'FIXED_SIZE_MISMATCH', description:'The size of FIXED type field at path '/size' in the new schema does not match with the old schema', additionalInfo:'expected: 2, found: 3'}",
		},
		{
			`["int","string"]`, `["int"]`,
			"{errorType:'MISSING_UNION_BRANCH', description:'The new schema is missing a type inside a union field at path '/1' in the old schema', additionalInfo:'reader union lacking writer type: STRING'}",
		},
		{
			`{"type":"fixed","name":"G{r}","size":2}`, `{"type":"fixed","name":"H{r}","size":2}`,
			"{errorType:'NAME_MISMATCH', description:'The name of the schema has changed (path '/name')', additionalInfo:'expected: G{r}'}",
		},
	} {
		s.do("DELETE", "/subjects/{r}", "").ok("")
		s.do("POST", "/subjects/{r}/versions", schema(c.old)).ok("")
		s.Equal(s.fill(c.want), check("/latest", c.next)[0])
		refused := s.do("POST", "/subjects/{r}/versions", schema(c.next)).no(409, 40901)
		s.Contains(refused.body, s.fill(`is incompatible with an earlier schema for subject \"{r}\", details: [`+c.want))
	}
}

func httpSchemas(s *httpSuite) {
	s.do("POST", "/subjects/{r}-a/versions", `{"schema":"\"int\"","metadata":{"properties":{"p q":"x&y"}}}`).ok(`{"metadata":{"properties":{"p q":"x&y"}}}`)
	s.do("POST", "/subjects/{r}-a/versions", schema(`"long"`)).ok("")
	s.do("POST", "/subjects/{r}-b/versions", schema(`"int"`)).ok("")
	s.do("GET", "/schemas?subjectPrefix={r}-", "").ok(`[{"subject":"{r}-a","version":1},{"subject":"{r}-a","version":2},{"subject":"{r}-b","version":1}]`)
	s.do("GET", "/schemas?subjectPrefix={r}-&latestOnly=true", "").ok(`[{"subject":"{r}-a","version":2},{"subject":"{r}-b","version":1}]`)
	s.do("GET", "/schemas?subjectPrefix={r}-&offset=1&limit=1", "").ok(`[{"subject":"{r}-a","version":2}]`)
	s.do("DELETE", "/subjects/{r}-a/versions/2", "").ok("")
	s.do("GET", "/schemas?subjectPrefix={r}-a", "").ok(`[{"version":1}]`)
	s.do("GET", "/schemas?subjectPrefix={r}-a&deleted=true", "").ok(`[{"version":1,"deleted":false},{"version":2,"deleted":true}]`)
	s.do("GET", "/subjects/{r}-a/metadata?key=p%20q&value=x%26y", "").ok(`{"version":1}`)
	s.do("GET", "/subjects/{r}-a/metadata?key=p%20q&value=z", "").no(404, 40403)
	s.do("PUT", "/config/{r}-alias", `{"alias":"{r}-b"}`).ok("")
	s.do("GET", "/subjects/{r}-alias/versions/latest", "").ok(`{"subject":"{r}-b"}`)
	s.do("GET", "/schemas?subjectPrefix={r}-alias&aliases=true", "").ok(`[{"subject":"{r}-b","aliases":["{r}-alias"]}]`)
	s.do("GET", "/schemas/types", "").ok("")
}

package memory

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/registry"
)

// sent is the status of a request with some headers.
func sent(h http.Handler, method, target, body string, header ...string) int {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

// A body that decoding would change in silence is refused, wherever one is read.
func TestBodiesThatWouldChange(t *testing.T) {
	schema := func(doc string) string {
		return `{"schema":"{\"type\":\"record\",\"name\":\"R\",\"doc\":\"` + doc + `\",\"fields\":[]}"}`
	}
	tests := []struct {
		name, body string
		status     int
	}{
		{"text", schema("\u00e9 \U0001f600"), 200},
		{"a pair of surrogates", schema(`\ud83d\ude00`), 200},
		{"an escaped backslash before a u", `{"schema":"\"int\"","metadata":{"properties":{"a":"\\\\ud83d"}}}`, 200},
		{"bytes that are no UTF-8", schema("\xff\xfe"), 422},
		{"an overlong slash", schema("\xc0\xaf"), 422},
		{"a surrogate in UTF-8", schema("\xed\xa0\xbd"), 422},
		{"a byte of a sequence that is cut short", schema("\xe2\x82"), 422},
		{"half of a pair", schema(`\ud83d`), 422},
		{"the other half", schema(`\ude00`), 422},
		{"halves the wrong way round", schema(`\ude00\ud83d`), 422},
		{"half of a pair in a key", `{"schema":"\"int\"","metadata":{"properties":{"\ud83d":"b"}}}`, 422},
		{"half of a pair in the schema's own text", schema(`\\ud83d`), 422},
		{"a pair in the schema's own text", schema(`\\ud83d\\ude00`), 200},
		{"a byte order mark", "\ufeff" + schema(""), 400},
		{"a key twice", `{"schema":"\"int\"","schema":"\"long\""}`, 400},
		{"a key twice, once escaped", `{"schema":"\"int\"","\u0073chema":"\"long\""}`, 400},
		{"a known key in another case, which is unknown", `{"schema":"\"int\"","Schema":7,"SCHEMA":8,"\u017fchema":9}`, 200},
		{"an unknown key twice", `{"schema":"\"int\"","x":1,"x":1}`, 400},
		{"a key twice further down", `{"schema":"\"int\"","metadata":{"properties":{"a":"b","a":"c"}}}`, 400},
		{"a property in two cases", `{"schema":"\"int\"","metadata":{"properties":{"a":"b","A":"c"}}}`, 200},
		{"one key in two objects", `{"schema":"\"int\"","metadata":{"properties":{"a":"b"},"tags":{"a":["b"]}}}`, 200},
		{"something behind", schema("") + "{}", 400},
		{"a NUL behind", schema("") + "\x00", 400},
		{"a closing bracket too many", `{}]}`, 400},
		{"many values", `{"schema":"\"int\"","references":[` + strings.Repeat("{},", maxValues) + `{}]}`, 400},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.status, sent(Handler(New()), "POST", "/subjects/s/versions", test.body, "Content-Type", "application/json"))
			for _, where := range []string{"POST /subjects/s", "POST /compatibility/subjects/s/versions", "PUT /config/s", "PUT /mode/s", "POST /associations", "PUT /associations/resources/r"} {
				if method, path, _ := strings.Cut(where, " "); test.status != 200 && !strings.Contains(test.name, "own text") {
					require.Equal(t, test.status, sent(Handler(New()), method, path, test.body), where)
				}
			}
		})
	}
}

// A page in a browser can send a body without a content type to any server. Others may
// leave the type out, as Confluent's registry allows.
func TestBodiesFromBrowsers(t *testing.T) {
	const body = `{"schema":"\"int\""}`
	for _, test := range []struct {
		status int
		header []string
	}{
		{200, nil},
		{200, []string{"Content-Type", ""}},
		{200, []string{"Content-Type", "application/json", "Origin", "http://ui.example"}},
		{200, []string{"Content-Type", "application/vnd.schemaregistry.v1+json", "Sec-Fetch-Site", "same-origin"}},
		{415, []string{"Origin", "http://evil.example"}},
		{415, []string{"Content-Type", "", "Origin", "http://evil.example"}},
		{415, []string{"Content-Type", " ", "Origin", "null"}},
		{415, []string{"Sec-Fetch-Site", "cross-site"}},
		{415, []string{"Origin", "http://example.com"}}, // as the request's host, which a page can make it
		{415, []string{"Content-Type", "text/plain"}},
		{415, []string{"Content-Type", "text/plain;charset=application/json"}},
		{415, []string{"Content-Type", "application/x-www-form-urlencoded"}},
		{415, []string{"Content-Type", "multipart/form-data; boundary=a"}},
	} {
		m := New()
		require.Equal(t, test.status, sent(Handler(m), "POST", "/subjects/s/versions", body, test.header...), "%v", test.header)
		require.Equal(t, test.status == 200, len(m.state.subjects) == 1)
	}
}

// What cannot be read of a path or a query is an error, not something else.
func TestURLsThatCannotBeRead(t *testing.T) {
	m := New()
	h := Handler(m)
	_, err := m.Register(t.Context(), "s", registry.Definition{Text: `"int"`})
	require.NoError(t, err)
	for target, status := range map[string]int{
		"/subjects/s/versions":                 200,
		"/subjects/s/versions?deleted=maybe":   200, // false
		"/subjects/s/versions?unknown=%C3%A9":  200,
		"/subjects/s/versions?deleted=%zz":     400,
		"/subjects/s/versions?deleted=true;a":  400,
		"/subjects/s/versions?deleted=%ff":     400,
		"/subjects/s/versions?%ff=true":        400,
		"/subjects/s/versions?subject=%C0%AF":  400,
		"/subjects/%ff/versions":               400,
		"/subjects/%C0%AF/versions":            400,
		"/subjects/%ED%A0%80/versions":         400,
		"/subjects/s%00/versions":              404,
		"/subjects/s/versions?limit=1&limit=x": 200,
		"/subjects/s/versions?limit=x":         404,
	} {
		require.Equal(t, status, sent(h, "GET", target, ""), target)
	}
	r := httptest.NewRequest("GET", "/subjects/x/versions", nil)
	r.URL.Path = "/subjects/\xff/versions"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	require.Equal(t, 400, w.Code)
	require.Equal(t, 422, sent(h, "POST", "/subjects/a%00b/versions", `{"schema":"\"int\""}`))
}

// A list of large schemas is written one by one.
func TestSchemasAreWrittenOneByOne(t *testing.T) {
	m := New()
	for i := range 20 {
		_, err := m.Register(t.Context(), fmt.Sprintf("s%d", i), registry.Definition{Text: fmt.Sprintf(`{"type":"fixed","name":"F%d","size":1,"doc":%q}`, i, strings.Repeat("x", 100_000))})
		require.NoError(t, err)
	}
	w := &largest{header: http.Header{}}
	Handler(m).ServeHTTP(w, httptest.NewRequest("GET", "/schemas", nil))
	require.Greater(t, w.all, 2_000_000)
	require.Less(t, w.most, 110_000)
}

// largest notes how much is written, and the most at a time.
type largest struct {
	header    http.Header
	all, most int
}

func (l *largest) Header() http.Header { return l.header }
func (l *largest) WriteHeader(int)     {}

func (l *largest) Write(p []byte) (int, error) {
	l.all += len(p)
	l.most = max(l.most, len(p))
	return len(p), nil
}

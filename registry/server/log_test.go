package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
)

// logged are the lines of a log.
type logged struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

func (l *logged) logger() *slog.Logger { return slog.New(slog.NewJSONHandler(l, nil)) }

// lines returns the lines with a message.
func (l *logged) lines(t *testing.T, message string) (lines []map[string]any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range bytes.Lines(l.all.Bytes()) {
		var v map[string]any
		require.NoError(t, json.Unmarshal(line, &v))
		if v["msg"] == message {
			lines = append(lines, v)
		}
	}
	return lines
}

func do(h http.Handler, method, path, user, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if name, password, ok := strings.Cut(user, ":"); ok {
		r.SetBasicAuth(name, password)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// Each class of failure is logged, a few times a minute, and no secret is.
func TestFailuresAreLogged(t *testing.T) {
	users, err := NewUsers(User{Name: "admin", Password: "opensesame"}, User{Name: "bob", Password: "letmein", ReadOnly: true})
	require.NoError(t, err)
	m, err := memory.Open(t.TempDir())
	require.NoError(t, err)
	out := &logged{}
	s, err := New(m, WithUsers(users), WithLogger(out.logger()))
	require.NoError(t, err)
	h := s.Handler()
	const body = `{"schema":"\"int\"","metadata":{"properties":{"a":"confidential"}}}`
	require.Equal(t, 200, do(h, "POST", "/subjects/s/versions", "admin:opensesame", body).Code)
	require.Equal(t, 404, do(h, "GET", "/subjects/none/versions", "admin:opensesame", "").Code)
	require.Equal(t, 422, do(h, "POST", "/subjects/s/versions", "admin:opensesame", `{"schema":"confidential"}`).Code)
	require.Equal(t, 500, do(h, "GET", "/schemas/ids/7/schema", "admin:opensesame", "").Code)
	require.Equal(t, 401, do(h, "GET", "/subjects", "", "").Code)
	require.Empty(t, out.all.String(), "what is right, or a mistake of the client's, is not logged")

	require.Equal(t, 401, do(h, "GET", "/subjects?key=confidential", "admin:confidential", "").Code)
	require.Equal(t, 403, do(h, "DELETE", "/subjects/confidential", "bob:letmein", "").Code)
	require.NoError(t, m.Close())
	for range 3 * logLines {
		require.Equal(t, 500, do(h, "POST", "/subjects/confidential/versions", "admin:opensesame", strings.Replace(body, "int", "long", 1)).Code)
	}
	require.Equal(t, "192.0.2.1", out.lines(t, logUnauthorized)[0]["address"])
	forbidden := out.lines(t, logForbidden)[0]
	require.Equal(t, "bob", forbidden["user"])
	require.Equal(t, "DELETE", forbidden["method"])
	failed := out.lines(t, logFailed)
	require.Len(t, failed, logLines)
	require.Equal(t, "POST /subjects/*/versions", failed[0]["route"])
	require.EqualValues(t, 500, failed[0]["status"])
	require.Equal(t, "ERROR", failed[0]["level"])
	require.Contains(t, failed[0]["error"], "closed")
	s.logs.end()
	require.EqualValues(t, 2*logLines, out.lines(t, logFailed)[logLines]["suppressed"])
	for _, secret := range []string{"confidential", "opensesame", "letmein"} {
		require.NotContains(t, out.all.String(), secret)
	}
}

// What could not be logged is counted in the next line.
func TestLimitedLog(t *testing.T) {
	out := &logged{}
	l := newLimitedLog(out.logger())
	now := time.Unix(0, 0)
	l.now = func() time.Time { return now }
	for range logLines + 5 {
		l.log(slog.LevelWarn, "a", "n", 1)
	}
	l.log(slog.LevelWarn, "b")
	require.Len(t, out.lines(t, "a"), logLines)
	require.Len(t, out.lines(t, "b"), 1, "each message has its own")
	now = now.Add(logTime)
	l.log(slog.LevelWarn, "a")
	require.EqualValues(t, 5, out.lines(t, "a")[logLines]["suppressed"])
	l.end()
	require.Len(t, out.lines(t, "a"), logLines+1)
}

// Clients that are too slow or too many, and broken connections, are logged.
func TestClientsAreLogged(t *testing.T) {
	out := &logged{}
	_, address := serve(t, WithLogger(out.logger()), WithMaxBodies(10_000), WithMinRate(1000, 100*time.Millisecond), WithMaxConnections(2), WithShare(100))
	conn := dial(t, address, half("", "{", 100))
	_, err := io.ReadAll(conn)
	require.NoError(t, err)
	dial(t, address, half("", strings.Repeat(" ", 20_000), 30_000))
	eventually(t, "both are logged", func() bool {
		return len(out.lines(t, logSlow)) == 1 && len(out.lines(t, logOverloaded)) == 1
	})
	require.Equal(t, "127.0.0.1", out.lines(t, logSlow)[0]["address"])
	for range 5 {
		dial(t, address, "GET ")
	}
	eventually(t, "connections are closed", func() bool { return len(out.lines(t, logSpace)) >= 3 })
}

// A registry whose log is damaged says so: in the log, the health check, the metrics.
func TestDamagedLog(t *testing.T) {
	dir := t.TempDir()
	m, err := memory.Open(dir, memory.WithoutSync())
	require.NoError(t, err)
	for range 400 {
		require.NoError(t, m.SetConfig(t.Context(), "s", registry.Config{CompatibilityGroup: strings.Repeat("x", 4000)}))
	}
	require.NoError(t, m.Close())
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "registry.new", "x"), 0o700))
	log, err := os.OpenFile(filepath.Join(dir, "registry.log"), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = log.WriteString("half")
	require.NoError(t, err)
	require.NoError(t, log.Close())

	m, err = memory.Open(dir)
	require.NoError(t, err)
	defer m.Close()
	out := &logged{}
	s, err := New(m, WithLogger(out.logger()))
	require.NoError(t, err)
	require.Contains(t, out.lines(t, logNotRewritten)[0]["reason"], "registry.new")
	require.EqualValues(t, 4, out.lines(t, logDropped)[0]["bytes"])
	w := do(s.Handler(), "GET", "/health", "", "")
	require.Equal(t, 200, w.Code)
	require.JSONEq(t, `{"status":"UP","log":"could not be rewritten and is used as it is"}`, w.Body.String())
	require.Contains(t, m.Stats().NotRewritten, "registry.new")
	require.Empty(t, m.Stats().NotWritten)
	require.Equal(t, 200, do(s.Handler(), "POST", "/subjects/s/versions", "", `{"schema":"\"int\""}`).Code)
}

// A file that is none of users is not taken for one, and what is in it is not shown.
func TestFilesThatAreNoUsers(t *testing.T) {
	for name, test := range map[string]struct{ text, err string }{
		"empty":                 {"", "nobody is in the file"},
		"comments only":         {"# admin:x\n\n  \n", "nobody is in the file"},
		"JSON":                  {`{"admin":"s3cret"}`, "line 1: not a line name:password"},
		"JSON over lines":       {"{\n  \"admin\": \"s3cret\"\n}\n", "line 1: no colon"},
		"YAML":                  {"admin: s3cret\n", `line 1: the password of user "admin" begins with a space`},
		"a list in YAML":        {"users:\n  - name: s3cret\n", `line 1: user "users" has no password`},
		"a certificate":         {"-----BEGIN CERTIFICATE-----\ns3cret\n", "line 1: no colon"},
		"binary":                {"\x7fELF\x02\x01\x00:s3cret", "line 1: not a line of text"},
		"UTF-16":                {"\xff\xfea\x00:\x00s3cret", "line 1: not a line of text"},
		"XML":                   {`<user name="a:s3cret"/>`, "line 1: not a line name:password"},
		"htpasswd":              {"admin:$2y$05$s3cret", "line 1: the password of user \"admin\" is a hash"},
		"htpasswd with SHA":     {"admin:{SHA}s3cret=", "is a hash"},
		"Jetty":                 {"admin:OBF:s3cret,admin", "is a hash"},
		"a program":             {"a:b\nif x { y : z }\n", "line 2: not a line name:password"},
		"twice":                 {"a:b\nro c:d\na:e", `line 3: user "a" is there twice, first in line 1`},
		"ro and a tab":          {"ro\ta:s3cret", "line 1: not a line of text"},
		"a line without an end": {"a:" + strings.Repeat("s3cret", 20_000), "line 1: bufio.Scanner: token too long"},
	} {
		_, err := ReadUsers(strings.NewReader(test.text))
		require.ErrorContains(t, err, test.err, name)
		require.NotContains(t, err.Error(), "s3cret", name)
	}
	_, err := ReadUsers(io.MultiReader(strings.NewReader("a:b\n"), errReader{}))
	require.ErrorContains(t, err, "line 2: broken")
	users, err := ReadUsers(strings.NewReader("\ufeffgröße@example.com:a b:c\r\nro svc-1/$x:pässword\r\n"))
	require.NoError(t, err)
	require.Len(t, users.byName, 2)
	_, ok := users.check("größe@example.com", "a b:c")
	require.True(t, ok)
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errors.New("broken") }

// Certificates that are none are named.
func TestFilesThatAreNoCertificates(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.pem")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	for _, file := range []string{empty, dir, filepath.Join(dir, "none.pem")} {
		_, err := TLSFiles(file, empty, "")
		require.ErrorContains(t, err, fmt.Sprintf("certificate %s with key %s", file, empty))
	}
}

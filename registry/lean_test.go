package registry

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/inprocess"
	"github.com/kavro/kavro/schemas"
)

// lean is a registry that answers as little as any is known to: an id alone to
// register, a text alone by id, no optional endpoint, null for an empty list.
type lean struct {
	*fixture
	missing func(w http.ResponseWriter) // how it says that there is no such path
}

func (l *lean) RoundTrip(req *http.Request) (*http.Response, error) {
	return inprocess.Transport{Handler: http.HandlerFunc(l.serve)}.RoundTrip(req)
}

// count has a request counted that the registry does not see.
func (l *lean) count(req *http.Request) { l.Faults.ServeHTTP(httptest.NewRecorder(), req) }

func (l *lean) serve(w http.ResponseWriter, req *http.Request) {
	path := req.URL.Path
	optional := []string{"/associations", "/schemas/guids", "/contexts", "/metadata", "/referencedby"}
	for _, o := range optional {
		if strings.Contains(path, o) {
			l.count(req)
			l.missing(w)
			return
		}
	}
	if strings.HasPrefix(path, "/compatibility/") && strings.HasSuffix(path, "/versions") {
		l.count(req)
		l.missing(w)
		return
	}
	held := httptest.NewRecorder()
	l.Faults.ServeHTTP(held, req)
	answer := held.Body.Bytes()
	var body map[string]any
	if json.Unmarshal(held.Body.Bytes(), &body) == nil && held.Code == 200 {
		keep := []string{"compatibility", "compatibilityLevel", "mode", "is_compatible"}
		switch {
		case req.Method == "POST" && strings.HasSuffix(path, "/versions"):
			keep = []string{"id"}
		case strings.HasPrefix(path, "/schemas/ids/"):
			keep = []string{"schema"}
		case strings.HasPrefix(path, "/subjects/"):
			keep = []string{"id", "subject", "version", "schema"}
		}
		for name := range body {
			if !slices.Contains(keep, name) {
				delete(body, name)
			}
		}
		body["unknown"] = []int{1, 2}
		answer, _ = json.Marshal(body)
	}
	if string(answer) == "[]" {
		answer = []byte("null")
	}
	w.WriteHeader(held.Code)
	w.Write(answer)
}

var leanRegistries = map[string]func(w http.ResponseWriter){
	"a bare string (Karapace)": func(w http.ResponseWriter) { w.WriteHeader(404); fmt.Fprint(w, `"Not Found"`) },
	"nothing (Apicurio)":       func(w http.ResponseWriter) { w.WriteHeader(404) },
	"JSON (axonops)": func(w http.ResponseWriter) {
		w.WriteHeader(404)
		fmt.Fprint(w, `{"error_code":404,"message":"Not found"}`)
	},
	"a page": func(w http.ResponseWriter) { w.WriteHeader(404); fmt.Fprint(w, "<html>404</html>") },
	"405":    func(w http.ResponseWriter) { w.WriteHeader(405) },
	"501":    func(w http.ResponseWriter) { w.WriteHeader(501); fmt.Fprint(w, `[]`) },
}

func TestLeanRegistries(t *testing.T) {
	for name, missing := range leanRegistries {
		t.Run(name, func(t *testing.T) {
			l := &lean{newFixture(), missing}
			c, err := New("http://registry", WithRoundTripper(l), quick())
			require.NoError(t, err)
			defer c.Close()
			ctx := t.Context()

			names, err := c.Subjects(ctx, "")
			require.NoError(t, err)
			require.Empty(t, names)
			d := Definition{Text: userV1}
			s, err := c.Register(ctx, "users-value", d)
			require.NoError(t, err)
			require.Equal(t, 1, s.ID)
			require.Equal(t, 0, s.Version, "not known, and not asked for")
			require.Equal(t, userV1, s.Text)
			require.Equal(t, "com.acme.User", s.Schema.FullName())
			for range 100 {
				_, err = c.Register(ctx, "users-value", d)
				require.NoError(t, err)
			}
			require.Equal(t, 2, l.Total())
			for range 100 {
				s, err = c.Lookup(ctx, "users-value", d)
				require.NoError(t, err)
				require.Equal(t, 1, s.Version, "an answer to another question does not do")
				_, err = c.Register(ctx, "users-value", d)
				require.NoError(t, err)
			}
			require.Equal(t, 3, l.Total())

			s, err = c.SchemaByID(ctx, "users-value", 1)
			require.NoError(t, err)
			require.Equal(t, "com.acme.User", s.Schema.FullName())
			require.Equal(t, "AVRO", s.Type)
			s, err = c.Latest(ctx, "users-value")
			require.NoError(t, err)
			require.Equal(t, 1, s.Version)

			contexts, err := c.Contexts(ctx)
			require.NoError(t, err)
			require.Equal(t, []string{"."}, contexts)
			_, err = c.SchemaByGUID(ctx, Hooks.GUID(d))
			_, kind := responseIn(err)
			require.Contains(t, []string{"not found", "invalid"}, kind)

			before := l.Total()
			for range 100 {
				found, err := c.Associated(ctx, "", "users", "value")
				require.NoError(t, err)
				require.Empty(t, found)
			}
			require.Equal(t, before+1, l.Total(), "that there are none is remembered")

			require.NoError(t, c.CheckCompatibility(ctx, "users-value", Definition{Text: userV2}))
			require.NoError(t, c.CheckCompatibility(ctx, "other-value", Definition{Text: userV2}))
			err = c.CheckCompatibility(ctx, "users-value", Definition{Text: userBad})
			var incompatible *schemas.IncompatibleError
			require.ErrorAs(t, err, &incompatible)
			require.Equal(t, schemas.Backward, incompatible.Level)
			require.Len(t, incompatible.Reasons, 1)
			require.Equal(t, schemas.FieldWithoutDefault, incompatible.Reasons[0].Kind)
			require.Equal(t, 1, incompatible.Reasons[0].Version)
		})
	}
}

// A registry may say that a schema is incompatible where kavro would not, and
// not say why.
func TestVerdictWithoutReason(t *testing.T) {
	f := newFixture()
	c := f.client(t)
	_, err := c.Register(t.Context(), "users-value", Definition{Text: userV1})
	require.NoError(t, err)
	f.Add(Fault{Path: "/compatibility/subjects/users-value/versions", Body: text(`{"is_compatible":false}`)})
	err = c.CheckCompatibility(t.Context(), "users-value", Definition{Text: userV2})
	require.EqualError(t, err, "incompatible schema: the reader cannot read the writer's data: at /: the registry says so and gives no reason")
}

// Apicurio lists all subjects, whatever the prefix.
func TestPrefixNotLookedAt(t *testing.T) {
	f := newFixture()
	c := f.client(t)
	f.Add(Fault{Path: "/subjects", Body: text(`["orders-key","orders-value","users-value"]`)})
	names, err := c.Subjects(t.Context(), "orders-")
	require.NoError(t, err)
	require.Equal(t, []string{"orders-key", "orders-value"}, names)

	schema := func(subject string) string {
		return `{"subject":"` + subject + `","version":1,"id":1,"schema":"\"int\""}`
	}
	f.Add(Fault{Path: "/schemas", Body: text("[" + schema("orders-key") + "," + schema("users-value") + "," + schema(":.ctx:orders-key") + "]")})
	for prefix, want := range map[string][]string{
		"": {"orders-key", "users-value", ":.ctx:orders-key"}, "orders-": {"orders-key"}, ":.ctx:": {"orders-key", "users-value", ":.ctx:orders-key"},
		":.other:": {"orders-key", "users-value"}, ":*:orders": {"orders-key", ":.ctx:orders-key"}, ":.ctx:orders": {"orders-key", ":.ctx:orders-key"},
	} {
		list, err := c.Schemas(t.Context(), prefix)
		require.NoError(t, err)
		var got []string
		for _, s := range list {
			got = append(got, s.Subject)
		}
		require.Equal(t, want, got, prefix)
	}
}

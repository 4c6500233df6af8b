package registry

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/schemas"
)

// browsable is a registry with something of everything.
func browsable(t *testing.T) *fixture {
	f := newFixture()
	ctx := t.Context()
	f.register(t, "base", record("base", "int"))
	_, err := f.Memory.Register(ctx, "users-value", Definition{Text: record("user", "base"), References: refer("base")})
	require.NoError(t, err)
	f.register(t, "orders-value", userV1, userV2, userLast)
	require.NoError(t, f.DeleteVersion(ctx, "orders-value", 2))
	f.register(t, "gone-value", userV1)
	_, err = f.DeleteSubject(ctx, "gone-value")
	require.NoError(t, err)
	f.register(t, ":.ctx:orders-value", userV1)
	_, err = f.Memory.Register(ctx, "other", Definition{Type: "PROTOBUF", Text: `syntax = "proto3";`})
	require.NoError(t, err)
	require.NoError(t, f.SetCompatibility(ctx, "orders-value", schemas.Full))
	require.NoError(t, f.SetMode(ctx, "base", ReadOnly))
	return f
}

// TestClientSaysWhatMemorySays asks both the same.
func TestClientSaysWhatMemorySays(t *testing.T) {
	type asked interface {
		Subjects(ctx context.Context, prefix string, opts ...CallOption) ([]string, error)
		Versions(ctx context.Context, subject string, opts ...CallOption) ([]int, error)
		Schemas(ctx context.Context, prefix string, opts ...CallOption) ([]*SubjectSchema, error)
		VersionsByID(ctx context.Context, subject string, id int, opts ...CallOption) ([]SubjectVersion, error)
		IDsByGUID(ctx context.Context, guid string) ([]ContextID, error)
		ReferencedBy(ctx context.Context, subject string, version int, opts ...CallOption) ([]int, error)
		Types(ctx context.Context) ([]string, error)
		Contexts(ctx context.Context, opts ...CallOption) ([]string, error)
		Version(ctx context.Context, subject string, version int, opts ...CallOption) (*SubjectSchema, error)
		Compatibility(ctx context.Context, subject string) (schemas.Level, error)
		Config(ctx context.Context, subject string, opts ...CallOption) (Config, error)
		Mode(ctx context.Context, subject string, opts ...CallOption) (Mode, error)
	}
	f := browsable(t)
	c := f.client(t)
	ctx := t.Context()
	d := Definition{Type: "AVRO", Text: userV1}
	for name, ask := range map[string]func(asked) (any, error){
		"subjects":                  func(r asked) (any, error) { return r.Subjects(ctx, "") },
		"subjects by prefix":        func(r asked) (any, error) { return r.Subjects(ctx, "or") },
		"subjects of a context":     func(r asked) (any, error) { return r.Subjects(ctx, ":.ctx:") },
		"subjects of any context":   func(r asked) (any, error) { return r.Subjects(ctx, ":*:or") },
		"subjects, deleted too":     func(r asked) (any, error) { return r.Subjects(ctx, "", WithDeleted()) },
		"subjects, deleted only":    func(r asked) (any, error) { return r.Subjects(ctx, "", OnlyDeleted()) },
		"subjects, a page":          func(r asked) (any, error) { return r.Subjects(ctx, "", Page(1, 2)) },
		"versions":                  func(r asked) (any, error) { return r.Versions(ctx, "orders-value") },
		"versions, deleted too":     func(r asked) (any, error) { return r.Versions(ctx, "orders-value", WithDeleted()) },
		"versions, deleted only":    func(r asked) (any, error) { return r.Versions(ctx, "orders-value", OnlyDeleted()) },
		"versions, a page":          func(r asked) (any, error) { return r.Versions(ctx, "orders-value", WithDeleted(), Page(1, 1)) },
		"schemas":                   func(r asked) (any, error) { return unparsed(r.Schemas(ctx, "")) },
		"schemas by prefix":         func(r asked) (any, error) { return unparsed(r.Schemas(ctx, "orders", LatestOnly())) },
		"schemas, deleted too":      func(r asked) (any, error) { return unparsed(r.Schemas(ctx, "orders", WithDeleted())) },
		"schemas, a page":           func(r asked) (any, error) { return unparsed(r.Schemas(ctx, "", Page(2, 2))) },
		"versions by id":            func(r asked) (any, error) { return r.VersionsByID(ctx, "", 3) },
		"versions by id, deleted":   func(r asked) (any, error) { return r.VersionsByID(ctx, "", 3, WithDeleted()) },
		"versions by id, context":   func(r asked) (any, error) { return r.VersionsByID(ctx, ":.ctx:", 1) },
		"versions by id, unknown":   func(r asked) (any, error) { return r.VersionsByID(ctx, "", 99) },
		"ids by GUID":               func(r asked) (any, error) { return r.IDsByGUID(ctx, Hooks.GUID(d)) },
		"referenced by":             func(r asked) (any, error) { return r.ReferencedBy(ctx, "base", 1) },
		"referenced by, the latest": func(r asked) (any, error) { return r.ReferencedBy(ctx, "base", -1) },
		"referenced by, unknown":    func(r asked) (any, error) { return r.ReferencedBy(ctx, "base", 9) },
		"types":                     func(r asked) (any, error) { return r.Types(ctx) },
		"contexts":                  func(r asked) (any, error) { return r.Contexts(ctx) },
		"contexts, a page":          func(r asked) (any, error) { return r.Contexts(ctx, Page(1, 1)) },
		"latest":                    func(r asked) (any, error) { return unparsedOne(r.Version(ctx, "orders-value", -1)) },
		"a deleted version":         func(r asked) (any, error) { return unparsedOne(r.Version(ctx, "orders-value", 2)) },
		"a deleted version, shown":  func(r asked) (any, error) { return unparsedOne(r.Version(ctx, "orders-value", 2, WithDeleted())) },
		"latest, deleted too":       func(r asked) (any, error) { return unparsedOne(r.Version(ctx, "gone-value", -1, WithDeleted())) },
		"references written out":    func(r asked) (any, error) { return unparsedOne(r.Version(ctx, "users-value", 1, Format("resolved"))) },
		"no Avro":                   func(r asked) (any, error) { return unparsedOne(r.Version(ctx, "other", 1)) },
		"global level":              func(r asked) (any, error) { return r.Compatibility(ctx, "") },
		"own level":                 func(r asked) (any, error) { return r.Compatibility(ctx, "orders-value") },
		"inherited level":           func(r asked) (any, error) { return r.Compatibility(ctx, "users-value") },
		"own configuration":         func(r asked) (any, error) { return r.Config(ctx, "orders-value") },
		"no configuration":          func(r asked) (any, error) { return r.Config(ctx, "users-value") },
		"inherited configuration":   func(r asked) (any, error) { return r.Config(ctx, "users-value", DefaultToGlobal()) },
		"global configuration":      func(r asked) (any, error) { return r.Config(ctx, "") },
		"own mode":                  func(r asked) (any, error) { return r.Mode(ctx, "base") },
		"no mode":                   func(r asked) (any, error) { return r.Mode(ctx, "users-value") },
		"inherited mode":            func(r asked) (any, error) { return r.Mode(ctx, "users-value", DefaultToGlobal()) },
		"global mode":               func(r asked) (any, error) { return r.Mode(ctx, "") },
	} {
		t.Run(name, func(t *testing.T) {
			want, wantErr := ask(f.Memory)
			got, err := ask(c)
			if wantErr != nil {
				wantResponse, wantKind := responseIn(wantErr)
				response, kind := responseIn(err)
				require.Equal(t, wantKind, kind)
				require.Equal(t, wantResponse.Code, response.Code)
				require.Equal(t, wantResponse.Status, response.Status)
				return
			}
			require.NoError(t, err)
			require.NotEmpty(t, want)
			require.Equal(t, want, got)
		})
	}
}

// unparsed are schemas without what is made of them.
func unparsed(list []*SubjectSchema, err error) (any, error) {
	var out []SubjectSchema
	for _, s := range list {
		s := *s
		s.Schema = nil
		out = append(out, s)
	}
	return out, err
}

func unparsedOne(s *SubjectSchema, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return unparsed([]*SubjectSchema{s}, nil)
}

// One text that cannot be parsed does not hide the others.
func TestSchemasWithOneThatCannotBeParsed(t *testing.T) {
	f := newFixture()
	f.Add(Fault{Path: "/schemas", Body: text(`[{"subject":"a","version":1,"id":1,"schema":"{{"},{"subject":"b","version":1,"id":2,"schema":"\"int\""}]`)})
	list, err := f.client(t).Schemas(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Nil(t, list[0].Schema)
	require.Equal(t, "{{", list[0].Text)
	require.NotNil(t, list[1].Schema)
}

func TestChangesThroughTheClient(t *testing.T) {
	f := newFixture()
	c := f.client(t)
	ctx := t.Context()
	yes := true
	level := schemas.None
	conf := Config{Level: &level, Normalize: &yes, ValidateFields: &yes, CompatibilityGroup: "v",
		DefaultMetadata: &Metadata{Properties: map[string]string{"a": "b"}}, OverrideMetadata: &Metadata{Sensitive: []string{"s"}},
		DefaultRuleSet: &RuleSet{DomainRules: []Rule{{Name: "r", Kind: "CONDITION", Mode: "WRITE", Type: "CEL", Expr: "true"}}}}
	for _, subject := range []string{"s", ":.ctx:", ""} {
		require.NoError(t, c.SetConfig(ctx, subject, conf))
		got, err := c.Config(ctx, subject)
		require.NoError(t, err)
		require.NotEmpty(t, got.Raw)
		want, err := f.Memory.Config(ctx, subject)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, *conf.Level, *got.Level)
		require.True(t, *got.Normalize)
		require.NoError(t, c.SetCompatibility(ctx, subject, schemas.Full))
		now, err := c.Compatibility(ctx, subject)
		require.NoError(t, err)
		require.Equal(t, schemas.Full, now)
		require.NoError(t, c.DeleteConfig(ctx, subject))
	}
	for _, subject := range []string{"s", ":.ctx:", ""} {
		require.NoError(t, c.SetMode(ctx, subject, ReadOnly))
		mode, err := c.Mode(ctx, subject)
		require.NoError(t, err)
		require.Equal(t, ReadOnly, mode)
		require.NoError(t, c.DeleteMode(ctx, subject))
	}

	// An import brings its own id and version.
	require.NoError(t, c.SetMode(ctx, "imported", Import, Force()))
	s, err := c.Register(ctx, "imported", Definition{Text: userV1}, AtID(77, 5))
	require.NoError(t, err)
	require.Equal(t, 77, s.ID)
	require.Equal(t, 5, s.Version)
	require.NoError(t, c.SetMode(ctx, "imported", ReadWrite))

	// No text asks for that of the version before.
	s, err = c.Register(ctx, "imported", Definition{Metadata: &Metadata{Properties: map[string]string{"a": "b"}}})
	require.NoError(t, err)
	require.Equal(t, userV1, s.Text)
	require.Equal(t, "com.acme.User", s.Schema.FullName())
	require.Equal(t, 6, s.Version)

	_, err = c.Register(ctx, ":.empty:s", Definition{Text: userV1})
	require.NoError(t, err)
	require.Error(t, c.DeleteContext(ctx, ".empty"))
	for _, opts := range [][]CallOption{nil, {Permanent()}} {
		_, err = c.DeleteSubject(ctx, ":.empty:s", opts...)
		require.NoError(t, err)
	}
	require.NoError(t, c.DeleteContext(ctx, ":.empty:"))

	_, err = c.Register(ctx, "s", Definition{Text: userV1})
	require.NoError(t, err)
	require.NoError(t, c.DeleteVersion(ctx, "s", -1))
	require.NoError(t, c.DeleteVersion(ctx, "s", 1, Permanent()))
}

func TestAssociated(t *testing.T) {
	f := newFixture()
	c := f.client(t)
	ctx := t.Context()
	found, err := c.Associated(ctx, "", "orders", "value")
	require.NoError(t, err)
	require.Empty(t, found)
	f.register(t, "shared", userV1)
	require.NoError(t, c.Do(ctx, "POST", "/associations", map[string]any{
		"resourceName": "orders", "resourceNamespace": "lkc-1", "resourceId": "id-1", "resourceType": "topic",
		"associations": []map[string]any{{"subject": "shared", "associationType": "value", "lifecycle": "WEAK"}},
	}, nil))
	for cluster, want := range map[string]int{"lkc-1": 1, "lkc-2": 0} {
		for range 3 {
			found, err = c.Associated(ctx, cluster, "orders", "value")
			require.NoError(t, err)
			require.Len(t, found, want)
		}
	}
	found, err = c.Associated(ctx, "lkc-1", "orders", "value")
	require.NoError(t, err)
	require.Equal(t, Association{Subject: "shared", ResourceName: "orders", ResourceNS: "lkc-1", ResourceID: "id-1", Part: "value", Lifecycle: "WEAK"}, found[0])
	require.Equal(t, 1, f.asked("GET /associations/resources/lkc-1/orders"))
	found, err = c.Associated(ctx, "lkc-1", "orders", "key")
	require.NoError(t, err)
	require.Empty(t, found)
}

// A proxy sees the registry's name, which nobody else could resolve.
func TestProxy(t *testing.T) {
	f := newFixture()
	f.register(t, "users-value", userV1)
	var user string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "registry.invalid", r.URL.Host)
		user = r.Header.Get("Proxy-Authorization")
		f.Faults.ServeHTTP(w, r)
	}))
	defer proxy.Close()
	c, err := New("http://registry.invalid", WithProxy("http://ann:secret@"+proxy.Listener.Addr().String()))
	require.NoError(t, err)
	defer c.Close()
	_, err = c.Latest(t.Context(), "users-value")
	require.NoError(t, err)
	require.NotEmpty(t, user)
	c.transport.CloseIdleConnections()
}

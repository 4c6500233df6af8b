package registry

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/kavro/kavro/internal/inprocess"
	"github.com/kavro/kavro/schemas"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// Texts that the tests register.
const (
	userV1   = `{"type":"record","name":"User","namespace":"com.acme","fields":[{"name":"name","type":"string"}]}`
	userV2   = `{"type":"record","name":"User","namespace":"com.acme","fields":[{"name":"name","type":"string"},{"name":"age","type":"int","default":0}]}`
	userBad  = `{"type":"record","name":"User","namespace":"com.acme","fields":[{"name":"name","type":"string"},{"name":"zip","type":"string"}]}`
	userLast = `{"type":"record","name":"User","namespace":"com.acme","fields":[{"name":"name","type":"string"},{"name":"mail","type":"string","default":""}]}`
)

// Hooks make the registry behind the tests, and faults. They come from packages that
// import this one, so a test of package registry_test sets them: see hooks_test.go.
var Hooks struct {
	NewMemory func(maxText int) (Memory, http.Handler) // maxText 0: the default
	NewFaults func(next http.Handler) Faults
	GUID      func(Definition) string
}

// Memory is a *memory.Registry.
type Memory interface {
	Register(ctx context.Context, subject string, d Definition, opts ...CallOption) (*SubjectSchema, error)
	Latest(ctx context.Context, subject string) (*SubjectSchema, error)
	Version(ctx context.Context, subject string, version int, opts ...CallOption) (*SubjectSchema, error)
	Subjects(ctx context.Context, prefix string, opts ...CallOption) ([]string, error)
	Versions(ctx context.Context, subject string, opts ...CallOption) ([]int, error)
	Schemas(ctx context.Context, prefix string, opts ...CallOption) ([]*SubjectSchema, error)
	VersionsByID(ctx context.Context, subject string, id int, opts ...CallOption) ([]SubjectVersion, error)
	IDsByGUID(ctx context.Context, guid string) ([]ContextID, error)
	ReferencedBy(ctx context.Context, subject string, version int, opts ...CallOption) ([]int, error)
	Types(ctx context.Context) ([]string, error)
	Contexts(ctx context.Context, opts ...CallOption) ([]string, error)
	Text(ctx context.Context, subject string, version int) (string, error)
	DeleteSubject(ctx context.Context, subject string, opts ...CallOption) ([]int, error)
	DeleteVersion(ctx context.Context, subject string, version int, opts ...CallOption) error
	DeleteContext(ctx context.Context, context string) error
	Compatibility(ctx context.Context, subject string) (schemas.Level, error)
	SetCompatibility(ctx context.Context, subject string, l schemas.Level) error
	CheckCompatibility(ctx context.Context, subject string, d Definition, opts ...CallOption) error
	Config(ctx context.Context, subject string, opts ...CallOption) (Config, error)
	SetConfig(ctx context.Context, subject string, conf Config) error
	DeleteConfig(ctx context.Context, subject string) error
	Mode(ctx context.Context, subject string, opts ...CallOption) (Mode, error)
	SetMode(ctx context.Context, subject string, mode Mode, opts ...CallOption) error
	DeleteMode(ctx context.Context, subject string) error
	Close() error
}

// Faults are *registrytest.Faults.
type Faults interface {
	http.Handler
	Add(Fault)
	Clear()
	Requests() map[string]int
	Total() int
}

// Fault is a registrytest.Fault.
type Fault struct {
	Method string
	Path   string
	Skip   int
	Count  int
	Delay  time.Duration
	Hang   bool
	Status int
	Body   *string
	Header http.Header
	Cut    int
	Reset  bool
}

// WrongJSON is a body that is JSON, but not what a registry answers.
func WrongJSON() *string { return text(`["not","what","you","asked","for"]`) }

// HTMLPage is a body as a proxy in front of a registry sends it.
func HTMLPage() *string {
	return text("<html>\n<head><title>502 Bad Gateway</title></head>\n<body>Bad Gateway</body>\n</html>\n")
}

func text(s string) *string { return &s }

// fixture is a registry in this process and how it was asked.
type fixture struct {
	Memory
	Faults
	down atomic.Bool // every request fails as if nothing listened
}

func newFixture() *fixture {
	m, handler := Hooks.NewMemory(0)
	return &fixture{Memory: m, Faults: Hooks.NewFaults(handler)}
}

var errRefused = errors.New("connection refused")

// RoundTrip carries requests without a network, so that it works in a bubble of
// synctest.
func (f *fixture) RoundTrip(req *http.Request) (*http.Response, error) {
	if f.down.Load() {
		return nil, errRefused
	}
	return inprocess.Transport{Handler: f.Faults}.RoundTrip(req)
}

// client makes a client that asks f without a network.
func (f *fixture) client(t testing.TB, opts ...Option) *Client {
	t.Helper()
	c, err := New("http://registry", append([]Option{WithRoundTripper(f), configured{WithRetries(3, time.Millisecond, time.Millisecond)}}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

// serve makes a server in front of f, and a client of it.
func (f *fixture) serve(t testing.TB, opts ...Option) (*Client, *httptest.Server) {
	t.Helper()
	server := httptest.NewServer(f.Faults)
	t.Cleanup(server.Close)
	c, err := New(server.URL, opts...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) }) // before the server, which waits for its connections
	return c, server
}

// register puts texts under a subject, without the client.
func (f *fixture) register(t testing.TB, subject string, texts ...string) (ids []int) {
	t.Helper()
	for _, text := range texts {
		s, err := f.Memory.Register(t.Context(), subject, Definition{Text: text})
		require.NoError(t, err)
		ids = append(ids, s.ID)
	}
	return ids
}

// asked is how many requests f had for a method and a path.
func (f *fixture) asked(request string) int { return f.Requests()[request] }

// events counts what a client does, by kind.
type events struct {
	counts [EventHealthy + 1]atomic.Int64
}

func (e *events) Observe(event Event) { e.counts[event.Kind].Add(1) }

func (e *events) of(kind EventKind) int { return int(e.counts[kind].Load()) }

// quick are options for tests on a real clock that expect failures.
func quick() Option { return WithRetries(0, 0, 0) }

// roundTrip is an http.RoundTripper that is a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// within is a context for calls that are expected to end by themselves.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

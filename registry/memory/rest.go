package memory

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kavro/kavro/internal/subjectname"
	"github.com/kavro/kavro/registry"
)

// A HandlerOption changes how a [Handler] answers.
type HandlerOption func(*handlerSettings)

type handlerSettings struct {
	maxBody int64
	basic   bool
	cluster string
	failure func(r *http.Request, status int, err error)
}

// WithMaxBody sets the largest body of a request, in bytes. The default is
// 10 MiB, which leaves room for escapes around the largest schema.
func WithMaxBody(bytes int64) HandlerOption { return func(s *handlerSettings) { s.maxBody = bytes } }

// BasicAPI makes a handler answer as registries other than Confluent's do:
// registering answers with an id and no more, there are no GUIDs, no contexts
// to list and no associations. For tests that need such a registry.
func BasicAPI() HandlerOption { return func(s *handlerSettings) { s.basic = true } }

// WithClusterID sets the id of the Kafka cluster that GET /v1/metadata/id names.
// The default is "kavro".
func WithClusterID(id string) HandlerOption { return func(s *handlerSettings) { s.cluster = id } }

// OnFailure calls f for each request that failed for the registry's own reasons, with
// its status, 500 or more, and the cause: the log could not be written, for one. The
// endpoint is in r.Pattern. f must not keep r.
func OnFailure(f func(r *http.Request, status int, err error)) HandlerOption {
	return func(s *handlerSettings) { s.failure = f }
}

// Handler serves m over HTTP as Confluent's Schema Registry 8.5 does: paths,
// parameters, statuses, bodies and error codes are the same ("Schema Registry API
// Reference", Confluent documentation). Of its endpoints, those that change tags
// in a schema's text, the batches of associations, and the DEK registry are not
// there.
//
// Subjects are one segment of a path, escaped: "a/b" is a%2Fb. The handler takes
// paths as they were sent; an [http.ServeMux] in front of it would redirect those
// with dots or double slashes.
//
// It panics if m or an option is nil. It is safe for concurrent use. Time limits, users and TLS are up to the server
// around it, such as package registry/server.
func Handler(m *Registry, opts ...HandlerOption) http.Handler {
	s := handlerSettings{maxBody: 10 << 20, cluster: "kavro"}
	if m == nil {
		panic(errors.New("registry: Handler needs a registry"))
	}
	for i, opt := range opts {
		if opt == nil {
			panic(fmt.Errorf("registry: Handler: option %d is nil", i+1))
		}
		opt(&s)
	}
	return &handler{memory: m, settings: s}
}

type handler struct {
	memory   *Registry
	settings handlerSettings
}

// MaxBody is the largest body that the handler takes, in bytes.
func (h *handler) MaxBody() int64 { return h.settings.maxBody }

// route is one endpoint. In a pattern, * takes any segment.
type route struct {
	method  string
	path    string
	pattern []string
	serve   func(*request) (answer, error)
	extra   bool // not part of the basic API
}

func at(method, path string, serve func(*request) (answer, error)) route {
	return route{method: method, path: path, pattern: strings.Split(strings.Trim(path, "/"), "/"), serve: serve}
}

// beyond marks an endpoint that basic registries do not have.
func beyond(r route) route {
	r.extra = true
	return r
}

// routes are all endpoints, those that matter for speed first.
var routes = [...]route{
	at("GET", "/schemas/ids/*", getSchemaByID),
	at("POST", "/subjects/*", lookUpSchema),
	at("POST", "/subjects/*/versions", registerSchema),
	at("GET", "/subjects/*/versions/*", getVersion),

	at("GET", "/", getRoot),
	at("POST", "/", getRoot),

	at("GET", "/subjects", listSubjects),
	at("DELETE", "/subjects/*", deleteSubject),
	at("GET", "/subjects/*/metadata", getLatestWithMetadata),
	at("GET", "/subjects/*/versions", listVersions),
	at("DELETE", "/subjects/*/versions/*", deleteVersion),
	at("GET", "/subjects/*/versions/*/schema", getVersionText),
	at("GET", "/subjects/*/versions/*/referencedby", listReferrers),

	at("GET", "/schemas", listSchemas),
	at("GET", "/schemas/types", listTypes),
	at("GET", "/schemas/ids/*/schema", getTextByID),
	at("GET", "/schemas/ids/*/subjects", listSubjectsByID),
	at("GET", "/schemas/ids/*/versions", listVersionsByID),
	beyond(at("GET", "/schemas/guids/*", getSchemaByGUID)),
	beyond(at("GET", "/schemas/guids/*/ids", listIDsByGUID)),

	at("POST", "/compatibility/subjects/*/versions", checkAllVersions),
	at("POST", "/compatibility/subjects/*/versions/*", checkOneVersion),

	at("GET", "/config", getConfig),
	at("PUT", "/config", putConfig),
	at("DELETE", "/config", removeConfig),
	at("GET", "/config/*", getConfig),
	at("PUT", "/config/*", putConfig),
	at("DELETE", "/config/*", removeConfig),
	at("GET", "/mode", getMode),
	at("PUT", "/mode", putMode),
	at("DELETE", "/mode", removeMode),
	at("GET", "/mode/*", getMode),
	at("PUT", "/mode/*", putMode),
	at("DELETE", "/mode/*", removeMode),

	beyond(at("GET", "/contexts", listContexts)),
	beyond(at("DELETE", "/contexts", removeContext)), // /contexts/* without the context, which is taken off first

	beyond(at("GET", "/associations/subjects/*", associationsBySubject)),
	beyond(at("GET", "/associations/resources/*", associationsByResource)),
	beyond(at("GET", "/associations/resources/*/*", associationsByName)),
	beyond(at("POST", "/associations", createAssociation)),
	beyond(at("PUT", "/associations/resources/*", putAssociation)),
	beyond(at("DELETE", "/associations/resources/*", deleteAssociations)),

	beyond(at("GET", "/v1/metadata/id", getClusterID)),
	beyond(at("GET", "/v1/metadata/version", getServerVersion)),
	beyond(at("GET", "/v1/metadata/deployment", getRoot)),
}

// match returns the segments that * took.
func (r *route) match(segments []string, args []string) ([]string, bool) {
	if len(segments) != len(r.pattern) {
		return nil, false
	}
	for i, p := range r.pattern {
		if p == "*" {
			args = append(args, segments[i])
		} else if p != segments[i] {
			return nil, false
		}
	}
	return args, true
}

// request is one call, with what was found in its path.
type request struct {
	*Registry
	*http.Request
	writer   http.ResponseWriter
	settings *handlerSettings
	context  string   // that the path began with, ".ctx"; "" if it did not
	args     []string // what the pattern's * took
	values   url.Values
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a, err := h.serve(w, r)
	if err != nil {
		a = refuse(err)
		_, answer := errors.AsType[*httpError](err) // Confluent's has them where it means 404
		if a.status >= 500 && !answer && r.Context().Err() == nil && h.settings.failure != nil {
			h.settings.failure(r, a.status, err)
		}
	}
	a.write(w, r.Header.Get("Accept"))
}

func (h *handler) serve(w http.ResponseWriter, r *http.Request) (answer, error) {
	var space [8]string
	segments, err := splitPath(r.URL.EscapedPath(), space[:0])
	if err != nil {
		return answer{}, err
	}
	req := &request{Registry: h.memory, Request: r, writer: w, settings: &h.settings}
	if len(segments) > 1 && segments[0] == "contexts" {
		if strings.Contains(strings.Trim(segments[1], ":"), ":") {
			return answer{}, errHTTP(http.StatusBadRequest, "Context name '"+strings.Trim(segments[1], ":")+"' cannot contain a colon")
		}
		req.context = subjectname.OfContext(segments[1]).Context
		if segments = segments[2:]; len(segments) == 0 {
			segments = []string{"contexts"}
		}
	}
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	var allowed []string
	for i := range routes {
		route := &routes[i]
		args, ok := route.match(segments, req.args)
		if !ok || route.extra && h.settings.basic {
			continue
		}
		if route.method != method {
			allowed = append(allowed, route.method)
			continue
		}
		req.args = args
		r.Pattern = route.path // for whoever counts requests around this handler
		if r.URL.RawQuery != "" {
			if req.values, err = readQuery(r.URL.RawQuery); err != nil {
				return answer{}, err
			}
		}
		return route.serve(req)
	}
	if allowed != nil {
		w.Header().Set("Allow", strings.Join(slices.Compact(allowed), ", "))
		return answer{}, errHTTP(http.StatusMethodNotAllowed, "HTTP 405 Method Not Allowed")
	}
	return answer{}, errNoSuchPath()
}

// splitPath takes an escaped path apart. The root is one empty segment; a slash
// at the end does not count.
func splitPath(escaped string, segments []string) ([]string, error) {
	escaped = strings.TrimPrefix(escaped, "/")
	escaped = strings.TrimSuffix(escaped, "/")
	for part := range strings.SplitSeq(escaped, "/") {
		if part == "" && escaped != "" {
			return nil, errHTTP(http.StatusBadRequest, "Ambiguous URI empty segment")
		}
		if strings.Contains(part, "%") {
			plain, err := url.PathUnescape(part)
			if err != nil || !utf8.ValidString(plain) {
				return nil, errHTTP(http.StatusBadRequest, "Malformed path segment: "+strconv.Quote(part))
			}
			part = plain
		}
		segments = append(segments, part)
	}
	return segments, nil
}

// readQuery reads the parameters of a URL. What cannot be read is not left out.
func readQuery(raw string) (url.Values, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, errHTTP(http.StatusBadRequest, "Malformed query: "+err.Error())
	}
	for name, list := range values {
		for _, text := range append([]string{name}, list...) {
			if !utf8.ValidString(text) {
				return nil, errHTTP(http.StatusBadRequest, "Malformed query: "+strconv.Quote(text)+" is not UTF-8")
			}
		}
	}
	return values, nil
}

// inContextOfPath is a subject, or a prefix of subjects, as the path means it.
func (r *request) inContextOfPath(subject string) string {
	if r.context == "" || strings.HasPrefix(subject, ":.") || strings.HasPrefix(subject, subjectname.AnyContext) {
		return subject
	}
	return subjectname.Prefix(r.context) + subject
}

// subject is the one that the path names. Without one it is the context of the
// path.
func (r *request) subject() string {
	if len(r.args) == 0 {
		return r.inContextOfPath("")
	}
	return r.inContextOfPath(r.args[0])
}

// flag reads a parameter that is true or, whatever else it says, false.
func (r *request) flag(name string) bool { return strings.EqualFold(r.values.Get(name), "true") }

// call reads the parameters that several endpoints share.
func (r *request) call() (registry.Call, error) {
	c := registry.Call{
		Normalize:   r.flag("normalize"),
		Permanent:   r.flag("permanent"),
		Deleted:     r.flag("deleted"),
		DeletedOnly: r.flag("deletedOnly"),
		Force:       r.flag("force"),
		Global:      r.flag("defaultToGlobal"),
		LatestOnly:  r.flag("latestOnly"),
		Format:      r.values.Get("format"),
		Limit:       -1,
	}
	for name, to := range map[string]*int{"offset": &c.Offset, "limit": &c.Limit} {
		text := r.values.Get(name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return c, errNoSuchPath() // what a parameter of the wrong type gets
		}
		*to = n
	}
	return c, nil
}

// number reads a version.
func versionNumber(text string) (int, error) {
	if strings.EqualFold(strings.TrimSpace(text), "latest") {
		return latestNumber, nil
	}
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32)
	if err != nil || n == 0 || n < latestNumber {
		return 0, errInvalidVersion(text)
	}
	return int(n), nil
}

func getRoot(*request) (answer, error) { return ok([]byte("{}")), nil }

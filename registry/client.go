package registry

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/kavro/kavro/internal/subjectname"
	"github.com/kavro/kavro/registry/transport"
)

// Client talks to a registry over HTTP and remembers what it was told.
//
// Permanent answers (a schema by id, GUID or version; the id of a schema) are
// asked for once. "Latest" has a lifetime, after which it is still given while
// one request replaces it, or while the registry is down. "There is no such
// thing" is believed for a few seconds. Concurrent misses for one key share a
// request; nobody waits for another key's. What the client itself registers or
// deletes is seen at once.
//
// Ids belong to a context: a subject such as ":.ctx:orders-value" names it.
//
// All methods are safe for concurrent use, and none changes its arguments. What
// they return is shared: read it only. An error is a [*NotFoundError], an
// [*UnavailableError], an [*UnauthorizedError], a [*ConflictError] or an
// [*InvalidError], a schemas.ParseError or schemas.IncompatibleError, the cause
// of the caller's context, or [ErrClosed]. The HTTP status decides which:
//
//	404            NotFoundError      (Code 0: perhaps not a registry that answered)
//	401, 403, 407  UnauthorizedError
//	408, 429, 5xx  UnavailableError   (not 501 and 505; also a 2xx that makes no sense)
//	409            ConflictError
//	others         InvalidError
type Client struct {
	transport *transport.Transport
	group     *group
	settings  settings
	files     *files // nil: none
	home      string // the context that the URLs name; "" if they name none, or several

	ids      *permanent[idKey, *SubjectSchema]
	guids    *permanent[string, *SubjectSchema]
	versions *permanent[versionKey, *SubjectSchema]
	referred *permanent[versionKey, *schemaAnswer]     // versions that schemas refer to, unparsed
	known    *permanent[definitionKey, *SubjectSchema] // schemas looked up or registered
	bare     *permanent[definitionKey, *SubjectSchema] // registered, and answered with an id alone

	registering sharedCalls[definitionKey, *SubjectSchema]

	latest       *expiring[latestKey, *SubjectSchema]
	associations *expiring[associationKey, []Association]
}

// New makes a client for a comma-separated list of URLs, such as
// "http://a:8081,http://b:8081", or for "mock://scope": the registry in this process
// that [WithResolver] finds under that name. It does not touch the network.
func New(urls string, opts ...Option) (*Client, error) {
	s := defaultSettings()
	for i, o := range opts {
		if isNothing(o) {
			s.given.fault("option %d is nil", i+1)
			continue
		}
		o.apply(&s)
	}
	t, err := s.open(urls)
	if err != nil {
		return nil, err
	}
	c := newClient(t, newGroup(), s)
	if s.cacheDir == "" && s.seed == nil {
		return c, nil
	}
	if c.files, err = openFiles(t.URLs(), s); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// open makes the transport of a client.
func (s *settings) open(urls string) (*transport.Transport, error) {
	s.transport.Observe, s.transport.Logger = observing(s.observer), s.logger
	given := s.check()
	list, err := transport.ParseURLs(urls)
	if given != nil || err != nil {
		return nil, cmp.Or(given, err)
	}
	if err := s.resolve(list[0]); err != nil {
		return nil, err
	}
	s.useHTTPClient()
	return transport.New(urls, s.transport)
}

// newClient makes a client over t, whose goroutines are g's.
func newClient(t *transport.Transport, g *group, s settings) *Client {
	c := &Client{transport: t, group: g, settings: s, home: contextOf(t.URLs())}
	c.openCaches()
	return c
}

// contextOf is the context that all URLs end in, as in http://registry/contexts/.a; "" if they
// do not.
func contextOf(urls []string) string {
	named := ""
	for i, u := range urls {
		rest, name := path.Split(u)
		context := ""
		if name, err := url.PathUnescape(name); err == nil && name != "" && strings.HasSuffix(rest, "/contexts/") {
			context = subjectname.OfContext(name).Context
		}
		if i > 0 && context != named {
			return ""
		}
		named = context
	}
	if named == subjectname.DefaultContext {
		return ""
	}
	return named
}

// URL returns the first of the registry's URLs, without user and password.
func (c *Client) URL() string { return c.transport.URL() }

// Close ends what is under way with [ErrClosed] and closes idle connections.
// It is idempotent, and waits for nothing but the client's own goroutines.
func (c *Client) Close() error {
	c.group.close()
	return c.transport.Close()
}

// observe tells the observer about a cache. key is called only if there is one.
func (c *Client) observe(kind EventKind, cache string, key func() string, age time.Duration, err error) {
	if o := c.settings.observer; o != nil {
		o.Observe(Event{Kind: kind, Cache: cache, Key: key(), Age: age, Err: err})
	}
}

// unavailable reports whether err means that the registry could not be asked.
func unavailable(err error) bool {
	var u *UnavailableError
	return errors.As(err, &u)
}

// ready returns the error of a call that should not even begin.
func (c *Client) ready(ctx context.Context) error {
	if c.group.ctx.Err() != nil {
		return ErrClosed
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

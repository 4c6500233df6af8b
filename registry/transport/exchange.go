package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/kavro/kavro/internal/backoff"
)

// exchange is one call through a transport: one request to send, several
// attempts at it.
type exchange struct {
	t        *Transport
	ctx      context.Context // the caller's: an exchange does not outlast it
	req      *http.Request
	call     Call
	path     string  // escaped, after the base
	others   []*host // that are not asked, as a redirect named one
	body     []byte
	attempts int
	renewed  bool // a token was replaced after a 401
}

// outcome is what one attempt came to.
type outcome struct {
	host   *host
	resp   *http.Response // nil: err
	body   []byte         // of resp, whole
	err    error
	final  bool // another attempt would end the same
	unsent bool // no connection was made
	health health
	token  *oauth2.Token // that was sent; nil if tokens do not change
}

// newExchange takes over the request's body.
func (t *Transport) newExchange(ctx context.Context, req *http.Request, call Call) (*exchange, error) {
	x := &exchange{t: t, ctx: ctx, req: req, call: call}
	var err error
	if req.Body != nil {
		x.body, err = io.ReadAll(req.Body)
		req.Body.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("registry: reading the request: %w", err)
	}
	h, path, err := t.hosts.relative(req.URL)
	if err != nil {
		return nil, err
	}
	x.path = path
	if namesHost(req) { // another would send it there again
		x.others = slices.DeleteFunc(slices.Clone(t.hosts.all), func(other *host) bool { return other == h })
	}
	return x, nil
}

// run makes attempts until one decides the outcome. A round asks each host that
// can be asked; between rounds there are delays.
func (x *exchange) run(ctx context.Context) outcome {
	retries := x.t.settings.Retries
	if x.call.Once {
		retries = 0
	}
	var out outcome
	for round := 1; ; round++ {
		next, asked := x.round(ctx)
		if !asked && round > 1 {
			return out // the circuit has opened: the last answer says more
		}
		out = next
		if !out.repeatable(x.req.Method) || round > retries || ctx.Err() != nil {
			return out
		}
		wait := backoff.Jittered(backoff.Delay(round, x.t.settings.RetryWait, x.t.settings.RetryMaxWait))
		if out.resp != nil {
			wait = max(wait, retryAfter(out.resp.Header))
		}
		if !x.t.hosts.askable(x.others, time.Now().Add(wait)) {
			return out
		}
		x.tell(EventRetry, &out, wait)
		if !pause(ctx, wait) {
			return out
		}
	}
}

// round asks one host after the other until one gives an answer that another
// would not better. asked is false if none was to be asked.
func (x *exchange) round(ctx context.Context) (out outcome, asked bool) {
	tried := slices.Clone(x.others)
	for {
		h, err := x.t.hosts.selectHost(tried)
		switch {
		case h == nil && asked:
			return out, true
		case h == nil:
			return outcome{err: err, final: true}, false
		case asked:
			x.tell(EventRetry, &out, 0)
		}
		out, asked = x.attempt(ctx, h), true
		tried = append(tried, h)
		busy := out.resp != nil && out.resp.StatusCode == http.StatusTooManyRequests // the limit is on us, not on the host
		if busy || !out.repeatable(x.req.Method) || ctx.Err() != nil {
			return out, true
		}
	}
}

// attempt sends the request to h, a second time if its token was refused and
// there is another.
func (x *exchange) attempt(ctx context.Context, h *host) (out outcome) {
	defer func() { x.t.report(h, &out) }() // also when Settings.Base panics: or h would be tried for ever
	x.attempts++
	start := time.Now()
	x.call.Progress.begin(x.req.Method, x.url(h))
	out = x.send(ctx, h)
	refused := out.resp != nil && out.resp.StatusCode == http.StatusUnauthorized
	if refused && !x.renewed && x.t.authority.renew(out.token) {
		x.renewed = true
		out = x.send(ctx, h)
	}
	if !left(x.ctx) { // else it is why it failed
		x.call.Progress.end(x.unanswered(&out))
	}
	x.tell(EventRequest, &out, time.Since(start))
	return out
}

// send makes one request and reads its answer. Whoever is told of its error is told no secret.
func (x *exchange) send(ctx context.Context, h *host) (out outcome) {
	defer func() {
		if out.err != nil {
			out.unsent, out.err = neverSent(out.err), x.t.secrets.with(out.token).error(out.err)
		}
	}()
	out.host = h
	if x.t.limiter != nil && x.t.limiter.Wait(ctx) != nil {
		out.err, out.final = errors.New("the rate limit leaves no time for it"), true
		return out
	}
	ctx, cancel := context.WithTimeout(ctx, x.t.settings.AttemptTimeout)
	defer cancel()
	req := x.request(ctx, h)
	if out.token, out.err = x.t.authorize(ctx, h, req.Header); out.err != nil {
		var later *UnavailableError
		out.final = !errors.As(out.err, &later)
		return out
	}
	out.resp, out.err = x.t.settings.Base.RoundTrip(req) //nolint:bodyclose // readAnswer closes it
	if out.err == nil {
		out.body, out.err = readAnswer(out.resp, x.t.settings.MaxAnswer)
	}
	switch {
	case out.err == nil && unhealthyStatus(out.resp.StatusCode):
		out.health = unhealthy
	case out.err == nil:
		out.health = healthy
	case errors.Is(out.err, errTooLarge):
		out.resp, out.final = nil, true
	default:
		out.resp = nil
		if !left(x.ctx) && x.t.closing.Err() == nil {
			out.health = unhealthy
		}
		switch {
		case ctx.Err() != context.DeadlineExceeded:
		case x.ctx.Err() == nil:
			out.err = fmt.Errorf("no answer within %v: %w", x.t.settings.AttemptTimeout, out.err)
		case !left(x.ctx):
			out.err = fmt.Errorf("%w: %w", context.Cause(x.ctx), out.err)
		}
	}
	return out
}

// request is x's request as it goes to h. The caller's is not touched.
func (x *exchange) request(ctx context.Context, h *host) *http.Request {
	req := x.req.Clone(ctx)
	req.URL = h.at(x.path, x.req.URL.RawQuery)
	req.Host = ""
	req.Body, req.GetBody, req.ContentLength = nil, nil, 0
	if x.body != nil {
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(x.body)), nil }
		req.Body, _ = req.GetBody()
		req.ContentLength = int64(len(x.body))
		setDefault(req.Header, "Content-Type", contentType)
	}
	setDefault(req.Header, "Accept", contentType+", application/json;q=0.9, */*;q=0.1")
	setDefault(req.Header, "User-Agent", "kavro")
	for name, values := range x.t.settings.Header {
		req.Header[name] = append([]string(nil), values...)
	}
	return req
}

func setDefault(h http.Header, name, value string) {
	if h.Get(name) == "" {
		h.Set(name, value)
	}
}

// failure is the error of an exchange that got no answer, by the name of what a
// caller can do about it.
func (x *exchange) failure(o *outcome) error {
	if x.t.closing.Err() != nil {
		return ErrClosed
	}
	if left(x.ctx) {
		return context.Cause(x.ctx)
	}
	where := Response{Method: x.req.Method, URL: x.url(o.host)}
	switch e := o.err.(type) {
	case *UnavailableError:
		if e.Method == "" {
			e = &UnavailableError{Response: where, RetryAfter: e.RetryAfter, Err: e.Err}
		}
		return e
	case *UnauthorizedError:
		return e
	}
	return &UnavailableError{Response: where, Err: o.err}
}

// reason says why an attempt failed; nil if it did not.
func (o *outcome) reason() error {
	if o.resp == nil {
		return o.err
	}
	if temporaryStatus(o.resp.StatusCode) {
		return errors.New(http.StatusText(o.resp.StatusCode))
	}
	return nil
}

// url is where the request of x goes, or went, for people.
func (x *exchange) url(h *host) string {
	if h == nil {
		return ShowURL(x.req.URL)
	}
	return ShowURL(h.at(x.path, x.req.URL.RawQuery))
}

// tell reports how an attempt went.
func (x *exchange) tell(kind EventKind, o *outcome, d time.Duration) {
	if x.t.settings.Observe == nil {
		return
	}
	where, _, _ := strings.Cut(x.url(o.host), "?") // as a label, or a name: subjects in a query are many
	e := Event{Kind: kind, Method: x.req.Method, URL: where, Attempt: x.attempts, Duration: d, Err: o.err}
	if o.resp != nil {
		e.Status = o.resp.StatusCode
	}
	x.t.settings.Observe(e)
}

// report notes how the attempt at h went, and tells of it if h was ejected or is back.
func (t *Transport) report(h *host, o *outcome) {
	var asked time.Duration
	if o.resp != nil {
		asked = retryAfter(o.resp.Header)
	}
	switch e := t.hosts.report(h, o.health, asked, o.reason()); e.Kind {
	case EventEjected:
		t.settings.Logger.Warn("schema registry: URL ejected", "url", e.URL, "for", e.Duration, "err", e.Err)
		t.announce(e)
	case EventHealthy:
		t.settings.Logger.Info("schema registry: URL answers again", "url", e.URL)
		t.announce(e)
	}
}

// announce tells the observer of a host.
func (t *Transport) announce(e Event) {
	if t.settings.Observe != nil {
		t.settings.Observe(e)
	}
}

// at is path, escaped, beneath h.
func (h *host) at(path, query string) *url.URL {
	u := *h.url.URL
	u.RawPath = h.url.EscapedPath() + path
	u.Path, _ = url.PathUnescape(u.RawPath) // path was unescaped once before
	u.RawQuery = query
	return &u
}

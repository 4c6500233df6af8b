package transport

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/time/rate"
)

// Transport carries requests to a registry at one or several URLs: it retries, fails over,
// limits the rate, and authenticates.
//
// Requests must be made for a URL that begins as one of its own does, such as
// [Transport.URL]; it decides which of them they go to. Others are refused, so credentials
// cannot leave for a place that a redirect named.
//
// Answers are read whole, within the deadlines. All methods are safe for concurrent use.
type Transport struct {
	settings  Settings
	hosts     *hosts
	authority *authority    // nil: none
	limiter   *rate.Limiter // nil: no limit
	secrets   secrets

	closing context.Context // ends with Close
	close   context.CancelFunc
	own     func() // closes the idle connections of what was made here
}

// New makes a transport for a comma-separated list of URLs. A user and password in a URL are
// used for basic authentication and never shown. It does not touch the network.
func New(urls string, s Settings) (*Transport, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	list, err := ParseURLs(urls)
	if err != nil {
		return nil, err
	}
	if err := s.checkURLs(list); err != nil {
		return nil, err
	}
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	s.Header = s.Header.Clone()
	t := &Transport{hosts: newHosts(list, &s), secrets: knownSecrets(&s, list), own: func() {}}
	t.authority = newAuthority(&s, t.secrets)
	if s.Rate > 0 {
		t.limiter = rate.NewLimiter(rate.Limit(s.Rate), s.Burst)
	}
	if s.RandomURL {
		t.hosts.current = rand.IntN(len(list))
	}
	if s.Base == nil {
		base, err := newBase(&s, list[0])
		if err != nil {
			return nil, err
		}
		s.Base, t.own = base, base.CloseIdleConnections
	}
	t.settings = s
	t.closing, t.close = context.WithCancel(context.Background())
	return t, nil
}

// URL returns the first of the transport's URLs, without user and password. A request
// for a URL beneath it is sent to whichever URL is healthy.
func (t *Transport) URL() string { return t.hosts.all[0].url.String() }

// URLs returns all of the transport's URLs, without users and passwords.
func (t *Transport) URLs() []string {
	urls := make([]string, len(t.hosts.all))
	for i, h := range t.hosts.all {
		urls[i] = h.url.String()
	}
	return urls
}

// CloseIdleConnections closes connections that are not in use, unless they belong to
// Settings.Base.
func (t *Transport) CloseIdleConnections() { t.own() }

// Close ends requests that are under way with [ErrClosed] and closes idle connections. Observers
// are told that no URL is ejected any more. It is idempotent.
func (t *Transport) Close() error {
	t.close()
	if t.authority != nil {
		t.authority.close()
	}
	t.own()
	for _, e := range t.hosts.close() {
		t.announce(e)
	}
	return nil
}

// RoundTrip sends one request, as often as it takes, within Settings.CallTimeout. A response of
// any status is no error. The error is an [*UnavailableError], an [*UnauthorizedError] if the
// source of tokens refused, an [*InvalidError] for a URL that is not beneath one of the
// transport's, [ErrClosed], or the cause of the end of the request's own context.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := t.WithDeadline(req.Context())
	defer cancel()
	answer, err := t.send(ctx, req, Call{})
	if err != nil {
		return nil, err
	}
	resp := *answer.resp
	resp.Request = req
	resp.Body = io.NopCloser(bytes.NewReader(answer.Body))
	return &resp, nil
}

// Call is what a request is a part of. The zero value is a call of its own.
type Call struct {
	Once     bool      // there are no retries: the caller has an answer to fall back on
	Progress *Progress // is told of the attempts; nil: nobody is
}

// Answer is what a registry answered to a request.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte // whole; owned by the caller
	URL    string // that was asked, as it may be shown

	resp    *http.Response
	asked   *url.URL
	secrets secrets
	token   *oauth2.Token // that was sent; nil if tokens do not change
}

// Do is RoundTrip for a request that is a part of call. It follows redirects to URLs of the
// transport's, up to 5, where the request stays the same: a GET, or a status of 307 or 308. A
// redirect that names one of several hosts goes to that one alone. It has no deadline of its
// own: see [Transport.WithDeadline].
func (t *Transport) Do(req *http.Request, call Call) (*Answer, error) {
	for range maxRedirects {
		answer, err := t.send(req.Context(), req, call)
		if err != nil {
			return nil, err
		}
		next := redirected(req, answer)
		if next == nil {
			return answer, nil
		}
		req = next
	}
	return t.send(req.Context(), req, call)
}

// send sends one request, within ctx.
func (t *Transport) send(ctx context.Context, req *http.Request, call Call) (*Answer, error) {
	x, err := t.newExchange(ctx, req, call)
	if err != nil {
		return nil, t.known().error(err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(t.closing, cancel)()

	out := x.run(ctx)
	if out.resp == nil {
		return nil, x.failure(&out)
	}
	return &Answer{
		Status: out.resp.StatusCode, Header: out.resp.Header, Body: out.body, URL: x.url(out.host),
		resp: out.resp, asked: out.host.at(x.path, req.URL.RawQuery), secrets: t.secrets, token: out.token,
	}, nil
}

// WithDeadline returns a context for the requests of one call, however many they are: it ends
// after Settings.CallTimeout. Requests that it ends fail with an [*UnavailableError].
func (t *Transport) WithDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, t.settings.CallTimeout, deadlineError(t.settings.CallTimeout))
}

// deadlineError is the cause of the end of a call that took as long as it may.
type deadlineError time.Duration

func (e deadlineError) Error() string { return fmt.Sprintf("no answer within %v", time.Duration(e)) }

// Unwrap makes it one of the end of a context.
func (e deadlineError) Unwrap() error { return context.DeadlineExceeded }

// left reports whether the caller has ended ctx, which may have a call's deadline.
func left(ctx context.Context) bool {
	_, deadline := context.Cause(ctx).(deadlineError)
	return ctx.Err() != nil && !deadline
}

package registry

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
)

// Transport carries requests to a registry at one or several URLs: it retries,
// fails over, limits, and authenticates. It is under every call of a [Client],
// and may be used alone, under any client that takes an http.RoundTripper.
//
// Requests have to be made for a URL that begins as one of its own does, such
// as [Transport.URL]; which of them they go to is up to the transport. Others
// are refused, so credentials cannot leave for a place that a redirect named.
//
// Answers are read whole before RoundTrip returns, within the deadlines. It is
// safe for concurrent use.
type Transport struct {
	base  http.RoundTripper
	own   func() // closes the idle connections of what was made here
	group *group

	hosts     *hosts
	authority *authority
	pacer     *pacer
	secrets   []string // never to be shown

	transportSettings
}

// NewTransport makes a transport for a comma-separated list of URLs. A user and
// password in a URL are used for basic authentication and never shown. It does
// not touch the network.
func NewTransport(urls string, opts ...TransportOption) (*Transport, error) {
	s := defaultSettings().transport
	for i, o := range opts {
		if o == nil {
			s.given.fault("option %d is nil", i+1)
			continue
		}
		o(&s)
	}
	return newTransport(urls, s)
}

func newTransport(urls string, s transportSettings) (*Transport, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	list, mock, err := parseURLs(urls)
	if err != nil {
		return nil, err
	}
	if err := s.checkURLs(list, mock); err != nil {
		return nil, err
	}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	s.header = s.header.Clone()
	t := &Transport{group: newGroup(), transportSettings: s, pacer: newPacer(s.rate, s.burst)}
	if t.base, t.own, err = newBase(&t.transportSettings, mock); err != nil {
		return nil, err
	}
	if s.auth.oauth != nil {
		var closeIdle func()
		s.auth.oauth, closeIdle = s.auth.oauth.open()
		closeBase := t.own
		t.own = func() { closeBase(); closeIdle() }
	}
	t.authority = newAuthority(&s.auth, t.group)
	t.secrets = knownSecrets(&s, list)
	t.hosts = &hosts{all: list, failures: s.breakerFailures, pause: s.breakerPause, maxPause: s.breakerMaxPause}
	if s.randomize {
		t.hosts.current = rand.IntN(len(list))
	}
	return t, nil
}

// URL returns the first of the transport's URLs, without user and password:
// what requests through it may begin with.
func (t *Transport) URL() string { return displayURL(t.hosts.all[0].base) }

// CloseIdleConnections closes connections that are not in use, unless they
// belong to a transport or client that the caller gave.
func (t *Transport) CloseIdleConnections() { t.own() }

// Close ends what is under way with [ErrClosed] and closes idle connections.
// It is idempotent.
func (t *Transport) Close() error {
	t.group.close()
	t.own()
	return nil
}

// RoundTrip sends one request, as often as it takes. An answer of any status is
// an answer. The error is an [*UnavailableError], an [*UnauthorizedError] if no
// token was to be had, [ErrClosed], the cause of the request's own context, or
// that of a request that cannot be sent.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	x, err := t.newExchange(req)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(req.Context(), t.callTimeout)
	defer cancel()
	stop := context.AfterFunc(t.group.ctx, cancel)
	defer stop()

	out := x.run(ctx)
	if out.resp == nil {
		return nil, x.failure(&out)
	}
	out.resp.Request = req
	if c, ok := req.Context().Value(captureKey{}).(*capture); ok {
		*c = capture{status: out.resp.StatusCode, header: out.resp.Header, body: out.body, url: x.url(out.host)}
	}
	out.resp.Body = io.NopCloser(bytes.NewReader(out.body))
	return out.resp, nil
}

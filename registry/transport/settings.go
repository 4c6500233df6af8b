package transport

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Settings are how a [Transport] sends requests. [Defaults] returns those to begin with. What
// they point to must not change afterwards.
type Settings struct {
	// Base sends single requests; it is not closed. The default, nil, is an http.Transport made
	// with TLS, Proxy and DialTimeout, which have no effect otherwise.
	Base http.RoundTripper
	// TLS is what connections to https URLs trust and present: see LoadTLS. nil: Go's default.
	TLS *tls.Config
	// Proxy is the URL of a proxy (http, https or socks5, with user and password if it needs
	// them). "": as the environment says in HTTPS_PROXY, HTTP_PROXY and NO_PROXY.
	Proxy string
	// Header is sent with each request, instead of headers of these names in the request.
	Header http.Header

	// At most one way to authenticate. A URL with a user and password is sent those instead.
	Basic  *BasicAuth
	Bearer string // a token that never changes
	Token  TokenFunc
	OAuth  *ClientCredentials

	// Retries is how often a request is tried again after a network error, 408, 429 or 5xx: at
	// each URL that is healthy. A DELETE is tried again only where the first cannot have been
	// carried out.
	Retries int
	// RetryWait and RetryMaxWait bound the delay before a retry: a random time of up to
	// RetryWait, doubled each time, up to RetryMaxWait, or longer if the registry asks for it
	// (Retry-After). A delay that would outlast the call's deadline ends the call at once.
	RetryWait, RetryMaxWait time.Duration

	DialTimeout    time.Duration // of connecting
	AttemptTimeout time.Duration // of one attempt
	CallTimeout    time.Duration // of a call with its retries: see Transport.WithDeadline

	// A URL is ejected after a failure (no answer, 429, 502, 503, 504): others are preferred for
	// BreakerPause. After BreakerFailures in a row its circuit opens: it gets no request for
	// that time, then one, and each that fails doubles the time, up to BreakerMaxPause. While
	// every circuit is open, requests fail at once with an *UnavailableError that wraps
	// ErrCircuitOpen. 0 failures: circuits never open.
	BreakerFailures               int
	BreakerPause, BreakerMaxPause time.Duration

	// Rate is how many requests a second are sent on average, Burst how many at once. 0: no limit.
	Rate  float64
	Burst int

	MaxAnswer int64 // the largest answer that is read, in bytes
	RandomURL bool  // begin with a random one of several URLs, so that clients share the load

	// Observe is called with each event, nil: not at all. It is called from the goroutine of the
	// request or of Close, by several at once, and must not block.
	Observe func(Event)
	Logger  *slog.Logger // logs URLs that are ejected and come back; nil: no log

	// Name returns how errors name a field of Settings. nil: "Settings.Retries" and so on.
	Name func(field string) string
}

// Defaults returns the default settings.
func Defaults() Settings {
	return Settings{
		Retries:         3,
		RetryWait:       250 * time.Millisecond,
		RetryMaxWait:    20 * time.Second,
		DialTimeout:     5 * time.Second,
		AttemptTimeout:  10 * time.Second,
		CallTimeout:     30 * time.Second,
		BreakerFailures: 5,
		BreakerPause:    time.Second,
		BreakerMaxPause: 30 * time.Second,
		Burst:           1,
		MaxAnswer:       64 << 20,
	}
}

// name is how errors name a field.
func (s *Settings) name(field string) string {
	if s.Name != nil {
		return s.Name(field)
	}
	return "Settings." + field
}

// Check returns an error that reports everything that is wrong with s, nil if nothing is. [New]
// does so as well, and knows the URLs.
func (s *Settings) Check() error {
	var errs []error
	bad := func(wrong bool, field, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf("registry: "+s.name(field)+format, args...))
		}
	}
	bad(s.Base != nil && s.TLS != nil, "TLS", " has no effect on a transport of your own: set it there")
	bad(s.Base != nil && s.Proxy != "", "Proxy", " has no effect on a transport of your own: set it there")
	if s.Proxy != "" {
		if err := CheckProxy(s.Proxy); err != nil {
			bad(true, "Proxy", ": %w", err)
		}
	}
	bad(s.Retries < 0, "Retries", ": %d is negative", s.Retries)
	bad(s.RetryWait < 0, "RetryWait", ": wait %v is negative", s.RetryWait)
	bad(s.RetryMaxWait < s.RetryWait, "RetryMaxWait", ": maxWait %v is less than wait %v", s.RetryMaxWait, s.RetryWait)
	bad(s.DialTimeout <= 0, "DialTimeout", ": %v is %s", s.DialTimeout, sign(s.DialTimeout))
	bad(s.AttemptTimeout <= 0, "AttemptTimeout", ": %v is %s", s.AttemptTimeout, sign(s.AttemptTimeout))
	bad(s.CallTimeout <= 0, "CallTimeout", ": %v is %s", s.CallTimeout, sign(s.CallTimeout))
	bad(s.BreakerFailures < 0, "BreakerFailures", ": %d failures is negative", s.BreakerFailures)
	bad(s.BreakerPause <= 0, "BreakerPause", ": pause %v is not positive", s.BreakerPause)
	bad(s.BreakerMaxPause < s.BreakerPause, "BreakerMaxPause", ": maxPause %v is less than pause %v", s.BreakerMaxPause, s.BreakerPause)
	bad(s.Rate < 0 || math.IsNaN(s.Rate) || math.IsInf(s.Rate, 1), "Rate", ": %v requests a second is not positive", s.Rate)
	bad(s.Burst < 1, "Burst", ": a burst of %d is less than 1", s.Burst)
	bad(s.MaxAnswer < 1, "MaxAnswer", ": %d is less than 1", s.MaxAnswer)
	for name, values := range s.Header {
		for _, value := range values {
			if err := CheckHeader(name, value); err != nil {
				bad(true, "Header", ": %w", err)
			}
		}
	}
	ways := s.ways()
	bad(ways != "" && len(s.Header.Values("Authorization")) > 0, "Header", ": Authorization is what %s sets", ways)
	if strings.Contains(ways, " and ") {
		errs = append(errs, fmt.Errorf("registry: %s exclude each other", ways))
	}
	if s.Basic != nil {
		if err := s.Basic.Check(); err != nil {
			bad(true, "Basic", ": %w", err)
		}
	}
	bad(strings.ContainsAny(s.Bearer, "\r\n"), "Bearer", ": the token contains a line break")
	if s.OAuth != nil {
		if err := s.OAuth.Check(); err != nil {
			bad(true, "OAuth", ": %w", err)
		}
	}
	return errors.Join(errs...)
}

// sign names what is wrong with a time that has to be positive.
func sign(d time.Duration) string {
	if d < 0 {
		return "negative"
	}
	return "not positive"
}

// ways names the fields for authentication that are set, with "and" between them.
func (s *Settings) ways() string {
	var given []string
	for field, set := range map[string]bool{"Basic": s.Basic != nil, "Bearer": s.Bearer != "", "Token": s.Token != nil, "OAuth": s.OAuth != nil} {
		if set {
			given = append(given, s.name(field))
		}
	}
	slices.Sort(given)
	return strings.Join(given, " and ")
}

// checkURLs reports settings that have no effect with these URLs. With a mock:// URL none has,
// and a program's configuration may stay as it is in its tests.
func (s *Settings) checkURLs(list []URL) error {
	if list[0].Scheme == "mock" {
		return nil
	}
	var errs []error
	if s.TLS != nil && !slices.ContainsFunc(list, func(u URL) bool { return u.Scheme == "https" }) {
		errs = append(errs, fmt.Errorf("registry: %s has no effect: no URL begins with https://", s.name("TLS")))
	}
	if ways := s.ways(); ways != "" && !slices.ContainsFunc(list, func(u URL) bool { return u.Auth == nil }) {
		errs = append(errs, fmt.Errorf("registry: %s has no effect: each URL has a user of its own", ways))
	}
	return errors.Join(errs...)
}

// CheckHeader returns an error if a header of this name and value cannot be sent (RFC 9110,
// section 5), or if net/http sets it itself and drops what it is given.
func CheckHeader(name, value string) error {
	const others = "!#$%&'*+-.^_`|~"
	for _, r := range name {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(others, r)) {
			return fmt.Errorf("%q is not a header", name)
		}
	}
	control := func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
	if name == "" || strings.ContainsFunc(value, control) {
		return fmt.Errorf("%q is not a header", name)
	}
	switch http.CanonicalHeaderKey(name) {
	case "Host", "Content-Length", "Transfer-Encoding", "Trailer", "Connection":
		return fmt.Errorf("%s is set by the HTTP client alone", name)
	}
	return nil
}

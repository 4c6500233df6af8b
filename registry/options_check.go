package registry

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// check reports everything that is wrong with the settings.
func (s *clientSettings) check() error {
	errs := []error{s.transport.check()}
	bad := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf("registry: "+format, args...))
		}
	}
	bad(s.cacheSize < 1, "WithCacheSize: %d is less than 1", s.cacheSize)
	bad(s.latestSize < 1, "WithLatest: size %d is less than 1", s.latestSize)
	bad(s.latestMaxStale < 0, "WithLatest: maxStale %v is negative", s.latestMaxStale)
	bad(s.maxSchema < 1, "WithMaxSchema: %d is less than 1", s.maxSchema)
	bad(s.missingSize < 1, "WithMissing: size %d is less than 1", s.missingSize)
	for _, d := range []time.Duration{s.missingIDs, s.missingVersions, s.missingSchemas} {
		bad(d < 0, "WithMissing: %v is negative", d)
	}
	return errors.Join(errs...)
}

// check reports everything that is wrong with the settings.
func (s *transportSettings) check() error {
	var errs []error
	bad := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf("registry: "+format, args...))
		}
	}
	bad(s.httpClient != nil && s.roundTripper != nil, "WithHTTPClient and WithRoundTripper exclude each other")
	own := s.httpClient != nil || s.roundTripper != nil
	if hc := s.httpClient; hc != nil {
		bad(hc.Jar != nil || hc.CheckRedirect != nil, "WithHTTPClient: its Jar and CheckRedirect would have no effect")
		bad(hc.Timeout < 0, "WithHTTPClient: its timeout %v is negative", hc.Timeout)
		bad(hc.Timeout != 0 && s.attemptGiven, "WithTimeouts: the client of WithHTTPClient has a timeout of its own: set one of them")
	}
	bad(own && s.dialGiven, "WithTimeouts: a timeout for connecting has no effect on a transport of your own: set it there")
	bad(own && s.tls != nil, "WithTLS has no effect on a transport of your own: set it there")
	bad(own && s.proxy != "", "WithProxy has no effect on a transport of your own: set it there")
	bad(s.retries < 0, "WithRetries: %d is negative", s.retries)
	bad(s.retryWait < 0, "WithRetries: wait %v is negative", s.retryWait)
	bad(s.retryMaxWait < s.retryWait, "WithRetries: maxWait %v is less than wait %v", s.retryMaxWait, s.retryWait)
	for _, d := range []time.Duration{s.dialTimeout, s.attemptTimeout, s.callTimeout} {
		bad(d < 0, "WithTimeouts: %v is negative", d)
	}
	bad(s.breakerFailures < 0, "WithBreaker: %d failures is negative", s.breakerFailures)
	bad(s.breakerPause <= 0, "WithBreaker: pause %v is not positive", s.breakerPause)
	bad(s.breakerMaxPause < s.breakerPause, "WithBreaker: maxPause %v is less than pause %v", s.breakerMaxPause, s.breakerPause)
	bad(s.burst < 1, "WithRateLimit: a burst of %d is less than 1", s.burst)
	bad(s.maxAnswer < 1, "WithMaxAnswer: %d is less than 1", s.maxAnswer)
	for name, values := range s.header {
		for _, value := range values {
			bad(!validHeader(name, value), "WithHeader: %q is not a header", name)
		}
		bad(ownHeader(name), "WithHeader: %s is set by the HTTP client alone", name)
	}
	ways := s.auth.ways()
	bad(len(ways) > 0 && len(s.header.Values("Authorization")) > 0, "WithHeader: Authorization is what %s sets", strings.Join(ways, " and "))
	errs = append(errs, s.auth.check())
	errs = append(errs, s.given.faults...)
	return errors.Join(errs...)
}

// ownHeader reports whether net/http sets the header of this name itself, and drops
// what it is given.
func ownHeader(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Host", "Content-Length", "Transfer-Encoding", "Trailer", "Connection":
		return true
	}
	return false
}

// checkURLs reports what has no effect with these URLs. Of a mock:// URL nothing
// has, and a program's configuration may stay as it is in its tests.
func (s *transportSettings) checkURLs(list []*host, scope string) error {
	var errs []error
	switch own := s.httpClient != nil || s.roundTripper != nil; {
	case scope != "" && own:
		return errors.New("registry: WithHTTPClient and WithRoundTripper have no effect on a mock:// URL")
	case scope != "":
		return nil
	}
	if s.tls != nil && !slices.ContainsFunc(list, func(h *host) bool { return h.base.Scheme == "https" }) {
		errs = append(errs, errors.New("registry: WithTLS has no effect: no URL begins with https://"))
	}
	if ways := s.auth.ways(); len(ways) > 0 && !slices.ContainsFunc(list, func(h *host) bool { return h.auth == nil }) {
		errs = append(errs, fmt.Errorf("registry: %s has no effect: each URL has a user of its own", strings.Join(ways, " and ")))
	}
	return errors.Join(errs...)
}

// validHeader reports whether name and value can be sent (RFC 9110, section 5).
func validHeader(name, value string) bool {
	const others = "!#$%&'*+-.^_`|~"
	for _, r := range name {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(others, r)) {
			return false
		}
	}
	control := func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
	return name != "" && !strings.ContainsFunc(value, control)
}

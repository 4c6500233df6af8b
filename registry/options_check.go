package registry

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/kavro/kavro/registry/transport"
)

// optionName is the option that sets a field of transport.Settings.
func optionName(field string) string {
	if option, ok := map[string]string{
		"Base": "WithRoundTripper", "Basic": "WithBasicAuth", "Bearer": "WithBearerToken", "Token": "WithTokenFunc", "OAuth": "WithClientCredentials",
		"RetryWait": "WithRetries", "RetryMaxWait": "WithRetries",
		"DialTimeout": "WithTimeouts", "AttemptTimeout": "WithTimeouts", "CallTimeout": "WithTimeouts",
		"BreakerFailures": "WithBreaker", "BreakerPause": "WithBreaker", "BreakerMaxPause": "WithBreaker",
		"Rate": "WithRateLimit", "Burst": "WithRateLimit",
	}[field]; ok {
		return option
	}
	return "With" + field
}

// check reports everything that is wrong with the settings.
func (s *settings) check() error {
	errs := []error{s.checkOwn(), s.transport.Check()}
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
	return errors.Join(append(errs, s.given.faults...)...)
}

// checkOwn reports what has no effect with a client or transport of the program's own.
func (s *settings) checkOwn() error {
	var errs []error
	bad := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf("registry: "+format, args...))
		}
	}
	bad(s.httpClient != nil && s.transport.Base != nil, "WithHTTPClient and WithRoundTripper exclude each other")
	if hc := s.httpClient; hc != nil {
		bad(hc.Jar != nil || hc.CheckRedirect != nil, "WithHTTPClient: its Jar and CheckRedirect would have no effect")
		bad(hc.Timeout < 0, "WithHTTPClient: its timeout %v is negative", hc.Timeout)
		bad(hc.Timeout != 0 && s.attemptGiven, "WithTimeouts: the client of WithHTTPClient has a timeout of its own: set one of them")
	}
	own := s.httpClient != nil || s.transport.Base != nil
	bad(own && s.dialGiven, "WithTimeouts: a timeout for connecting has no effect on a transport of your own: set it there")
	return errors.Join(errs...)
}

// useHTTPClient makes the transport send requests as the client of WithHTTPClient does.
func (s *settings) useHTTPClient() {
	if s.httpClient == nil {
		return
	}
	setIfGiven(&s.transport.AttemptTimeout, s.httpClient.Timeout)
	if s.transport.Base == nil {
		s.transport.Base = http.DefaultTransport
		if s.httpClient.Transport != nil {
			s.transport.Base = s.httpClient.Transport
		}
	}
}

// resolve makes the transport send requests to the registry in this process that a mock:// URL
// names. What is set for a network has no effect then: a program's configuration may stay as it
// is in its tests.
func (s *settings) resolve(url transport.URL) error {
	if url.Scope == "" {
		return nil
	}
	if s.httpClient != nil || s.transport.Base != nil {
		return errors.New("registry: WithHTTPClient and WithRoundTripper have no effect on a mock:// URL")
	}
	if s.resolver == nil {
		return nil // the transport says what is missing
	}
	s.transport.TLS, s.transport.Proxy = nil, ""
	var err error
	s.transport.Base, err = s.resolver(url.Scope)
	return err
}

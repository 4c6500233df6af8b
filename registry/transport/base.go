package transport

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// contentType is that of a registry's requests and answers ("Schema Registry API", Confluent
// documentation, "Content Types").
const contentType = "application/vnd.schemaregistry.v1+json"

// newBase makes what sends single requests. first is the first URL.
func newBase(s *Settings, first URL) (*http.Transport, error) {
	if first.Scheme == "mock" {
		return nil, fmt.Errorf("registry: mock://%s: no registry in this process is linked: "+
			"pass registry.WithResolver(memory.Resolve), of package registry/memory", first.Scope)
	}
	own := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: s.DialTimeout, KeepAlive: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout:   s.DialTimeout,
		TLSClientConfig:       s.TLS.Clone(),
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          64,
		MaxIdleConnsPerHost:   16,
		IdleConnTimeout:       90 * time.Second,
		ExpectContinueTimeout: time.Second,
		// A connection that died without a word is noticed, and with it go the requests on it.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second},
	}
	if s.Proxy != "" {
		u, err := url.Parse(s.Proxy)
		if err != nil {
			return nil, fmt.Errorf("registry: %s: %w", s.name("Proxy"), CheckProxy(s.Proxy))
		}
		own.Proxy = http.ProxyURL(u)
	}
	return own, nil
}

// CheckProxy returns an error if text is not the URL of a proxy. It does not repeat the URL,
// which may hold a password.
func CheckProxy(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) {
		return errors.New("want a URL with http, https or socks5 and a host")
	}
	if strings.Trim(u.Path, "/") != "" || strings.ContainsAny(text, "?#") {
		return errors.New("want a URL with a host alone: a path or a query would have no effect")
	}
	return nil
}

// errTooLarge reports an answer larger than Settings.MaxAnswer.
var errTooLarge = errors.New("the answer is too large")

// readAnswer reads the body of resp whole and closes it.
func readAnswer(resp *http.Response, limit int64) ([]byte, error) {
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, min(limit, math.MaxInt64-1)+1))
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	if int64(len(body)) > limit {
		return nil, fmt.Errorf("%w: more than %d bytes (WithMaxAnswer)", errTooLarge, limit)
	}
	return body, nil
}

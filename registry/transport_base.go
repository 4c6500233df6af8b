package registry

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// contentType is what registries speak ("Schema Registry API", Confluent
// documentation, "Content Types").
const contentType = "application/vnd.schemaregistry.v1+json"

// parseURLs takes apart a comma-separated list of URLs. scope is that of a
// mock:// URL.
func parseURLs(urls string) (list []*host, scope string, err error) {
	for text := range strings.SplitSeq(urls, ",") {
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		h, err := parseURL(text)
		if err != nil {
			return nil, "", err
		}
		list = append(list, h)
	}
	if len(list) == 0 {
		return nil, "", errors.New("registry: no URL given")
	}
	for _, h := range list {
		if h.base.Scheme != "mock" {
			continue
		}
		if len(list) > 1 {
			return nil, "", errors.New("registry: a mock:// URL has to be the only one")
		}
		scope = h.base.Host + h.base.Path
		h.base = &url.URL{Scheme: "mock", Host: h.base.Host}
		return list, scope, nil
	}
	return list, "", nil
}

// parseURL reads one URL. Errors do not repeat it: it may hold a password.
func parseURL(text string) (*host, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, errors.New("registry: a URL cannot be read: " + urlFault(err))
	}
	switch u.Scheme {
	case "http", "https", "mock":
	default:
		return nil, fmt.Errorf("registry: URL %s: want http://, https:// or mock://", displayURL(u))
	}
	if u.Host == "" {
		return nil, fmt.Errorf("registry: URL %s: no host", displayURL(u))
	}
	h := &host{base: &url.URL{Scheme: u.Scheme, Host: u.Host}}
	h.base.RawPath = strings.TrimRight(u.EscapedPath(), "/")
	h.base.Path, _ = url.PathUnescape(h.base.RawPath)
	if u.User != nil {
		password, _ := u.User.Password()
		h.auth = &basicAuth{u.User.Username(), password}
	}
	return h, nil
}

// urlFault is what is wrong with a URL, without the URL.
func urlFault(err error) string {
	var parse *url.Error
	if errors.As(err, &parse) {
		var port *net.AddrError
		if errors.As(parse.Err, &port) {
			return port.Err
		}
		if escape := url.EscapeError(""); errors.As(parse.Err, &escape) {
			return "a percent sign that is no escape"
		}
	}
	return "not of the form http://host:port/path"
}

// relative is the path of u, escaped, beneath the base URL that it begins with.
func (hs *hosts) relative(u *url.URL) (string, error) {
	path, best := u.EscapedPath(), -1
	for _, h := range hs.all {
		base := h.base.EscapedPath()
		if u.Scheme == h.base.Scheme && u.Host == h.base.Host && strings.HasPrefix(path+"/", base+"/") {
			best = max(best, len(base))
		}
	}
	if best < 0 {
		return "", &InvalidError{Response: Response{URL: displayURL(u), Message: "redirected to " + displayURL(u) + ", which is not beneath a URL of the registry"}}
	}
	return strictPath(path[best:]), nil
}

// displayURL is u as it may be shown: without user and password.
func displayURL(u *url.URL) string {
	s := u.Scheme + "://" + u.Host + u.EscapedPath()
	if u.RawQuery != "" {
		s += "?" + u.RawQuery
	}
	return s
}

// newBase makes what sends single requests, and what closes its idle
// connections if they are ours.
func newBase(s *transportSettings, scope string) (base http.RoundTripper, closeIdle func(), err error) {
	switch {
	case s.roundTripper != nil:
		return s.roundTripper, func() {}, nil
	case s.httpClient != nil:
		setIfGiven(&s.attemptTimeout, s.httpClient.Timeout)
		if s.httpClient.Transport == nil {
			return http.DefaultTransport, func() {}, nil
		}
		return s.httpClient.Transport, func() {}, nil
	case scope != "":
		return inProcess{Handler(Mock(scope))}, func() {}, nil
	}
	own := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: s.dialTimeout, KeepAlive: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout:   s.dialTimeout,
		TLSClientConfig:       s.tls.Clone(),
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          64,
		MaxIdleConnsPerHost:   16,
		IdleConnTimeout:       90 * time.Second,
		ExpectContinueTimeout: time.Second,
		// A connection that died without a word is noticed, and with it go the requests on it.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second},
	}
	if s.proxy != "" {
		u, err := proxyURL(s.proxy)
		if err != nil {
			return nil, nil, err
		}
		own.Proxy = http.ProxyURL(u)
	}
	return own, own.CloseIdleConnections, nil
}

// proxyURL reads the URL of a proxy. The error does not repeat it: it may hold a
// password.
func proxyURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) {
		return nil, errors.New("registry: WithProxy: want a URL with http, https or socks5 and a host")
	}
	return u, nil
}

// errTooLarge says that an answer was larger than WithMaxAnswer allows.
var errTooLarge = errors.New("the answer is too large")

// readAnswer reads the body of resp whole and closes it.
func readAnswer(resp *http.Response, limit int64) ([]byte, error) {
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	if int64(len(body)) > limit {
		return nil, fmt.Errorf("%w: more than %d bytes (WithMaxAnswer)", errTooLarge, limit)
	}
	return body, nil
}

// captureKey marks the context of a request whose answer the caller wants to
// see although a library in between keeps it for itself.
type captureKey struct{}

// capture is an answer as it came.
type capture struct {
	status int
	header http.Header
	body   []byte
	url    string
}

// knownSecrets lists what must not be shown, as it was given and as it travels.
func knownSecrets(s *transportSettings, list []*host) (secrets []string) {
	add := func(texts ...string) {
		for _, text := range texts {
			if len(text) >= 4 { // shorter ones are found in every text
				secrets = append(secrets, text)
			}
		}
	}
	basic := func(b *basicAuth) {
		if b != nil {
			add(base64.StdEncoding.EncodeToString([]byte(b.user+":"+b.password)), b.password, url.QueryEscape(b.password))
		}
	}
	basic(s.auth.basic)
	for _, h := range list {
		basic(h.auth)
	}
	if s.auth.static != nil {
		add(*s.auth.static)
	}
	if s.auth.oauth != nil {
		add(s.auth.oauth.secret, url.QueryEscape(s.auth.oauth.secret))
	}
	for name, values := range s.header {
		if secretHeader(name) {
			add(values...)
		}
	}
	if u, err := url.Parse(s.proxy); err == nil && u.User != nil {
		password, _ := u.User.Password()
		add(password)
	}
	return secrets
}

// secretHeader reports whether a header of this name is likely to hold one.
func secretHeader(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"auth", "token", "key", "secret", "cookie", "password"}, func(part string) bool {
		return strings.Contains(name, part)
	})
}

// redact takes the secrets of t out of text that came from elsewhere: a server
// may send back what it was sent.
func (t *Transport) redact(text string) string {
	for _, secret := range t.secrets {
		text = strings.ReplaceAll(text, secret, "***")
	}
	if t.authority != nil && t.authority.tokens != nil {
		if kept := t.authority.tokens.last.Load(); kept != nil && kept.token.AccessToken != "" {
			text = strings.ReplaceAll(text, kept.token.AccessToken, "***")
		}
	}
	return text
}

package registry

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kavro/kavro/internal/oneline"
	"github.com/kavro/kavro/internal/subjectname"
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
	seen := make(map[string]bool)
	for _, h := range list {
		shown := displayURL(h.base)
		if same := strings.ToLower(h.base.Scheme+"://"+h.base.Host) + h.base.EscapedPath(); seen[same] {
			return nil, "", fmt.Errorf("registry: URL %s is given twice", shown)
		} else {
			seen[same] = true
		}
		if h.base.Scheme == "mock" && len(list) > 1 {
			return nil, "", errors.New("registry: a mock:// URL has to be the only one")
		}
	}
	if h := list[0]; h.base.Scheme == "mock" {
		scope = h.base.Host + h.base.Path
		h.base = &url.URL{Scheme: "mock", Host: h.base.Host}
	}
	return list, scope, nil
}

// parseURL reads one URL, of which every part counts. Errors do not repeat user,
// password and query: they may be secret.
func parseURL(text string) (*host, error) {
	scheme, _, ok := strings.Cut(text, "://")
	if !ok {
		return nil, schemeFault(text)
	}
	switch strings.ToLower(scheme) {
	case "http", "https", "mock":
	default:
		return nil, fmt.Errorf("registry: URL %s: want http://, https:// or mock://", withoutSecrets(text))
	}
	if strings.Count(text, "://") > 1 {
		return nil, errors.New("registry: a URL cannot be read: several URLs are separated by commas")
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, errors.New("registry: a URL cannot be read: " + urlFault(err))
	}
	fault := func(reason string) error { return fmt.Errorf("registry: URL %s: %s", withoutSecrets(text), reason) }
	if u.Hostname() == "" {
		return nil, fault("no host")
	}
	if port, err := strconv.ParseUint(u.Port(), 10, 16); u.Port() != "" && (err != nil || port == 0) {
		return nil, fault("no port has the number " + u.Port())
	}
	if strings.Contains(text, "?") {
		return nil, fault("a query would have no effect: remove it")
	}
	if strings.Contains(text, "#") {
		return nil, fault("a fragment would have no effect: remove it")
	}
	h := &host{base: &url.URL{Scheme: u.Scheme, Host: u.Host}}
	h.base.RawPath = strings.TrimRight(u.EscapedPath(), "/")
	h.base.Path, _ = url.PathUnescape(h.base.RawPath)
	if u.User == nil {
		return h, nil
	}
	password, _ := u.User.Password()
	h.auth = &basicAuth{u.User.Username(), password}
	switch reason := h.auth.fault(); {
	case u.Scheme == "mock":
		return nil, fault("a user would have no effect: remove it")
	case reason != "":
		return nil, fault(reason + ": want user:password in front of the @")
	}
	return h, nil
}

// schemeFault is the error for a URL without "://".
func schemeFault(text string) error {
	for _, scheme := range []string{"http:", "https:", "mock:"} {
		if rest, ok := strings.CutPrefix(strings.ToLower(text), scheme); ok && (rest == "" || rest[0] == '/') {
			return fmt.Errorf("registry: URL %s: want %s// and a host", withoutSecrets(text), scheme)
		}
	}
	host := strings.TrimLeft(withoutSecrets(text), "/")
	if host == "" {
		return errors.New("registry: a URL without a host: want http://, https:// or mock:// and a host")
	}
	return fmt.Errorf("registry: URL %s has no scheme: want http://, https:// or mock:// in front, as in http://%s", host, host)
}

// withoutSecrets is the text of a URL without user, password, query and fragment,
// as far as they can be told apart.
func withoutSecrets(text string) string {
	if i := strings.IndexAny(text, "?#"); i >= 0 {
		if strings.Contains(text[i:], "@") {
			return "(not shown)"
		}
		text = text[:i]
	}
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		scheme, rest = "", text
	}
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		rest = rest[i+1:]
	}
	if ok {
		rest = scheme + "://" + rest
	}
	return oneline.Short(oneline.Of(rest), 200)
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

// context is the context that all URLs end in, as in http://registry/contexts/.a; "" if
// they do not.
func (hs *hosts) context() string {
	named := ""
	for i, h := range hs.all {
		rest, name := path.Split(h.base.Path)
		context := ""
		if name != "" && (strings.HasSuffix(rest, "/contexts/")) {
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
		if s.resolver == nil {
			return nil, nil, fmt.Errorf("registry: mock://%s: no registry in this process is linked: pass registry.WithResolver(memory.Resolve), of package registry/memory", scope)
		}
		base, err := s.resolver(scope)
		return base, func() {}, err
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
	if strings.Trim(u.Path, "/") != "" || strings.ContainsAny(text, "?#") {
		return nil, errors.New("registry: WithProxy: want a URL with a host alone: a path or a query would have no effect")
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

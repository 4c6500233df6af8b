package transport

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/kavro/kavro/internal/oneline"
)

// URL is one of a registry's URLs.
type URL struct {
	*url.URL            // no user, no query, no slash at the end
	Auth     *BasicAuth // the user and password that it was given with; nil: none
	Scope    string     // of a mock:// URL: what follows the scheme, which alone names a registry in this process
}

// String is the URL without user and password.
func (u URL) String() string { return ShowURL(u.URL) }

// ShowURL is u as it may be shown: without user and password.
func ShowURL(u *url.URL) string {
	s := u.Scheme + "://" + u.Host + u.EscapedPath()
	if u.RawQuery != "" {
		s += "?" + u.RawQuery
	}
	return s
}

// ParseURLs parses a comma-separated list of URLs (http, https, or one mock). It returns at
// least one, none twice. Errors do not repeat user, password and query: they may be secret.
func ParseURLs(urls string) ([]URL, error) {
	var list []URL
	for text := range strings.SplitSeq(urls, ",") {
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		u, err := parseURL(text)
		if err != nil {
			return nil, err
		}
		list = append(list, u)
	}
	if len(list) == 0 {
		return nil, errors.New("registry: no URL given")
	}
	seen := make(map[string]bool)
	for _, u := range list {
		same := origin(u.URL) + u.EscapedPath()
		if seen[same] {
			return nil, fmt.Errorf("registry: URL %s is given twice", u)
		}
		seen[same] = true
		if u.Scheme == "mock" && len(list) > 1 {
			return nil, errors.New("registry: a mock:// URL has to be the only one")
		}
	}
	if u := &list[0]; u.Scheme == "mock" {
		u.Scope = u.Host + u.Path
		u.URL = &url.URL{Scheme: "mock", Host: u.Host}
	}
	return list, nil
}

// parseURL parses one URL, of which every part counts.
func parseURL(text string) (URL, error) {
	scheme, _, ok := strings.Cut(text, "://")
	if !ok {
		return URL{}, schemeFault(text)
	}
	switch strings.ToLower(scheme) {
	case "http", "https", "mock":
	default:
		return URL{}, fmt.Errorf("registry: URL %s: want http://, https:// or mock://", withoutSecrets(text))
	}
	if strings.Count(text, "://") > 1 {
		return URL{}, errors.New("registry: a URL cannot be read: several URLs are separated by commas")
	}
	u, err := url.Parse(text)
	if err != nil {
		return URL{}, errors.New("registry: a URL cannot be read: " + urlFault(err))
	}
	fault := func(reason string) error { return fmt.Errorf("registry: URL %s: %s", withoutSecrets(text), reason) }
	if u.Hostname() == "" {
		return URL{}, fault("no host")
	}
	if port, err := strconv.ParseUint(u.Port(), 10, 16); u.Port() != "" && (err != nil || port == 0) {
		return URL{}, fault("no port has the number " + u.Port())
	}
	if strings.Contains(text, "?") {
		return URL{}, fault("a query would have no effect: remove it")
	}
	if strings.Contains(text, "#") {
		return URL{}, fault("a fragment would have no effect: remove it")
	}
	out := URL{URL: &url.URL{Scheme: u.Scheme, Host: u.Host}}
	out.RawPath = strings.TrimRight(u.EscapedPath(), "/")
	out.Path, _ = url.PathUnescape(out.RawPath)
	if u.User == nil {
		return out, nil
	}
	password, _ := u.User.Password()
	out.Auth = &BasicAuth{u.User.Username(), password}
	switch err := out.Auth.Check(); {
	case u.Scheme == "mock":
		return URL{}, fault("a user would have no effect: remove it")
	case err != nil:
		return URL{}, fault(err.Error() + ": want user:password in front of the @")
	}
	return out, nil
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

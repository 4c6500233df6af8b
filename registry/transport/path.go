package transport

import (
	"net"
	"net/url"
	"strings"
)

// relative is the host whose URL u begins with, the longest of several, and the path of u,
// escaped, beneath it.
func (hs *hosts) relative(u *url.URL) (best *host, path string, err error) {
	path = u.EscapedPath()
	for _, h := range hs.all {
		base := h.url.EscapedPath()
		beneath := origin(u) == origin(h.url.URL) && strings.HasPrefix(path+"/", base+"/")
		if beneath && (best == nil || len(base) > len(best.url.EscapedPath())) {
			best = h
		}
	}
	if best == nil {
		return nil, "", &InvalidError{Response: Response{URL: ShowURL(u), Message: "redirected to " + ShowURL(u) + ", which is not beneath a URL of the registry"}}
	}
	return best, strictPath(path[len(best.url.EscapedPath()):]), nil
}

// origin is what tells servers apart: scheme, host and port, one way to write them (RFC 9110,
// section 4.2.3).
func origin(u *url.URL) string {
	scheme, port := strings.ToLower(u.Scheme), u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[scheme]
	}
	return scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// strictPath takes an escaped path, from whoever made the request, and escapes
// what pathSegment would have escaped besides. Paths that apiPath made come back
// unchanged.
func strictPath(escaped string) string {
	if !strings.Contains(escaped, "+") && !strings.Contains(escaped, "/.") {
		return escaped
	}
	segments := strings.Split(escaped, "/")
	for i, s := range segments {
		switch s {
		case ".":
			segments[i] = "%2E"
		case "..":
			segments[i] = "%2E%2E"
		default:
			segments[i] = strings.ReplaceAll(s, "+", "%2B")
		}
	}
	return strings.Join(segments, "/")
}

package transport

import (
	"net/url"
	"strings"
)

// relative is the path of u, escaped, beneath the base URL that it begins with.
func (hs *hosts) relative(u *url.URL) (string, error) {
	path, best := u.EscapedPath(), -1
	for _, h := range hs.all {
		base := h.url.EscapedPath()
		if u.Scheme == h.url.Scheme && u.Host == h.url.Host && strings.HasPrefix(path+"/", base+"/") {
			best = max(best, len(base))
		}
	}
	if best < 0 {
		return "", &InvalidError{Response: Response{URL: ShowURL(u), Message: "redirected to " + ShowURL(u) + ", which is not beneath a URL of the registry"}}
	}
	return strictPath(path[best:]), nil
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

package transport

import (
	"net/http"
	"net/url"
)

const maxRedirects = 5

// redirected is the request that answer sends req on to; nil if it is to be given as it is.
// net/http would turn a POST into a GET.
func redirected(req *http.Request, answer *Answer) *http.Request {
	switch answer.Status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther:
		if req.Method != http.MethodGet && req.Method != http.MethodHead {
			return nil
		}
	case http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		if req.Body != nil && req.GetBody == nil {
			return nil
		}
	default:
		return nil
	}
	location := answer.Header.Get("Location")
	if location == "" {
		return nil
	}
	to, err := answer.asked.Parse(location)
	if err != nil {
		return nil
	}
	next := req.Clone(req.Context())
	next.URL, next.Host, next.Response = to, "", answer.resp
	if req.GetBody != nil {
		if next.Body, err = req.GetBody(); err != nil {
			return nil
		}
	}
	return next
}

// namesHost reports whether req is made because of a redirect to a server, not to another path
// alone. net/http's clients set Response, too.
func namesHost(req *http.Request) bool {
	if req.Response == nil {
		return false
	}
	to, err := url.Parse(req.Response.Header.Get("Location"))
	return err == nil && to.Host != ""
}

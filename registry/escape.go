package registry

import (
	"net/url"
	"strings"
)

// How names travel in paths. A subject may hold anything: slashes, percent
// signs, spaces, "..", letters of any script. Three things are not left to
// url.PathEscape alone, because servers and proxies differ:
//
//	"+"    is legal in a path, but some servers read it as a space
//	"."    as a whole segment is dropped by whoever cleans paths
//	".."   as a whole segment takes the segment before it along

// pathSegment escapes name so that it is one segment of a path, whatever it
// holds.
func pathSegment(name string) string {
	switch name {
	case ".":
		return "%2E"
	case "..":
		return "%2E%2E"
	}
	return strings.ReplaceAll(url.PathEscape(name), "+", "%2B")
}

// apiPath joins segments to a path, escaping each: "/subjects/a%2Fb/versions".
func apiPath(segments ...string) string {
	var b strings.Builder
	for _, s := range segments {
		b.WriteByte('/')
		b.WriteString(pathSegment(s))
	}
	return b.String()
}

// withQuery appends the parameters that are set to path. Pairs are names and
// values in turn; a pair with an empty value is left out.
func withQuery(path string, pairs ...string) string {
	q := make(url.Values, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Add(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// flag is the query value of a boolean that is left out when false.
func flag(on bool) string {
	if on {
		return "true"
	}
	return ""
}

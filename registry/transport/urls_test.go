package transport

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A URL that is taken is shown without its user, and asked as it is shown.
func FuzzParseURLs(f *testing.F) {
	for _, urls := range []string{"http://a", "https://ann:p%40ss@a:8081/base/,http://b/", "mock://scope/x", "http://[::1]:80/%2F", "http://a?b=c#d", "a", "http://ann@/", " , "} {
		f.Add(urls)
	}
	f.Fuzz(func(t *testing.T, urls string) {
		list, err := ParseURLs(urls)
		if err != nil {
			return
		}
		require.NotEmpty(t, list)
		for _, u := range list {
			if u.Scope != "" {
				continue // it names no host
			}
			shown := u.String()
			again, err := parseURL(shown)
			require.NoError(t, err, "%q", shown)
			require.Nil(t, again.Auth, "%q", shown)
			require.Equal(t, shown, again.String())
			s := Defaults()
			hs := newHosts(list, &s)
			_, path, err := hs.relative((&host{url: u}).at("/subjects/a%2Fb", "x=y"))
			require.NoError(t, err)
			require.Equal(t, "/subjects/a%2Fb", path)
		}
	})
}

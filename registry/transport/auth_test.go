package transport

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEachURLHasItsOwnUser(t *testing.T) {
	var seen []string
	rt, err := open("http://ann:one@a,http://bob:two@b,http://c", base(roundTrip(func(req *http.Request) (*http.Response, error) {
		user, password, _ := req.BasicAuth()
		seen = append(seen, req.URL.Host+" "+user+password+strings.TrimPrefix(req.Header.Get("Authorization"), "Basic "))
		return nil, errDial
	})), func(s *Settings) { s.Bearer, s.Retries = "token", 0 })
	require.NoError(t, err)
	defer rt.Close()
	_, _, err = send(t.Context(), rt, "GET", "http://a/")
	require.Error(t, err)
	require.Len(t, seen, 3)
	require.Contains(t, seen[0], "a annone")
	require.Contains(t, seen[1], "b bobtwo")
	require.Equal(t, "c Bearer token", seen[2])
}

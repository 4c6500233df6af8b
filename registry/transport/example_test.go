package transport_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"

	"github.com/kavro/kavro/registry/transport"
)

// A transport is an http.RoundTripper, for any client that takes one: here it retries after a
// 502, and sends tokens.
func ExampleNew() {
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) == 1 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		fmt.Fprint(w, r.Header.Get("Authorization"))
	}))
	defer server.Close()

	settings := transport.Defaults()
	settings.RetryWait, settings.RetryMaxWait = time.Millisecond, time.Millisecond
	settings.Token = func(context.Context) (*oauth2.Token, error) {
		return &oauth2.Token{AccessToken: "from-somewhere", Expiry: time.Now().Add(time.Hour)}, nil
	}
	t, err := transport.New(server.URL, settings)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer t.Close()
	request, _ := http.NewRequest(http.MethodGet, t.URL()+"/subjects", nil)
	answer, err := t.Do(request, transport.Call{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(answer.Status, string(answer.Body), "after", requests.Load(), "requests")
	// Output: 200 Bearer from-somewhere after 2 requests
}

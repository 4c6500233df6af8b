package registry

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// guard lets requests through that carry an authorization which good says is good.
func guard(next http.RoundTripper, good func(authorization string) bool) roundTrip {
	return func(req *http.Request) (*http.Response, error) {
		if !good(req.Header.Get("Authorization")) {
			return reply(401, `{"error_code":401,"message":"Unauthorized"}`), nil
		}
		return next.RoundTrip(req)
	}
}

func TestBasicAuth(t *testing.T) {
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte("ann:p@ss:wörd"))
	for _, test := range []struct {
		name string
		urls string
		opts []Option
	}{
		{"by option", "http://registry", []Option{WithBasicAuth("ann", "p@ss:wörd")}},
		{"in the URL", "http://ann:p%40ss%3Aw%C3%B6rd@registry", nil},
		{"in the URL, before the option for another URL", "http://ann:p%40ss%3Aw%C3%B6rd@registry,http://other", []Option{WithBasicAuth("bob", "other")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture()
			id := f.register(t, "users-value", userV1)[0]
			c, err := New(test.urls, append(test.opts, WithRoundTripper(guard(f, func(a string) bool { return a == want })))...)
			require.NoError(t, err)
			defer c.Close()
			_, err = c.SchemaByID(t.Context(), "", id)
			require.NoError(t, err)
			_, err = c.Subjects(t.Context(), "")
			require.NoError(t, err)
			require.Equal(t, "http://registry", c.URL())
		})
	}
}

// issuer gives tokens that live for a while, and knows which are good.
type issuer struct {
	life   time.Duration
	asked  atomic.Int32
	revoke atomic.Int32 // tokens up to this number are refused
	broken atomic.Bool
}

func (i *issuer) token(ctx context.Context) (*oauth2.Token, error) {
	n := i.asked.Add(1)
	if i.broken.Load() {
		return nil, errors.New("the issuer is down")
	}
	time.Sleep(100 * time.Millisecond)
	token := &oauth2.Token{AccessToken: fmt.Sprintf("token-%d-%d", n, time.Now().Add(i.life).Unix())}
	if i.life > 0 {
		token.Expiry = time.Now().Add(i.life)
	}
	return token, ctx.Err()
}

func (i *issuer) good(authorization string) bool {
	var n int32
	var until int64
	if _, err := fmt.Sscanf(authorization, "Bearer token-%d-%d", &n, &until); err != nil {
		return false
	}
	return n > i.revoke.Load() && (i.life == 0 || time.Now().Unix() < until)
}

func TestTokenExpiresMidRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		tokens := &issuer{life: 100 * time.Second}
		c, err := New("http://registry", WithTokenFunc(tokens.token), WithRoundTripper(guard(f, tokens.good)))
		require.NoError(t, err)
		defer c.Close()
		for range 1000 { // over 1000 s and ten tokens' lives
			_, err := c.Types(t.Context())
			require.NoError(t, err)
			time.Sleep(time.Second)
		}
		require.InDelta(t, 1000/80+1, int(tokens.asked.Load()), 1, "each is replaced after four fifths of its life")
	})
}

func TestTokenIsAskedForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		tokens := &issuer{life: time.Hour}
		c, err := New("http://registry", WithTokenFunc(tokens.token), WithRoundTripper(guard(f, tokens.good)))
		require.NoError(t, err)
		defer c.Close()
		burst := func() {
			var wg sync.WaitGroup
			for range 100 {
				wg.Go(func() {
					if _, err := c.Types(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		}
		burst()
		require.EqualValues(t, 1, tokens.asked.Load())
		time.Sleep(50 * time.Minute)
		burst()
		synctest.Wait()
		require.EqualValues(t, 2, tokens.asked.Load(), "early, in the background")
		time.Sleep(2 * time.Hour)
		burst()
		require.EqualValues(t, 3, tokens.asked.Load(), "expired: all wait for one")
	})
}

func TestTokenThatIsRefusedIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		tokens := &issuer{life: time.Hour}
		c, err := New("http://registry", WithTokenFunc(tokens.token), WithRoundTripper(guard(f, tokens.good)))
		require.NoError(t, err)
		defer c.Close()
		_, err = c.Types(t.Context())
		require.NoError(t, err)
		tokens.revoke.Store(1)
		_, err = c.Types(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 2, tokens.asked.Load())
		tokens.revoke.Store(1000)
		_, err = c.Types(t.Context())
		var unauthorized *UnauthorizedError
		require.ErrorAs(t, err, &unauthorized)
		require.EqualValues(t, 3, tokens.asked.Load(), "once per request")
	})
}

func TestTokenOutlivesItsIssuer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		tokens := &issuer{life: time.Hour}
		c, err := New("http://registry", WithTokenFunc(tokens.token), WithRetries(0, 0, 0), WithRoundTripper(guard(f, tokens.good)))
		require.NoError(t, err)
		defer c.Close()
		_, err = c.Types(t.Context())
		require.NoError(t, err)
		tokens.broken.Store(true)
		time.Sleep(50 * time.Minute)
		for range 1000 {
			_, err = c.Types(t.Context())
			require.NoError(t, err)
		}
		synctest.Wait()
		require.EqualValues(t, 2, tokens.asked.Load(), "not once per request")
		time.Sleep(time.Hour)
		_, err = c.Types(t.Context())
		var unavailable *UnavailableError
		require.ErrorAs(t, err, &unavailable, "the registry may be well, but cannot be asked")
		require.ErrorContains(t, err, "the issuer is down")
		require.Equal(t, "http://registry/schemas/types", unavailable.URL)
		asked := tokens.asked.Load()
		for range 1000 {
			_, err = c.SchemaByID(t.Context(), "", 1)
			require.Error(t, err)
		}
		require.LessOrEqual(t, tokens.asked.Load(), asked+1, "nor is the issuer asked for each record")
	})
}

func TestTokenWithoutExpiryIsAskedForEachTime(t *testing.T) {
	f := newFixture()
	tokens := &issuer{}
	c, err := New("http://registry", WithTokenSource(oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "token-1-0"})), WithRoundTripper(guard(f, tokens.good)))
	require.NoError(t, err)
	defer c.Close()
	for range 3 {
		_, err = c.Types(t.Context())
		require.NoError(t, err)
	}
}

func TestClientCredentials(t *testing.T) {
	var asked atomic.Int32
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, secret, ok := r.BasicAuth()
		if !ok {
			id, secret = r.FormValue("client_id"), r.FormValue("client_secret")
		}
		if id != "me" || secret != "s3cr3t" || r.FormValue("scope") != "read write" || r.FormValue("grant_type") != "client_credentials" {
			t.Errorf("%s %v", id, r.Form)
		}
		asked.Add(1)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		if status != http.StatusOK {
			json.NewEncoder(w).Encode(map[string]any{"error": "invalid_client", "error_description": "you sent " + secret})
			return
		}
		json.NewEncoder(w).Encode(map[string]any{"access_token": "token-1-0", "token_type": "bearer", "expires_in": 3600})
	}))
	defer server.Close()
	conf := &clientcredentials.Config{TokenURL: server.URL, ClientID: "me", ClientSecret: "s3cr3t", Scopes: []string{"read", "write"}}
	for name, option := range map[string]Option{
		"built in":         WithClientCredentials(server.URL, "me", "s3cr3t", "read", "write"),
		"from the library": WithTokenFunc(conf.Token),
	} {
		t.Run(name, func(t *testing.T) {
			defer http.DefaultClient.CloseIdleConnections() // the library's own choice
			asked.Store(0)
			status = http.StatusOK
			f := newFixture()
			good := &issuer{}
			c, err := New("http://registry", option, WithRoundTripper(guard(f, good.good)))
			require.NoError(t, err)
			defer c.Close()
			for range 10 {
				_, err = c.Types(t.Context())
				require.NoError(t, err)
			}
			require.EqualValues(t, 1, asked.Load())

			status = http.StatusUnauthorized
			c, err = New("http://registry", option, WithRoundTripper(guard(f, good.good)))
			require.NoError(t, err)
			defer c.Close()
			_, err = c.Types(t.Context())
			var unauthorized *UnauthorizedError
			require.ErrorAs(t, err, &unauthorized)
			require.ErrorContains(t, err, "invalid_client")
			require.NotContains(t, err.Error(), "s3cr3t")

			status = http.StatusServiceUnavailable
			c, err = New("http://registry", option, quick(), WithRoundTripper(guard(f, good.good)))
			require.NoError(t, err)
			defer c.Close()
			_, err = c.Types(t.Context())
			var unavailable *UnavailableError
			require.ErrorAs(t, err, &unavailable)
		})
	}
}

// A server, or something between, that sends back what it was sent.
func TestSecretsAreNotShown(t *testing.T) {
	const password, token = "hunter2secret", "tok.en.secret"
	echo := roundTrip(func(req *http.Request) (*http.Response, error) {
		user, pass, _ := req.BasicAuth()
		return reply(403, fmt.Sprintf("%v %s %s %s", req.Header, user, pass, req.URL)), nil
	})
	for name, test := range map[string]struct {
		url string
		opt Option
	}{
		"basic":    {"http://registry", WithBasicAuth("ann", password)},
		"URL":      {"http://ann:" + password + "@registry,http://other", WithBearerToken(token)},
		"bearer":   {"http://registry", WithBearerToken(token)},
		"token":    {"http://registry", WithTokenSource(oauth2.StaticTokenSource(&oauth2.Token{AccessToken: token, Expiry: time.Now().Add(time.Hour)}))},
		"a header": {"http://registry", WithHeader("X-Api-Key", token)},
	} {
		t.Run(name, func(t *testing.T) {
			var log strings.Builder
			var events []Event
			rt := echo
			c, err := New(test.url, test.opt, quick(), WithLogger(slog.New(slog.NewTextHandler(&log, nil))),
				WithObserver(ObserverFunc(func(e Event) { events = append(events, e) })),
				WithRoundTripper(roundTrip(func(req *http.Request) (*http.Response, error) { return rt(req) })))
			require.NoError(t, err)
			defer c.Close()
			_, refused := c.Types(t.Context())
			require.Error(t, refused)
			rt = func(*http.Request) (*http.Response, error) { return nil, errDial }
			var failed error
			for range 6 {
				_, failed = c.Types(t.Context())
				require.Error(t, failed)
			}
			require.NotEmpty(t, log.String())
			basic := base64.StdEncoding.EncodeToString([]byte("ann:" + password))
			for _, secret := range []string{password, token, basic} {
				for _, text := range []string{refused.Error(), failed.Error(), log.String(), fmt.Sprintf("%+v", events), c.URL()} {
					require.NotContains(t, text, secret)
				}
			}
		})
	}
}

package oauth

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/oauth2"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server counts requests. Each takes a second; tokens are numbers and live for life.
type server struct {
	life  time.Duration
	fails bool
	asked int
}

var errServer = errors.New("no token")

func (s *server) fetch(ctx context.Context) (*int, time.Time, error) {
	s.asked++
	n := s.asked
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		return nil, time.Time{}, ctx.Err()
	}
	if s.fails {
		return nil, time.Time{}, errServer
	}
	if s.life == 0 {
		return &n, time.Time{}, nil
	}
	return &n, time.Now().Add(s.life), nil
}

func TestSource(t *testing.T) {
	tests := []struct {
		name   string
		server server
		run    func(t *testing.T, s *Source[int], v *server)
		asked  int
	}{
		{"one request for all", server{life: time.Minute}, func(t *testing.T, s *Source[int], _ *server) {
			var wg sync.WaitGroup
			for range 10 {
				wg.Go(func() {
					token, err := s.Token(t.Context())
					require.NoError(t, err)
					require.Equal(t, 1, *token)
				})
			}
			wg.Wait()
			wants(t, s.Fresh, 1)
		}, 1},
		{"a waiter's context", server{life: time.Minute}, func(t *testing.T, s *Source[int], _ *server) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			_, err := s.Token(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			wants(t, s.Token, 1) // the request went on
		}, 1},
		{"renewed in the background", server{life: time.Minute}, func(t *testing.T, s *Source[int], _ *server) {
			wants(t, s.Token, 1)
			time.Sleep(47 * time.Second)
			wants(t, s.Token, 1)
			time.Sleep(2 * time.Second) // four fifths are over
			start := time.Now()
			wants(t, s.Token, 1)
			require.Zero(t, time.Since(start))
			time.Sleep(2 * time.Second)
			wants(t, s.Token, 2)
		}, 2},
		{"fresh is waited for", server{life: time.Minute}, func(t *testing.T, s *Source[int], _ *server) {
			wants(t, s.Fresh, 1)
			time.Sleep(49 * time.Second)
			wants(t, s.Fresh, 2)
		}, 2},
		{"not renewed, and still good", server{life: time.Minute}, func(t *testing.T, s *Source[int], v *server) {
			wants(t, s.Token, 1)
			v.fails = true
			time.Sleep(49 * time.Second)
			wants(t, s.Fresh, 1)
			wants(t, s.Token, 1) // not asked again so soon
			time.Sleep(10 * time.Second)
			v.fails = false
			wants(t, s.Fresh, 3)
		}, 3},
		{"expired", server{life: time.Minute}, func(t *testing.T, s *Source[int], _ *server) {
			wants(t, s.Token, 1)
			time.Sleep(time.Hour)
			wants(t, s.Token, 2)
		}, 2},
		{"a failure counts for a second", server{fails: true, life: time.Minute}, func(t *testing.T, s *Source[int], v *server) {
			for range 3 {
				_, err := s.Token(t.Context())
				require.Equal(t, errServer, err)
			}
			require.Equal(t, 1, v.asked)
			v.fails = false
			time.Sleep(time.Second)
			wants(t, s.Token, 2)
		}, 2},
		{"tokens that are not kept", server{}, func(t *testing.T, s *Source[int], _ *server) {
			wants(t, s.Token, 1)
			token, err := s.Token(t.Context())
			require.NoError(t, err)
			require.False(t, s.Drop(token), "the next one is new anyway")
		}, 2},
		{"refused", server{life: time.Minute}, func(t *testing.T, s *Source[int], _ *server) {
			first, err := s.Token(t.Context())
			require.NoError(t, err)
			require.True(t, s.Drop(first))
			wants(t, s.Token, 2)
			require.True(t, s.Drop(first), "it is another one by now")
			wants(t, s.Token, 2)
		}, 2},
		{"closed", server{life: time.Minute}, func(t *testing.T, s *Source[int], _ *server) {
			go func() {
				time.Sleep(time.Millisecond)
				s.Close()
			}()
			_, err := s.Token(t.Context())
			require.ErrorIs(t, err, context.Canceled)
			time.Sleep(time.Hour)
			_, err = s.Token(t.Context())
			require.ErrorIs(t, err, context.Canceled)
		}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := &tt.server
				s := NewSource(v.fetch)
				tt.run(t, s, v)
				s.Close()
				require.Equal(t, tt.asked, v.asked)
			})
		})
	}
}

// wants asks for a token, and checks which one it is.
func wants(t *testing.T, ask func(context.Context) (*int, error), want int) {
	t.Helper()
	token, err := ask(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, *token)
}

func TestClient(t *testing.T) {
	answer := `{"access_token": "abc", "token_type": "Bearer", "expires_in": 60}`
	status := http.StatusOK
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.NoError(t, r.ParseForm())
		require.Equal(t, "client_credentials", r.Form.Get("grant_type"))
		require.Equal(t, "read write", r.Form.Get("scope"))
		id, secret, _ := r.BasicAuth()
		require.Equal(t, []string{"me", "sesame"}, []string{id, secret})
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(answer))
	}))
	defer srv.Close()
	c := NewClient(srv.URL, "me", "sesame", []string{"read", "write"})
	token, err := c.Token(t.Context())
	require.NoError(t, err)
	require.Equal(t, "abc", token.AccessToken)
	require.WithinDuration(t, time.Now().Add(time.Minute), token.Expiry, 20*time.Second)

	answer = `{"access_token": "abc", "token_type": "Bearer"}`
	token, err = c.Token(t.Context())
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().Add(defaultLife), token.Expiry, time.Minute, "the server does not say it")

	answer, status = `{"error": "invalid_client"}`, http.StatusUnauthorized
	_, err = c.Token(t.Context())
	var refused *oauth2.RetrieveError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "invalid_client", refused.ErrorCode)
}

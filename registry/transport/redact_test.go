package transport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/kavro/kavro/internal/oneline"
)

// A secret is hidden in each form in which it comes back, also cut short.
func TestRedact(t *testing.T) {
	known := newSecrets("hunter2", "hunter2-and-more", `pass"w<rd/1 €`, "abc")
	for _, test := range []struct{ text, want string }{
		{"nothing", "nothing"},
		{"user:hunter2@host", "user:***@host"},
		{"the longer one: hunter2-and-more", "the longer one: ***"},
		{"too short to tell: abc", "too short to tell: abc"},
		{`as it is: pass"w<rd/1 €.`, "as it is: ***."},
		{"in a query: " + url.QueryEscape(`pass"w<rd/1 €`), "in a query: ***"},
		{"in a path: " + url.PathEscape(`pass"w<rd/1 €`), "in a path: ***"},
		{fmt.Sprintf("quoted: %q", `pass"w<rd/1 €`), `quoted: "***"`},
		{`in JSON: "pass\"w\u003crd/1 €"`, `in JSON: "***"`},
		{"cut: " + oneline.Short("hunter2-and-more", 12), "cut: ***..."},
		{fmt.Sprintf("cut and quoted: %q", oneline.Short(`pass"w<rd/1 €`, 8)), `cut and quoted: "***..."`},
		{"cut early: " + oneline.Short("hunter2", 3), "cut early: hun..."},
	} {
		require.Equal(t, test.want, known.redact(test.text))
	}
}

// An error without a secret stays what it is, and one with a secret gives it out to nobody.
func TestRedactedErrors(t *testing.T) {
	known := newSecrets("hunter2")
	plain := &UnavailableError{Err: errDial}
	require.Same(t, plain, known.error(plain))
	require.NoError(t, known.error(nil))
	said := fmt.Errorf("you sent hunter2: %w", context.DeadlineExceeded)
	for _, err := range []error{
		said,
		&UnavailableError{Response: Response{URL: "http://a/hunter2", Message: "hunter2"}, Err: said},
		&UnauthorizedError{Response{Message: "hunter2"}},
		&InvalidError{Response: Response{URL: "http://a/hunter2"}, Err: said},
		errors.Join(errDial, said),
	} {
		got := known.error(err)
		require.Equal(t, errors.Is(err, context.DeadlineExceeded), errors.Is(got, context.DeadlineExceeded))
		if unavailable := (*UnavailableError)(nil); errors.As(err, &unavailable) {
			require.ErrorAs(t, got, &unavailable)
		}
		for ; got != nil; got = errors.Unwrap(got) {
			require.NotContains(t, fmt.Sprintf("%v %+v %#v", got, got, got.Error()), "hunter2")
		}
	}
}

// Whatever tells of an exchange does not show what was sent, for each way to authenticate.
func TestExchangeShowsNoSecret(t *testing.T) {
	const secret = "hunter2-secret"
	token := func(context.Context) (*oauth2.Token, error) {
		return &oauth2.Token{AccessToken: secret, Expiry: time.Now().Add(time.Hour)}, nil
	}
	ways := map[string]struct {
		urls string
		set  func(*Settings)
	}{
		"basic":    {"http://a,http://b", func(s *Settings) { s.Basic = &BasicAuth{"ann", secret} }},
		"in a URL": {"http://ann:" + secret + "@a,http://bob:" + secret + "@b", func(*Settings) {}},
		"bearer":   {"http://a,http://b", func(s *Settings) { s.Bearer = secret }},
		"token":    {"http://a,http://b", func(s *Settings) { s.Token = token }},
		"no token": {"http://a,http://b", func(s *Settings) {
			s.Bearer, s.Token = "", func(context.Context) (*oauth2.Token, error) { return nil, errors.New("no") }
		}},
		"in a header": {"http://a,http://b", func(s *Settings) { s.Header = http.Header{"X-Api-Key": {"Key " + secret}} }},
	}
	// What was sent, in the clear as well, as a proxy's log would have it.
	sent := func(req *http.Request) string {
		_, password, _ := req.BasicAuth()
		return fmt.Sprint(req.Header, password)
	}
	answers := map[string]func(*http.Request) (*http.Response, error){
		"no answer": func(req *http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("malformed header %q", sent(req))
		},
		"a time-out": func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, fmt.Errorf("%s: %w", sent(req), req.Context().Err())
		},
		"elsewhere": func(req *http.Request) (*http.Response, error) {
			return reply(302, "", "Location", "http://login/?was="+url.QueryEscape(sent(req))), nil
		},
	}
	for way, how := range ways {
		for name, answer := range answers {
			t.Run(way+", "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var told strings.Builder
					rt, err := open(how.urls, how.set, func(s *Settings) {
						s.Observe = func(e Event) { fmt.Fprintf(&told, "%+v\n", e) }
						s.Logger = slog.New(slog.NewTextHandler(&told, nil))
					}, base(roundTrip(answer)))
					require.NoError(t, err)
					defer rt.Close()
					for range 10 { // until the circuits are open, and then
						ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
						progress := NewProgress(nil)
						req, err := http.NewRequestWithContext(ctx, "GET", "http://a/x", nil)
						require.NoError(t, err)
						_, err = rt.Do(req, Call{Progress: progress})
						require.Error(t, err)
						for ; err != nil; err = errors.Unwrap(err) {
							fmt.Fprintf(&told, "%T %v %+v\n", err, err, err)
						}
						<-ctx.Done()
						fmt.Fprintln(&told, progress.Left(ctx))
						cancel()
					}
					require.NotEmpty(t, told.String())
					require.NotContains(t, told.String(), secret)
					basic := (&BasicAuth{"ann", secret}).header()
					require.NotContains(t, told.String(), strings.TrimPrefix(basic, "Basic "))
				})
			})
		}
	}
}

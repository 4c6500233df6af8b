package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/oauth2"

	"github.com/kavro/kavro/internal/oauth"
	"github.com/kavro/kavro/internal/oneline"
)

// newTokens makes a source of the tokens that ask returns.
func newTokens(ask TokenFunc, known secrets) *oauth.Source[oauth2.Token] {
	return oauth.NewSource(func(ctx context.Context) (*oauth2.Token, time.Time, error) {
		token, err := ask(ctx)
		switch {
		case err != nil:
			return nil, time.Time{}, known.error(tokenError(err))
		case token == nil || token.AccessToken == "":
			return nil, time.Time{}, &UnavailableError{Response: Response{Message: "the token source gave no token"}}
		}
		return token, token.Expiry, nil
	})
}

// tokenError sorts the error of a token source by what a caller can do about it. The answer of
// an OAuth server is not repeated beyond its error code and status: servers are known to echo
// what they were sent.
func tokenError(err error) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) || refused.Response == nil {
		return &UnavailableError{Err: fmt.Errorf("no token: %w", err)}
	}
	status := refused.Response.StatusCode
	r := Response{Method: http.MethodPost, Status: status, Message: "no token: the OAuth server refuses"}
	if req := refused.Response.Request; req != nil {
		r.URL = ShowURL(req.URL)
	}
	if refused.ErrorCode != "" {
		r.Message += ": " + oneline.First([]byte(refused.ErrorCode))
	}
	if temporaryStatus(status) {
		return &UnavailableError{Response: r, RetryAfter: retryAfter(refused.Response.Header)}
	}
	return &UnauthorizedError{r}
}

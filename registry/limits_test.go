package registry

import (
	"math"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// The greatest value of an option is as good as any other: it means no limit.
func TestGreatestLimits(t *testing.T) {
	const most, many = math.MaxInt64, math.MaxInt // durations and bytes, numbers
	for name, opt := range map[string]Option{
		"WithCacheSize":        WithCacheSize(many),
		"WithLatest":           WithLatest(time.Hour, most, many),
		"WithLatest, for ever": WithLatest(most, most, 1),
		"WithMissing":          WithMissing(most, most, most, many),
		"WithMaxAnswer":        WithMaxAnswer(most),
		"WithMaxSchema":        WithMaxSchema(many),
		"WithRetries":          WithRetries(many, most, most),
		"WithTimeouts":         WithTimeouts(0, most, most),
		"WithBreaker":          WithBreaker(many, most, most),
		"WithRateLimit":        WithRateLimit(math.MaxFloat64, many),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture()
				down := false
				opts := []Option{opt, WithRoundTripper(roundTrip(func(req *http.Request) (*http.Response, error) {
					if down {
						return reply(503, ""), nil
					}
					return f.RoundTrip(req)
				}))}
				c, err := New("http://registry", opts...)
				require.NoError(t, err)
				defer c.Close()
				registered, err := c.Register(t.Context(), "users-value", Definition{Text: userV1})
				require.NoError(t, err)
				_, err = c.Latest(t.Context(), "nobody-value")
				var missing *NotFoundError
				require.ErrorAs(t, err, &missing)
				for range 3 { // the answer is old from the second time on
					latest, err := c.Latest(t.Context(), "users-value")
					require.NoError(t, err)
					require.Equal(t, registered.ID, latest.ID)
					time.Sleep(2 * time.Hour)
				}
				synctest.Wait()
				down = true
				_, err = c.Subjects(t.Context(), "")
				var unavailable *UnavailableError
				require.ErrorAs(t, err, &unavailable)
			})
		})
	}
}

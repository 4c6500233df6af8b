package transport

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for header, want := range map[string]time.Duration{
			"":                     0,
			"7":                    7 * time.Second,
			" 7 ":                  7 * time.Second,
			"-7":                   0,
			"soon":                 0,
			"1e3":                  0,
			"99999999999999999999": 0,
			"999999999":            24 * time.Hour,
			time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat):  90 * time.Second,
			time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat):        0,
			time.Now().Add(10000 * time.Hour).UTC().Format(http.TimeFormat): 24 * time.Hour,
		} {
			require.Equal(t, want, retryAfter(http.Header{"Retry-After": {header}}), header)
		}
	})
}

package nearname_test

import (
	"strings"
	"testing"

	"github.com/kavro/kavro/internal/nearname"
	"github.com/stretchr/testify/require"
)

func TestOf(t *testing.T) {
	names := []string{"customer_id", "country", "Currency", "a"}
	for name, want := range map[string]string{
		"contry":                 "country",
		"COUNTRY":                "country",
		"currenzy":               "Currency",
		"customerid":             "customer_id",
		"b":                      "",
		"postcode":               "",
		"":                       "",
		strings.Repeat("a", 101): "",
	} {
		require.Equal(t, want, nearname.Of(name, names), name)
	}
}

func TestWithin(t *testing.T) {
	require.True(t, nearname.Within("Scal", "scale", 1))
	require.False(t, nearname.Within("scope", "scale", 1))
	require.True(t, nearname.Within("scope", "scale", 2))
}

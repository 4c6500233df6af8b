//go:build !cgo || kavro_franz

package kavro_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
)

// A name that is right, of a client that this build lacks, is not corrected to itself.
func TestConfluentIsNotInThisBuild(t *testing.T) {
	_, err := kavro.Open(kavro.Config{"bootstrap.servers": "127.0.0.1:1", "kavro.client": "confluent"})
	require.EqualError(t, err, `configuration: kavro.client: "confluent": librdkafka is not in this build: it needs cgo, and no build tag kavro_franz`)
	_, err = kavro.Open(kavro.Config{"bootstrap.servers": "127.0.0.1:1", "kavro.client": "conflunt"})
	require.EqualError(t, err, `configuration: kavro.client: "conflunt": want confluent or franz; did you mean "confluent"?`)
}

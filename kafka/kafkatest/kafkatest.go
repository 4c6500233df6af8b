package kafkatest

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/kavro/kavro/kafka"
)

// Cluster is a broker to test on.
type Cluster struct {
	Brokers string       // bootstrap.servers
	Config  kafka.Config // further settings for every client, such as security.protocol; may be nil

	fake *fake // the broker, if the suite has started it
}

// Run runs all cases against d, on a kfake of their own, and checks that no
// goroutine is left when all clients are closed.
func Run(t *testing.T, d kafka.Driver) {
	onFake(t, func(t *testing.T, c Cluster) { RunOn(t, c, d) })
}

// RunMixed runs the cases that need two drivers: a group with a member of each,
// and the same partition for the same key. It uses a kfake of its own.
func RunMixed(t *testing.T, a, b kafka.Driver) {
	onFake(t, func(t *testing.T, c Cluster) { RunMixedOn(t, c, a, b) })
}

// RunOn runs all cases against d on c.
func RunOn(t *testing.T, c Cluster, d kafka.Driver) {
	for _, tc := range cases() {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.run(newEnv(t, c, d))
		})
	}
}

// RunMixedOn runs the cases of [RunMixed] on c.
func RunMixedOn(t *testing.T, c Cluster, a, b kafka.Driver) {
	for _, tc := range mixedCases() {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.run(newEnv(t, c, a), newEnv(t, c, b))
		})
	}
}

// onFake runs f on a new kfake, then checks for goroutines left behind.
func onFake(t *testing.T, f func(*testing.T, Cluster)) {
	before := goleak.IgnoreCurrent()
	k, err := newFake()
	require.NoError(t, err)

	// The subtest returns when all parallel cases in it are done.
	t.Run("kfake", func(t *testing.T) {
		f(t, Cluster{Brokers: k.brokers(), fake: k})
	})
	k.Close()
	goleak.VerifyNone(t, before)
}

// testCase is one thing that a driver must do.
type testCase struct {
	name string
	run  func(e *env)
}

// mixedCase is one thing that two drivers must do together.
type mixedCase struct {
	name string
	run  func(a, b *env)
}

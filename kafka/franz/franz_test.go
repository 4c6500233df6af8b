package franz_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/kavro/kavro/kafka/franz"
	"github.com/kavro/kavro/kafka/kafkatest"
)

// What every driver must do is said once, in kafkatest.
func TestConformance(t *testing.T) {
	kafkatest.Run(t, franz.Driver())
}

// Two members on the same driver are a mixture too; kafka/confluent runs the real one.
func TestMixed(t *testing.T) {
	kafkatest.RunMixed(t, franz.Driver(), franz.Driver())
}

// Nothing is left running, of what the suite does not see either.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

package franz_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/kavro/kavro/kafka/franz"
	"github.com/kavro/kavro/kafka/kafkatest"
)

// What every client must do is said once, in kafkatest.
func TestConformance(t *testing.T) {
	kafkatest.Run(t, factory())
}

// Two members of the same client are a mixture too; kafka/confluent runs the real one.
func TestMixed(t *testing.T) {
	kafkatest.RunMixed(t, factory(), factory())
}

func factory() kafkatest.Factory {
	return kafkatest.Factory{
		Name:     "franz",
		Producer: franz.NewProducer,
		Consumer: franz.NewConsumer,
		Session:  franz.NewSession,
	}
}

// Nothing is left running, of what the suite does not see either.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

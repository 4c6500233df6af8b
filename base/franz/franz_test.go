package franz_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/kavro/kavro/base/basetest"
	"github.com/kavro/kavro/base/franz"
)

// What every base must do is said once, in basetest.
func TestConformance(t *testing.T) {
	basetest.Run(t, factory())
}

// Two members of the same base are a mixture too; base/confluent runs the real one.
func TestMixed(t *testing.T) {
	basetest.RunMixed(t, factory(), factory())
}

func factory() basetest.Factory {
	return basetest.Factory{
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

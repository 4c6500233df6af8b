package chaos

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/kavro/kavro/base"
	"github.com/kavro/kavro/base/franz"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// factory makes the clients of one base.
type factory struct {
	name     string
	producer func(base.Config, base.Hooks) (base.Producer, error)
	consumer func(base.Config, base.Hooks) (base.Consumer, error)
	session  func(base.Config, base.Hooks) (base.Session, error)
}

var bases = append([]factory{{"franz", franz.NewProducer, franz.NewConsumer, franz.NewSession}}, cgoBases...)

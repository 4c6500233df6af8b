//go:build !cgo

package confluent

import (
	"errors"

	"github.com/kavro/kavro/base"
)

var errNoCgo = errors.New("base/confluent needs cgo: set CGO_ENABLED=1 or use base/franz")

// NewProducer needs cgo: it returns an error that says so.
func NewProducer(base.Config, base.Hooks) (base.Producer, error) { return nil, errNoCgo }

// NewConsumer needs cgo: it returns an error that says so.
func NewConsumer(base.Config, base.Hooks) (base.Consumer, error) { return nil, errNoCgo }

// NewSession needs cgo: it returns an error that says so.
func NewSession(base.Config, base.Hooks) (base.Session, error) { return nil, errNoCgo }

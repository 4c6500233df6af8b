//go:build !cgo

package confluent

import (
	"errors"

	"github.com/kavro/kavro/kafka"
)

var errNoCgo = errors.New("kafka/confluent needs cgo: set CGO_ENABLED=1 or use kafka/franz")

// NewProducer needs cgo: it returns an error that says so.
func NewProducer(kafka.Config, kafka.Hooks) (kafka.Producer, error) { return nil, errNoCgo }

// NewConsumer needs cgo: it returns an error that says so.
func NewConsumer(kafka.Config, kafka.Hooks) (kafka.Consumer, error) { return nil, errNoCgo }

// NewSession needs cgo: it returns an error that says so.
func NewSession(kafka.Config, kafka.Hooks) (kafka.Session, error) { return nil, errNoCgo }

// NewAdmin needs cgo: it returns an error that says so.
func NewAdmin(kafka.Config, kafka.Hooks) (kafka.Admin, error) { return nil, errNoCgo }

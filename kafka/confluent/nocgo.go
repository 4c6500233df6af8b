//go:build !cgo

package confluent

import (
	"errors"

	"github.com/kavro/kavro/kafka"
)

var errNoCgo = errors.New("kafka/confluent needs cgo: set CGO_ENABLED=1 or use kafka/franz")

// NewProducer returns an error: it needs cgo.
func NewProducer(kafka.Config, kafka.Hooks) (kafka.Producer, error) { return nil, errNoCgo }

// NewConsumer returns an error: it needs cgo.
func NewConsumer(kafka.Config, kafka.Hooks) (kafka.Consumer, error) { return nil, errNoCgo }

// NewSession returns an error: it needs cgo.
func NewSession(kafka.Config, kafka.Hooks) (kafka.Session, error) { return nil, errNoCgo }

// NewAdmin returns an error: it needs cgo.
func NewAdmin(kafka.Config, kafka.Hooks) (kafka.Admin, error) { return nil, errNoCgo }

package confluent

import "github.com/kavro/kavro/kafka"

// Driver returns this package as a [kafka.Driver]. Without cgo its constructors return an
// error that says what is missing.
func Driver() kafka.Driver { return driver{} }

type driver struct{}

func (driver) Name() string { return "confluent" }

func (driver) NewProducer(c kafka.Config, h kafka.Hooks) (kafka.Producer, error) {
	return NewProducer(c, h)
}

func (driver) NewConsumer(c kafka.Config, h kafka.Hooks) (kafka.Consumer, error) {
	return NewConsumer(c, h)
}

func (driver) NewSession(c kafka.Config, h kafka.Hooks) (kafka.Session, error) {
	return NewSession(c, h)
}

func (driver) NewAdmin(c kafka.Config, h kafka.Hooks) (kafka.Admin, error) { return NewAdmin(c, h) }

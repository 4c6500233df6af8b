package otelkavro

import (
	"go.opentelemetry.io/otel/propagation"

	"github.com/kavro/kavro/kafka"
)

// headers lets a propagator read and write a record's headers. Names may repeat
// there, a record that is sent on has those of its past for instance: the last
// one counts, as for every client.
type headers []kafka.Header

// Get returns the last value of a name, "" if there is none.
func (h *headers) Get(name string) string {
	for i := len(*h) - 1; i >= 0; i-- {
		if (*h)[i].Key == name {
			return string((*h)[i].Value)
		}
	}
	return ""
}

// Set appends a header.
func (h *headers) Set(name, value string) {
	*h = append(*h, kafka.Header{Key: name, Value: []byte(value)})
}

// Keys returns all names.
func (h *headers) Keys() []string {
	names := make([]string, len(*h))
	for i := range *h {
		names[i] = (*h)[i].Key
	}
	return names
}

var _ propagation.TextMapCarrier = (*headers)(nil)

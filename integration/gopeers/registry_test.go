package gopeers

import (
	"net/http/httptest"
	"testing"

	"github.com/kavro/kavro/registry/memory"
)

// Schemas of one type over time, and one that refers to it.
const (
	userV1  = `{"type":"record","name":"User","namespace":"acme","fields":[{"name":"name","type":"string"}]}`
	userV2  = `{"type":"record","name":"User","namespace":"acme","fields":[{"name":"name","type":"string"},{"name":"age","type":"int","default":0}]}`
	userBad = `{"type":"record","name":"User","namespace":"acme","fields":[{"name":"name","type":"string"},{"name":"mail","type":"string"}]}`
	teamV1  = `{"type":"record","name":"Team","namespace":"acme","fields":[{"name":"lead","type":"acme.User"}]}`
)

// serve runs kavro's registry over HTTP until the end of the test.
func serve(t *testing.T) (url string, m *memory.Registry) {
	m = memory.New()
	s := httptest.NewServer(memory.Handler(m))
	t.Cleanup(s.Close)
	return s.URL, m
}

package main

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/registry/registrytest"
)

// flakyRegistry is a registry over HTTP that can be made to fail.
type flakyRegistry struct {
	*registrytest.Faults
	url   string
	close func()
}

func newFlakyRegistry() *flakyRegistry {
	faults := registrytest.NewFaults(memory.Handler(memory.New()))
	server := httptest.NewServer(faults)
	return &flakyRegistry{Faults: faults, url: server.URL, close: func() {
		faults.Clear() // what hangs would keep it open
		server.Close()
	}}
}

// harmRegistry makes the registry fail for seconds, in one way or another, until
// ctx ends.
func (s *soak) harmRegistry(ctx context.Context) {
	rnd := rand.New(rand.NewPCG(s.seed, 1))
	kinds := []struct {
		name  string
		fault registrytest.Fault
	}{
		{"registry 503", registrytest.Fault{Status: http.StatusServiceUnavailable}},
		{"registry hangs", registrytest.Fault{Hang: true}},
		{"registry cuts connections", registrytest.Fault{Reset: true}},
		{"registry slow", registrytest.Fault{Delay: 300 * time.Millisecond}},
		{"registry behind a broken proxy", registrytest.Fault{Status: http.StatusBadGateway, Body: registrytest.HTMLPage()}},
	}
	for s.pause(ctx, rnd, 5*time.Second, 20*time.Second) {
		kind := kinds[rnd.IntN(len(kinds))]
		s.registry.Add(kind.fault)
		s.did(kind.name)
		s.pause(ctx, rnd, time.Second, 10*time.Second)
		s.registry.Clear()
	}
}

// harmBroker freezes, stops or kills the broker, until ctx ends. It works again
// then.
func (s *soak) harmBroker(ctx context.Context) {
	rnd := rand.New(rand.NewPCG(s.seed, 2))
	for s.pause(ctx, rnd, 20*time.Second, 60*time.Second) {
		var err error
		switch rnd.IntN(3) {
		case 0:
			s.did("broker frozen")
			if err = s.broker.Freeze(); err == nil {
				s.pause(ctx, rnd, time.Second, 8*time.Second)
				err = s.broker.Thaw()
			}
		case 1:
			s.did("broker stopped")
			if err = s.broker.Stop(); err == nil {
				s.pause(ctx, rnd, 0, 5*time.Second)
				err = s.broker.Restart()
			}
		default:
			s.did("broker killed")
			s.broker.Kill9()
			s.pause(ctx, rnd, 0, 5*time.Second)
			err = s.broker.Restart()
		}
		if err != nil {
			s.say("%v", err) // nothing will arrive any more, which is what the summary says
			return
		}
	}
}

// pause waits for a random time, and reports whether ctx has let it.
func (s *soak) pause(ctx context.Context, rnd *rand.Rand, least, most time.Duration) bool {
	select {
	case <-time.After(least + time.Duration(rnd.Int64N(int64(most-least)))):
		return true
	case <-ctx.Done():
		return false
	}
}

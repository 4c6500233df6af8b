package transport

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/kavro/kavro/internal/backoff"
	"github.com/kavro/kavro/internal/count"
)

// ErrCircuitOpen says that a request was not made, because the last ones
// failed. It comes wrapped in an [*UnavailableError] whose RetryAfter says when
// one will be tried again.
var ErrCircuitOpen = errors.New("circuit open")

// openError is the ErrCircuitOpen of one moment.
type openError struct {
	failures int
	last     error
}

func (e *openError) Error() string {
	return fmt.Sprintf("circuit open after %s in a row, the last: %v", count.Of(e.failures, "failure"), e.last)
}

func (e *openError) Is(target error) bool { return target == ErrCircuitOpen }

func (e *openError) Unwrap() error { return e.last }

// host is one URL of the registry, and how it has been doing.
//
// A failure ejects a host for a time. Others are preferred then; if there is none, an ejected
// host is used all the same, until it has failed often enough for its circuit to open. After
// that time one request is let through: it closes the circuit or doubles the time.
type host struct {
	url URL

	// guarded by hosts.mu
	failures int       // in a row
	ejected  time.Time // until then
	trying   bool      // the one request is under way
	told     bool      // that it was ejected
	last     error
}

// hosts chooses between the URLs of a registry.
type hosts struct {
	all      []*host
	failures int           // that open a circuit; 0: none do
	pause    time.Duration // of the first time
	maxPause time.Duration

	mu      sync.Mutex
	current int  // the last one that answered
	closed  bool // nothing is to be told any more
}

func newHosts(list []URL, s *Settings) *hosts {
	hs := &hosts{failures: s.BreakerFailures, pause: s.BreakerPause, maxPause: s.BreakerMaxPause}
	for _, u := range list {
		hs.all = append(hs.all, &host{url: u})
	}
	return hs
}

// open reports whether h is not to be asked at all.
func (hs *hosts) open(h *host) bool {
	return hs.failures > 0 && h.failures >= hs.failures
}

// selectHost returns the best host that was not tried yet, or an error if there is none to be
// asked now. report has to follow.
func (hs *hosts) selectHost(tried []*host) (*host, error) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	now := time.Now()
	var ejected, closed *host // the second and the third choice
	for i := range hs.all {
		h := hs.all[(hs.current+i)%len(hs.all)]
		if slices.Contains(tried, h) {
			continue
		}
		waiting := now.Before(h.ejected)
		switch {
		case hs.open(h) && (waiting || h.trying):
			if closed == nil || h.ejected.Before(closed.ejected) {
				closed = h
			}
		case waiting:
			if ejected == nil {
				ejected = h
			}
		default:
			h.trying = true
			return h, nil
		}
	}
	if ejected != nil {
		return ejected, nil
	}
	if closed == nil {
		return nil, nil // all were tried
	}
	return nil, &UnavailableError{
		Response:   Response{URL: closed.url.String()},
		RetryAfter: max(closed.ejected.Sub(now), 0),
		Err:        &openError{closed.failures, closed.last},
	}
}

// askable reports whether there will be a host to ask at that time, besides others.
func (hs *hosts) askable(others []*host, at time.Time) bool {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	return slices.ContainsFunc(hs.all, func(h *host) bool {
		return !slices.Contains(others, h) && (!hs.open(h) || !at.Before(h.ejected) && !h.trying)
	})
}

// health is what an attempt shows of a host.
type health uint8

const (
	unclear health = iota // the caller left before there was an answer
	healthy
	unhealthy
)

// report says how the attempt at h went. pause is what the host asked for, 0 if
// nothing: it may lengthen the pause, not beyond maxPause. changed is the event
// to tell of, if its Kind is not 0.
func (hs *hosts) report(h *host, state health, pause time.Duration, err error) (changed Event) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	h.trying = false
	switch state {
	case healthy:
		if h.told {
			changed = Event{Kind: EventHealthy, URL: h.url.String()}
		}
		h.failures, h.ejected, h.told, h.last = 0, time.Time{}, false, nil
		hs.current = slices.Index(hs.all, h)
	case unhealthy:
		h.failures++
		pause = min(max(pause, hs.pauseAfter(h.failures)), hs.maxPause)
		h.ejected, h.last = time.Now().Add(pause), err
		ejected := len(hs.all) > 1 || hs.open(h) // an only host goes on being asked until then
		if ejected && !h.told && !hs.closed {
			h.told = true
			changed = Event{Kind: EventEjected, URL: h.url.String(), Duration: pause, Err: err}
		}
	}
	return changed
}

// close ends what observers were told: no host is ejected any more. It returns the events to
// tell of.
func (hs *hosts) close() (changed []Event) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	hs.closed = true
	for _, h := range hs.all {
		if h.told {
			h.told = false
			changed = append(changed, Event{Kind: EventHealthy, URL: h.url.String(), Err: ErrClosed})
		}
	}
	return changed
}

// pauseAfter is how long a host is ejected after n failures in a row: the
// pause until the circuit opens, then doubled each time. A part of it is random,
// so that many clients do not come back at once.
func (hs *hosts) pauseAfter(n int) time.Duration {
	d := backoff.Delay(1+max(n-max(hs.failures, 1), 0), hs.pause, hs.maxPause)
	return d - backoff.Jittered(d/5)
}

package registry

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"sync"
	"time"

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
// A failure sets a host aside for a pause. While others are left they are
// preferred; if none is, a host that is set aside is used all the same, until
// it has failed often enough for its circuit to open. After the pause one
// request is let through: it closes the circuit or doubles the pause.
type host struct {
	base *url.URL // no user, no trailing slash
	auth *basicAuth

	// guarded by hosts.mu
	failures int // in a row
	asideTo  time.Time
	trying   bool // the one request is under way
	told     bool // that it was set aside
	last     error
}

// hosts chooses between the URLs of a registry.
type hosts struct {
	all      []*host
	failures int           // that open a circuit; 0: none do
	pause    time.Duration // of the first time
	maxPause time.Duration

	mu      sync.Mutex
	current int // the last one that answered
}

// open reports whether h is not to be asked at all.
func (hs *hosts) open(h *host) bool {
	return hs.failures > 0 && h.failures >= hs.failures
}

// pick returns the best host that was not tried yet, or an error if there is
// none to be asked now. The host has to be given back with report.
func (hs *hosts) pick(tried []*host) (*host, error) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	now := time.Now()
	var aside, closed *host // the second and the third choice
	for i := range hs.all {
		h := hs.all[(hs.current+i)%len(hs.all)]
		if slices.Contains(tried, h) {
			continue
		}
		resting := now.Before(h.asideTo)
		switch {
		case hs.open(h) && (resting || h.trying):
			if closed == nil || h.asideTo.Before(closed.asideTo) {
				closed = h
			}
		case resting:
			if aside == nil {
				aside = h
			}
		default:
			h.trying = true
			return h, nil
		}
	}
	if aside != nil {
		return aside, nil
	}
	if closed == nil {
		return nil, nil // all were tried
	}
	return nil, &UnavailableError{
		Response:   Response{URL: displayURL(closed.base)},
		RetryAfter: max(closed.asideTo.Sub(now), 0),
		Err:        &openError{closed.failures, closed.last},
	}
}

// askable reports whether there will be a host to ask at that time.
func (hs *hosts) askable(at time.Time) bool {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	return slices.ContainsFunc(hs.all, func(h *host) bool {
		return !hs.open(h) || !at.Before(h.asideTo) && !h.trying
	})
}

// health is what an attempt shows of a host.
type health uint8

const (
	unclear health = iota // the caller left before there was an answer
	well
	ill
)

// report says how the attempt at h went. pause is what the host asked for, 0 if
// nothing: it may lengthen the pause, not beyond maxPause. changed is the event
// to tell of, if its Kind is not 0.
func (hs *hosts) report(h *host, state health, pause time.Duration, err error) (changed Event) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	h.trying = false
	switch state {
	case well:
		if h.told {
			changed = Event{Kind: EventClose, URL: displayURL(h.base)}
		}
		h.failures, h.asideTo, h.told, h.last = 0, time.Time{}, false, nil
		hs.current = slices.Index(hs.all, h)
	case ill:
		h.failures++
		pause = min(max(pause, hs.pauseAfter(h.failures)), hs.maxPause)
		h.asideTo, h.last = time.Now().Add(pause), err
		if len(hs.all) > 1 || hs.open(h) { // an only host goes on being asked until then
			h.told = true
			changed = Event{Kind: EventOpen, URL: displayURL(h.base), Duration: pause, Err: err}
		}
	}
	return changed
}

// pauseAfter is how long a host is set aside after n failures in a row: the
// pause until the circuit opens, then doubled each time. A part of it is random,
// so that many clients do not come back at once.
func (hs *hosts) pauseAfter(n int) time.Duration {
	d := hs.pause
	for range n - max(hs.failures, 1) {
		if d *= 2; d >= hs.maxPause {
			d = hs.maxPause
			break
		}
	}
	return d - time.Duration(rand.Int64N(int64(d)/5+1))
}

package registry

import (
	"time"

	"github.com/kavro/kavro/registry/transport"
)

// An Observer is told what a client does: for metrics, traces, tests. Its
// method is called from the goroutine that does it, may be called by several
// at once, and must not block.
type Observer interface {
	Observe(Event)
}

// ObserverFunc is an [Observer] that is a function.
type ObserverFunc func(Event)

// Observe calls f.
func (f ObserverFunc) Observe(e Event) { f(e) }

// observers are told one after the other.
type observers []Observer

func (all observers) Observe(e Event) {
	for _, o := range all {
		o.Observe(e)
	}
}

// observed is the kind that each of a transport's events has here.
var observed = [...]EventKind{
	transport.EventRequest: EventRequest, transport.EventRetry: EventRetry,
	transport.EventEjected: EventEjected, transport.EventHealthy: EventHealthy,
}

// observing reports a transport's events to o.
func observing(o Observer) func(transport.Event) {
	if o == nil {
		return nil
	}
	return func(e transport.Event) {
		o.Observe(Event{Kind: observed[e.Kind], Method: e.Method, URL: e.URL, Status: e.Status, Attempt: e.Attempt, Duration: e.Duration, Err: e.Err})
	}
}

// EventKind says what happened.
type EventKind uint8

// The kinds of event, and the fields of [Event] that each fills in.
const (
	// EventRequest: one attempt was made and ended. Method, URL, Attempt,
	// Duration; Status, or Err if no answer came.
	EventRequest EventKind = iota + 1
	// EventRetry: a request will be tried again after Duration, at another URL
	// or the same. Method, URL, Attempt, Status or Err of the one that failed.
	EventRetry
	// EventHit: an answer was in the cache. Cache, Key.
	EventHit
	// EventMiss: an answer was not in the cache; a request follows, or is
	// under way already. Cache, Key.
	EventMiss
	// EventStale: an answer past its lifetime was given. Cache, Key, Age.
	EventStale
	// EventFallback: the registry was unavailable, and the answer came from the
	// cache directory or the seed. Cache, Key; Err is why.
	EventFallback
	// EventUnknown: the registry does not know what was asked for, or did not a
	// short while ago. Cache, Key, Err.
	EventUnknown
	// EventEjected: a URL was ejected, for Duration at first. URL, Err. There is another one only
	// after an EventHealthy.
	EventEjected
	// EventHealthy: a URL that was ejected is so no more: it answers again, or Err is [ErrClosed].
	// URL.
	EventHealthy
)

var eventNames = [...]string{"", "request", "retry", "hit", "miss", "stale", "fallback", "unknown", "ejected", "healthy"}

// String returns the kind in one word: "request", "retry", "hit", ...
func (k EventKind) String() string {
	if int(k) < len(eventNames) {
		return eventNames[k]
	}
	return "unknown kind"
}

// Event is one thing that a client did. Which fields are set depends on Kind.
type Event struct {
	Kind     EventKind
	Method   string
	URL      string // without user, password and query
	Status   int
	Attempt  int    // 1 for the first
	Cache    string // "id", "guid", "version", "schema", "latest", "association"
	Key      string // what was asked for, for people: "schema id 41"
	Age      time.Duration
	Duration time.Duration
	Err      error
}

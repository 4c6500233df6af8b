package transport

import "time"

// EventKind is what a transport reports.
type EventKind uint8

// The kinds of event, and the fields of [Event] that each fills in.
const (
	// EventRequest: one attempt was made and ended. Method, URL, Attempt, Duration; Status, or
	// Err if no answer came.
	EventRequest EventKind = iota + 1
	// EventRetry: a request will be tried again after Duration, at another URL or the same.
	// Method, URL, Attempt, Status or Err of the one that failed.
	EventRetry
	// EventEjected: a URL was ejected, for Duration at first. URL, Err. There is another one only
	// after an EventHealthy.
	EventEjected
	// EventHealthy: a URL that was ejected is so no more: it answers again, or Err is [ErrClosed].
	// URL.
	EventHealthy
)

// Event is one thing that a transport did. Which fields are set depends on Kind.
type Event struct {
	Kind     EventKind
	Method   string
	URL      string // without user, password and query
	Status   int
	Attempt  int // 1 for the first
	Duration time.Duration
	Err      error
}

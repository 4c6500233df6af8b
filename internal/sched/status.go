package sched

import "time"

// State says in one word what is done with a partition.
type State uint8

// The states.
const (
	Reading    State = iota // its records are polled and processed
	Paused                  // by the program
	Throttled               // over its high-water mark: not polled until records are processed
	Waiting                 // the registry does not answer for one of its records
	Superseded              // after a Seek, while handlers of records before it are running
	Revoking                // it is drained and committed
	Ended                   // read to its end
)

var stateNames = [...]string{"reading", "paused", "throttled", "waiting for the registry", "waiting for handlers", "revoking", "at its end"}

// String returns the state in words.
func (s State) String() string { return stateNames[s] }

// Status is the state of one generation.
type Status struct {
	State     State
	Position  int64 // offset of the first unprocessed record, or of the next one to be polled
	Committed int64
	InFlight  int // polled and unprocessed records
	Bytes     int // keys and values of those
	Handlers  int
	Paused    bool          // by the program
	Waiting   bool          // for the registry
	Oldest    time.Duration // since the record at Position was polled; 0 if there is none
	Blocking  string        // what that record waits for; "" if there is none
}

// Status returns the state of g.
func (m *Machine) Status(g *Generation) Status {
	s := Status{
		Position: m.Position(g), Committed: g.committed, InFlight: g.inFlight, Bytes: g.bytes, Handlers: g.handlers,
		Paused: g.paused, Waiting: g.waiting > 0, State: g.state(),
	}
	if _, polled, ok := g.tracker.oldest(); ok {
		s.Oldest = m.now - time.Duration(polled)
		s.Blocking = g.blocking(m.mode)
	}
	return s
}

func (g *Generation) state() State {
	switch {
	case g.phase == revoking:
		return Revoking
	case g.phase == waiting:
		return Superseded
	case g.paused:
		return Paused
	case g.waiting > 0:
		return Waiting
	case g.intake != open:
		return Throttled
	case g.finished && g.tracker.pending == 0:
		return Ended
	}
	return Reading
}

// blocking returns what the first unprocessed record waits for.
func (g *Generation) blocking(mode Mode) string {
	for _, t := range g.tasks {
		for i := t.counted; i < t.kept; i++ {
			if t.items[i].seq == g.tracker.first {
				if mode == Polling {
					return "the program, which has the record"
				}
				return "its handler"
			}
		}
	}
	for _, q := range g.queues {
		if q.items.len() > 0 && q.items.at(0).seq == g.tracker.first {
			return waits[q.state]
		}
	}
	return "records before it"
}

var waits = [...]string{
	empty:     "the record before it",
	blocked:   "its partition",
	scheduled: "a handler",
	lingering: "more records of its batch",
	delayed:   "its next attempt",
	awaiting:  "the registry",
}

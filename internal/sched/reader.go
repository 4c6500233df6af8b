package sched

// Action is what the reader is to do next.
type Action uint8

// The actions.
const (
	Poll        Action = iota // poll the client
	PollOne                   // poll it briefly, for one record: the poll deadline has passed
	Hold                      // wait: a partition is over its high-water mark
	TakeTask                  // mode Polling: take records
	ReturnError               // return the result of Err
	ReachedEnd                // under Config.ToEnd everything is read and processed
	StopReading               // the mode is Draining or Closed
)

var actionNames = [...]string{"poll", "poll one", "hold", "take a task", "return an error", "reached the end", "stop reading"}

func (a Action) String() string { return actionNames[a] }

// Reader returns what the reader is to do. It changes with the state: a reader that waits is woken when
// it is no longer what it waits for.
func (m *Machine) Reader() Action {
	switch {
	case m.mode == Draining || m.mode == Closed:
		return StopReading
	case len(m.errs) > 0:
		return ReturnError
	case m.mode == Polling && m.front() != nil:
		if m.now >= m.pollBy {
			return PollOne
		}
		return TakeTask
	case m.AtEnd():
		return ReachedEnd
	case m.mode == Running && m.holding > 0:
		return Hold
	}
	return Poll
}

// Ready reports whether a task may start.
func (m *Machine) Ready() bool { return m.mode == Running && m.front() != nil }

// AtEnd reports whether, under Config.ToEnd, every assigned partition was read to its end and is
// processed. Without an assignment it is false: during an eager rebalance no member has partitions.
func (m *Machine) AtEnd() bool {
	return m.ToEnd && len(m.assigned) > 0 && m.ended == len(m.assigned)
}

// Backpressure reports whether a partition is not polled until its records are processed.
func (m *Machine) Backpressure() bool {
	for _, g := range m.assigned {
		if g.intake != open && !g.paused && g.waiting == 0 {
			return true
		}
	}
	return false
}

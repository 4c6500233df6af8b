package sched

import (
	"hash/maphash"
	"slices"
	"time"

	"github.com/kavro/kavro/kafka"
)

// Limits of a machine that no option changes.
const (
	// MaxTask is the largest number of records of a task that adapts its size.
	MaxTask = 64
	// taskTime is the time that such a task is to take at most.
	taskTime = time.Millisecond
	// taskDeadline ends a task of records that do not wait for each other, so that others get those
	// that are behind a slow one.
	taskDeadline = 10 * time.Millisecond
	// maxHold bounds the time that the reader does not poll because of one partition. Pausing it is
	// expensive: the clients discard what they have fetched of it, and after it is resumed their next
	// fetch may wait for fetch.wait.max.ms.
	maxHold = 500 * time.Millisecond
	// pollDeadline bounds the time between two polls while the program processes records that were
	// polled: a member that does not poll is removed from its group.
	pollDeadline = time.Second
	// maxFree bounds the free list of queues.
	maxFree = 1024
)

// Config is what a machine is made with.
type Config struct {
	Records int                              // high-water mark of one partition, in records
	Bytes   int                              // and in bytes of their keys and values
	ToEnd   bool                             // read each partition up to its end, and no further
	Reuse   bool                             // keep records that Run or RunBatch have processed, for Spare
	Backoff func(attempts int) time.Duration // delay between two attempts of an outage
}

// Work is how Run or RunBatch processes records.
type Work struct {
	Ordering Ordering
	Workers  int           // largest number of tasks at once
	Batch    int           // records of a task, at most; 0: tasks adapt their size
	Linger   time.Duration // how long a batch waits for that many
}

// Ordering says which records are processed one after the other.
type Ordering uint8

// The orderings.
const (
	Partition Ordering = iota // those of one partition
	Key                       // those of one partition with the same key
	None                      // none
)

// Mode is what the consumer does.
type Mode uint8

// The modes.
const (
	Polling  Mode = iota // the program calls Poll, or iterates
	Running              // Run or RunBatch call a handler
	Draining             // they wait for running tasks, and no more start
	Closed               // reading has ended
)

var modeNames = [...]string{"polling", "running", "draining", "closed"}

func (m Mode) String() string { return modeNames[m] }

// Machine is the state of one consumer. Its methods are not safe for concurrent use, except those of
// [Task]. Time is the duration since a moment that the caller chooses.
type Machine struct {
	Config
	mode     Mode
	work     Work
	stop     error   // why the machine drains or is closed
	errs     []error // for the reader to return
	now      time.Duration
	assigned map[kafka.TopicPartition]*Generation
	ready    fifo[*queue] // scheduled queues
	free     []*queue
	seed     maphash.Seed
	outages  map[any]*outage
	timers   timers
	changed  []*Generation // generations whose pause may have to change
	taskSize int
	closed   error         // of Close
	pollBy   time.Duration // the poll deadline
	alarms   struct {      // the deadlines of the machine's own timers; 0: not running
		poll, sweep time.Duration
	}
	holding int // number of generations that the reader does not poll for
	ended   int // number of generations that were read to their end, and are processed
	spare   []*kafka.Record
}

// New returns a machine without partitions, in mode Polling.
func New(c Config) *Machine {
	return &Machine{
		Config:   c,
		assigned: map[kafka.TopicPartition]*Generation{},
		outages:  map[any]*outage{},
		seed:     maphash.MakeSeed(),
		taskSize: 1,
	}
}

// Mode returns the current mode.
func (m *Machine) Mode() Mode { return m.mode }

// Begin begins Run or RunBatch. All records are unprocessed: the reader has finished its tasks.
func (m *Machine) Begin(w Work) {
	m.mode, m.work, m.taskSize, m.stop = Running, w, 1, nil
	m.rebuild()
	if len(m.errs) > 0 { // Poll would have returned it
		m.Stop(m.errs[0])
		m.errs = m.errs[1:]
	}
}

// Stop lets no more tasks start, and stops those in progress at their next record. err is the reason;
// the first one counts.
func (m *Machine) Stop(err error) {
	if m.mode != Running {
		return
	}
	m.mode, m.stop = Draining, err
	m.stopAll()
}

func (m *Machine) stopAll() {
	for _, g := range m.assigned {
		m.stopTasks(g)
	}
}

// End ends Run or RunBatch, and returns the reason of Stop. The results of tasks in progress will be
// ignored: their records are unprocessed.
func (m *Machine) End() error {
	for _, g := range m.assigned {
		m.Progress(g)
		for _, t := range g.tasks {
			t.state = abandoned
		}
	}
	m.mode, m.work = Polling, Work{}
	if m.closed != nil {
		m.mode = Closed
	}
	m.rebuild()
	return m.stop
}

// Close ends reading with err.
func (m *Machine) Close(err error) {
	m.closed = err
	m.Stop(err)
	if m.mode == Polling {
		m.mode, m.stop = Closed, err
		m.stopAll()
	}
}

// Stopped returns why the machine drains or is closed.
func (m *Machine) Stopped() error { return m.stop }

// Fail records an error of a partition or a commit. The reader returns it. While Run is running, it is
// ignored, or stops Run if it is permanent.
func (m *Machine) Fail(err error, permanent bool) {
	switch {
	case m.mode == Polling:
		m.errs = append(m.errs, err)
	case permanent:
		m.Stop(err)
	}
}

// Err returns the next error that the reader is to return, for the action ReturnError.
func (m *Machine) Err() error {
	err := m.errs[0]
	m.errs = slices.Delete(m.errs, 0, 1)
	return err
}

// rebuild assigns all unprocessed records to queues again, in the order of polling, since the ordering
// has changed.
func (m *Machine) rebuild() {
	for m.ready.len() > 0 {
		m.ready.pop().listed = false
	}
	for _, o := range m.outages {
		m.endOutage(o)
	}
	for _, g := range m.Assignment() {
		if m.mode == Polling && g.intake == holding {
			g.intake = throttled // Poll returns nothing while the reader holds
		}
		for _, it := range g.unprocessed() {
			m.requeue(it)
		}
		m.update(g)
	}
}

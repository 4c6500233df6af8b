package clienterr

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kavro/kavro/kafka"
)

// Topics detects that a producer's records wait for a topic that does not exist. Both client libraries
// retry for half a minute without an error. So each topic is checked once a moment after its first record,
// if records are in flight then, and again while it is missing.
type Topics struct {
	tracker *Tracker
	check   func(ctx context.Context, topic string) error
	waiting func() bool

	first atomic.Pointer[string] // the first topic, which is mostly the only one
	seen  sync.Map               // topics, with nothing; added to with mu held

	ctx     context.Context
	cancel  context.CancelFunc
	mu      sync.Mutex
	topics  int // in seen
	closed  bool
	timers  map[*time.Timer]bool
	running sync.WaitGroup
}

// A topic is checked firstCheck after its first record, then after twice the time before, lastCheck at
// most.
const (
	firstCheck = 250 * time.Millisecond
	lastCheck  = 30 * time.Second
)

// maxSeen bounds the topics that are kept; further topics are not checked.
const maxSeen = 10_000

// NewTopics makes the Topics of one producer. check asks a broker for a topic, and waiting reports whether
// records are in flight. Both are called on goroutines of the Topics.
func NewTopics(t *Tracker, check func(ctx context.Context, topic string) error, waiting func() bool) *Topics {
	w := &Topics{tracker: t, check: check, waiting: waiting, timers: map[*time.Timer]bool{}}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	return w
}

// Produced is called with the topic of every record.
func (w *Topics) Produced(topic string) {
	if first := w.first.Load(); first != nil && *first == topic {
		return
	}
	w.add(topic)
}

func (w *Topics) add(topic string) {
	if _, seen := w.seen.Load(topic); !seen {
		w.mu.Lock()
		defer w.mu.Unlock()
		if _, seen = w.seen.Load(topic); w.closed || seen || w.topics >= maxSeen {
			return
		}
		w.topics++
		w.seen.Store(topic, nil)
		w.after(firstCheck, topic)
	}
	if w.first.Load() == nil {
		w.remember(topic)
	}
}

// remember is a function of its own: in add, taking the address would allocate for every record.
func (w *Topics) remember(topic string) { w.first.Store(&topic) }

// after checks topic after d. w.mu is held.
func (w *Topics) after(d time.Duration, topic string) {
	var timer *time.Timer
	timer = time.AfterFunc(d, func() {
		w.mu.Lock()
		delete(w.timers, timer)
		if w.closed {
			w.mu.Unlock()
			return
		}
		w.running.Add(1)
		w.mu.Unlock()
		defer w.running.Done()
		w.checkOnce(d, topic)
	})
	w.timers[timer] = true
}

// checkOnce checks topic.
func (w *Topics) checkOnce(waited time.Duration, topic string) {
	if !w.waiting() {
		return
	}
	ctx, cancel := context.WithTimeout(w.ctx, time.Second)
	defer cancel()
	err := w.check(ctx, topic)
	if err == nil {
		w.tracker.TopicOK(topic)
		return
	}
	if e, ok := err.(*kafka.Error); ok && e.Topic == topic { // else it is an error of a connection, which the client reports
		w.tracker.Note(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		w.after(min(2*waited, lastCheck), topic)
	}
}

// Close ends the checks and waits for them.
func (w *Topics) Close() {
	w.mu.Lock()
	w.closed = true
	for timer := range w.timers {
		timer.Stop()
	}
	w.mu.Unlock()
	w.cancel()
	w.running.Wait()
}

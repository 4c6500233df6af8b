// Package clienterr keeps the last errors of a Kafka client about brokers and topics, for both drivers. A
// client retries after such an error, and a waiting call returns only that its context has ended.
// [Tracker.Explain] adds the cause to that error, and [Tracker.Report] writes a warning meanwhile.
package clienterr

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kavro/kavro/kafka"
)

// maxAge is how long an error counts as a cause. librdkafka repeats the error of a broker every 30 s only.
const maxAge = 2 * time.Minute

// maxTopics bounds the topics with an error.
const maxTopics = 100

// Tracker keeps the errors of one client. All methods are safe for concurrent use.
type Tracker struct {
	hook     func(error)
	warnings *warnings
	closed   atomic.Bool
	answered atomic.Bool // a broker has answered, at least once
	down     atomic.Bool // all brokers have failed since the last success

	servers      string                     // bootstrap.servers; "": not known
	silenceTimer atomic.Pointer[time.Timer] // warns if no broker answers; nil before Connecting

	last  atomic.Pointer[entry] // the last error of a connection; nil: none since the last success
	fatal atomic.Pointer[kafka.Error]

	mu     sync.Mutex
	topics map[string]*entry // the last error of each topic
}

// entry is an error with its time.
type entry struct {
	err error
	at  time.Time
}

func (e *entry) current() bool { return e != nil && time.Since(e.at) < maxAge }

// New makes the tracker of one client. It calls hooks.Error, and writes warnings to hooks.Logger, or to
// slog.Default() as it is at that time.
func New(hooks kafka.Hooks) *Tracker {
	return &Tracker{hook: hooks.Error, warnings: &warnings{logger: hooks.Logger}}
}

// Sibling makes the tracker of a second client of the same session. The two do not repeat each other's
// warnings.
func (t *Tracker) Sibling() *Tracker { return &Tracker{hook: t.hook, warnings: t.warnings} }

// Report records an error that the client recovers from, and calls Hooks.Error.
func (t *Tracker) Report(err error) {
	if t.hook != nil {
		t.hook(err)
	}
	t.Note(err)
}

// Note is Report without Hooks.Error, for errors that are returned to the caller too, where programs may
// overlook them.
func (t *Tracker) Note(err error) {
	_, of := errors.AsType[*kafka.Error](err) // the error of a dial that timed out is also a context's
	if t.closed.Load() || !of && kafka.IsContext(err) || errors.Is(err, context.Canceled) || errors.Is(err, kafka.ErrClosed) {
		return
	}
	if t.record(err) {
		t.warnings.warn(err)
	}
}

// record keeps err. It returns false if err only follows from an error that is kept.
func (t *Tracker) record(err error) bool {
	e, ok := errors.AsType[*kafka.Error](err)
	if ok && e.Topic != "" {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.topics == nil || len(t.topics) >= maxTopics {
			t.topics = map[string]*entry{}
		}
		t.topics[e.Topic] = &entry{err, time.Now()}
		return true
	}
	last := t.last.Load()
	if ok && e.Code == allBrokersDown {
		t.down.Store(true)
		if last.current() { // the error of a broker is the cause
			return false
		}
	}
	if ok && e.Is(kafka.ErrUnreachable) && last.current() && refused(last.err) && !refused(err) {
		return false // a broker closes the connection after it has refused the client
	}
	t.last.Store(&entry{err, time.Now()})
	return true
}

// refused reports whether a broker has answered and has refused this client.
func refused(err error) bool {
	return errors.Is(err, kafka.ErrAuthentication) || errors.Is(err, kafka.ErrTLS)
}

// allBrokersDown is librdkafka's code for "no connection is left".
const allBrokersDown = -187

// transport is librdkafka's code for errors of connections.
const transport = -195

// OK says that a broker has answered: errors of connections are over. It is cheap enough to be called for
// each record.
func (t *Tracker) OK() {
	if t.last.Load() != nil {
		t.last.Store(nil)
		t.down.Store(false)
	}
	if !t.answered.Load() {
		t.answered.Store(true)
	}
}

// Answered reports whether OK was called.
func (t *Tracker) Answered() bool { return t.answered.Load() }

// Down reports whether all brokers have failed, and none has answered since.
func (t *Tracker) Down() bool { return t.down.Load() }

// ExpectAnswer says that OK will be called as soon as any broker answers. Until then, that none has is a
// cause too: a host that drops packets, or a port of another protocol, causes no error for half a minute.
// servers is bootstrap.servers. It is called before the tracker is used.
func (t *Tracker) ExpectAnswer(servers string) { t.servers = servers }

// unansweredError is the cause where no other is known.
type unansweredError struct{ servers string }

func (e *unansweredError) Error() string {
	return "no broker has answered yet at bootstrap.servers=" + e.servers + ": is the port Kafka's, is security.protocol right, is SASL missing?"
}

// Connecting says that the client connects to brokers from now on. If none has answered after silentFor,
// and no error was reported, a warning is written. Later calls do nothing.
func (t *Tracker) Connecting() {
	if t.silenceTimer.Load() != nil {
		return
	}
	timer := time.AfterFunc(silentFor, func() {
		if !t.answered.Load() && !t.closed.Load() && !t.last.Load().current() {
			t.warnings.warn(t.unanswered())
		}
	})
	if !t.silenceTimer.CompareAndSwap(nil, timer) {
		timer.Stop()
	}
}

// silentFor is the time without an answer before the warning.
const silentFor = 2500 * time.Millisecond

// unanswered is the cause while no broker has answered.
func (t *Tracker) unanswered() *kafka.Error {
	return &kafka.Error{Code: transport, Partition: -1, Retriable: true, Err: &unansweredError{t.servers}}
}

// TopicOK says that a topic exists: its error is over.
func (t *Tracker) TopicOK(topic string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.topics, topic)
}

// Close ends warnings: errors are expected while a client is being closed. Explain still adds the causes
// from before.
func (t *Tracker) Close() {
	t.closed.Store(true)
	if timer := t.silenceTimer.Load(); timer != nil {
		timer.Stop()
	}
}

// SetFatal records the error that ends the client. The first one counts.
func (t *Tracker) SetFatal(err *kafka.Error) { t.fatal.CompareAndSwap(nil, err) }

// Fatal returns the error that has ended the client, or nil.
func (t *Tracker) Fatal() error {
	if e := t.fatal.Load(); e != nil {
		return e
	}
	return nil
}

// Last returns the error that has ended the client, else its last errors of connections and topics. It is
// nil if there are none.
func (t *Tracker) Last() error {
	if err := t.Fatal(); err != nil {
		return err
	}
	var all []error
	if e := t.last.Load(); e.current() {
		all = append(all, e.err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.topics) > 0 {
		for _, topic := range slices.Sorted(maps.Keys(t.topics)) {
			if e := t.topics[topic]; e.current() && len(all) < 3 {
				all = append(all, e.err)
			}
		}
	}
	if len(all) == 0 && t.servers != "" && !t.answered.Load() {
		return t.unanswered()
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return &multipleErrors{all}
}

// Explain adds the cause to an error that only says that a call has not succeeded: a context's,
// kafka.ErrClosed, or a timeout of the client's. It returns other errors, and all errors without a known
// cause, as they are.
func (t *Tracker) Explain(err error) error {
	if err == nil {
		return nil
	}
	e, isError := err.(*kafka.Error)
	if isError && !vague(e) || !isError && !kafka.IsContext(err) && !errors.Is(err, kafka.ErrClosed) {
		return err
	}
	if fatal := t.Fatal(); fatal != nil && isError && e.Code == -150 {
		return fatal
	}
	cause := t.Last()
	if x, done := err.(*explained); done {
		if _, vague := errors.AsType[*unansweredError](x.cause); !vague || cause == nil {
			return err
		}
		err = x.err // a cause is known by now
	}
	if cause == nil || errors.Is(err, cause) {
		return err
	}
	if isError && e.Code == transport && errors.Unwrap(e.Err) != nil && (refused(err) || !refused(cause)) {
		return err // it has its own cause
	}
	if !isError {
		return &explained{err, cause}
	}
	with := *e
	with.Err = &explained{e.Err, cause}
	if c, ok := cause.(*kafka.Error); ok && c.Code == e.Code {
		with.Err = &replaced{e.Err, c.Err} // the cause says too that a connection failed
	}
	return &with
}

// vague reports whether an error has no cause: librdkafka's timeouts, "waiting for coordinator" and
// "waiting for cache", "all brokers down", "a fatal error was raised before", "records were not
// delivered", and errors of connections.
func vague(e *kafka.Error) bool {
	switch e.Code {
	case -185, -192, -166, -180, -164, allBrokersDown, transport, -150, -149:
		return true
	}
	return false
}

// explained is an error with its cause: "context deadline exceeded: broker ...".
type explained struct{ err, cause error }

func (e *explained) Error() string   { return fmt.Sprintf("%v: %v", e.err, e.cause) }
func (e *explained) Unwrap() []error { return []error{e.err, e.cause} }

// replaced is an error with the text of its cause.
type replaced struct{ err, cause error }

func (r *replaced) Error() string   { return r.cause.Error() }
func (r *replaced) Unwrap() []error { return []error{r.err, r.cause} }

// multipleErrors is more than one cause.
type multipleErrors struct{ errs []error }

func (s *multipleErrors) Error() string {
	text := ""
	for i, err := range s.errs {
		if i > 0 {
			text += "; "
		}
		text += err.Error()
	}
	return text
}

func (s *multipleErrors) Unwrap() []error { return s.errs }

// ContextError returns ctx's error with its cause, or nil if ctx has not ended. It does not wait.
func (t *Tracker) ContextError(ctx context.Context) error { return t.Explain(ctx.Err()) }

// warnings writes each warning once in warnEvery.
type warnings struct {
	logger *slog.Logger // nil: slog.Default()

	mu      sync.Mutex
	written map[string]*repeated // by subject
}

// repeated is a warning that was written.
type repeated struct {
	at    time.Time
	since int // number of repetitions since
}

// warnEvery is the time between two warnings about the same thing.
const warnEvery = time.Minute

// maxWarnings bounds written.
const maxWarnings = 100

func (w *warnings) warn(err error) {
	key := subject(err)
	w.mu.Lock()
	before := w.written[key]
	if before != nil && time.Since(before.at) < warnEvery {
		before.since++
		w.mu.Unlock()
		return
	}
	if w.written == nil || len(w.written) >= maxWarnings {
		w.written = map[string]*repeated{}
	}
	w.written[key] = &repeated{at: time.Now()}
	w.mu.Unlock()

	logger := w.logger
	if logger == nil {
		logger = slog.Default()
	}
	attrs := []any{slog.String("error", err.Error())}
	if before != nil && before.since > 0 {
		attrs = append(attrs, slog.Int("repeated", before.since))
	}
	if e, ok := errors.AsType[*kafka.Error](err); ok && e.Fatal {
		logger.Error("kafka: the client has ended", attrs...)
		return
	}
	logger.Warn("kafka: client error, the client keeps trying", attrs...)
}

// subject identifies repetitions of a warning: by topic and code, or by the text without numbers, without
// the broker of an error of a connection, and without librdkafka's "(after 3ms in state CONNECT, ...)".
func subject(err error) string {
	text, where := err.Error(), ""
	if e, ok := errors.AsType[*kafka.Error](err); ok {
		if e.Topic != "" {
			return fmt.Sprint(e.Code, e.Topic)
		}
		text, where = e.Err.Error(), fmt.Sprint(e.Code)
	}
	text, _, _ = strings.Cut(text, " (after ")
	if e, ok := errors.AsType[*kafka.Error](err); ok && e.Is(kafka.ErrUnreachable) {
		text = text[strings.LastIndex(text, ": ")+1:]
	}
	withoutNumbers := strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return -1
		}
		return r
	}, text)
	return where + withoutNumbers
}

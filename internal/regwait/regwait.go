// Package regwait tells of a Schema Registry that records wait for: in the log while
// they wait, and in the error of a call whose context ends meanwhile. It is for the
// readers of records, which otherwise wait in silence.
package regwait

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/kavro/kavro/registry"
)

// warnEvery is the time between two warnings about the same thing. It is that of the
// clients' warnings.
const warnEvery = time.Minute

// maxWarnings bounds the causes that are remembered.
const maxWarnings = 100

// Warnings are the warnings of one reader. The zero value is ready. It is safe for
// concurrent use.
type Warnings struct {
	mu  sync.Mutex
	out map[string]*warning // by cause
}

// warning is one that was written.
type warning struct {
	at    time.Time
	since int // how often it was left out since
}

// Warn writes that records wait because of err to l, unless it did so for the same
// cause within a minute. Nil is slog.Default(), as it is then.
func (w *Warnings) Warn(l *slog.Logger, err error) {
	key := cause(err)
	w.mu.Lock()
	before := w.out[key]
	if before != nil && time.Since(before.at) < warnEvery {
		before.since++
		w.mu.Unlock()
		return
	}
	if w.out == nil || len(w.out) >= maxWarnings {
		w.out = map[string]*warning{}
	}
	w.out[key] = &warning{at: time.Now()}
	w.mu.Unlock()

	if l == nil {
		l = slog.Default()
	}
	attrs := []any{slog.String("error", err.Error())}
	if before != nil && before.since > 0 {
		attrs = append(attrs, slog.Int("repeated", before.since))
	}
	l.Warn("kavro: consumer: waiting for the registry, which does not answer; it is asked again", attrs...)
}

// cause is what a warning is about, whichever id or record is concerned: the status, or
// the text of the innermost error without its numbers.
func cause(err error) string {
	if u := Unavailable(err); u != nil {
		if err = u.Err; err == nil {
			return fmt.Sprint(u.Status)
		}
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			break
		}
		err = inner
	}
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return -1
		}
		return r
	}, err.Error())
}

// Unavailable returns what the registry's client said, or nil if it did not say that
// the registry is away. That a context ended is none, unless attempts failed before.
func Unavailable(err error) *registry.UnavailableError {
	if u, ok := errors.AsType[*registry.UnavailableError](err); ok {
		return u
	}
	if left, ok := errors.AsType[interface {
		error
		Unanswered() *registry.UnavailableError
	}](err); ok {
		return left.Unanswered()
	}
	return nil
}

// Explain adds why records wait to the error of a context that ended meanwhile. err
// stays the same if cause says nothing of a registry.
func Explain(err, cause error) error {
	u := Unavailable(cause)
	if err == nil || u == nil || errors.Is(err, error(u)) {
		return err
	}
	return &explained{err, u}
}

// explained is an error with its cause. It holds no error of a record: that one ends a
// Run.
type explained struct {
	err   error
	cause *registry.UnavailableError
}

func (e *explained) Error() string {
	return fmt.Sprintf("%v: waiting for a schema: %v", e.err, e.cause)
}
func (e *explained) Unwrap() []error { return []error{e.err, e.cause} }

// Package regwait reports that records wait for a Schema Registry: in the log, and in the
// error of a call whose context ends meanwhile.
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

// warnEvery is the time between two warnings with the same cause. The warnings of the Kafka
// clients have the same.
const warnEvery = time.Minute

// maxWarnings bounds the number of causes in Warnings.
const maxWarnings = 100

// Warnings limits the warnings of one reader. The zero value is ready to use. It is safe for
// concurrent use.
type Warnings struct {
	mu  sync.Mutex
	out map[string]*warning // by cause
}

// warning is a warning that was logged.
type warning struct {
	at    time.Time
	since int // number of times that it was left out since
}

// Warn logs to l that records wait because of err, unless it did so for the same cause within
// a minute. A nil l is the current slog.Default().
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
	l.Warn("kavro: consumer: waiting for the registry, which does not answer; trying again", attrs...)
}

// cause returns a key for the cause of err that does not depend on the id or record: the
// status, or the text of the innermost error without digits.
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

// Unavailable returns the error of the registry's client if the registry did not answer, else
// nil. The end of a context alone is not such an error, unless attempts failed before.
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

// Explain adds why records wait, cause, to the error of a context that ended meanwhile. It
// returns err unchanged if cause is not an unavailable registry.
func Explain(err, cause error) error {
	u := Unavailable(cause)
	if err == nil || u == nil || errors.Is(err, error(u)) {
		return err
	}
	return &explained{err, u}
}

// explained is an error with its cause. It does not wrap the error of a record, which would be
// mistaken for the one that ended Run.
type explained struct {
	err   error
	cause *registry.UnavailableError
}

func (e *explained) Error() string {
	return fmt.Sprintf("%v: waiting for a schema: %v", e.err, e.cause)
}
func (e *explained) Unwrap() []error { return []error{e.err, e.cause} }

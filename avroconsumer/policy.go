package avroconsumer

import (
	"errors"
	"fmt"
	"time"
)

// Class groups the errors of records by what can be done about them.
//
// No policy can be given for four of them, because the record is not to blame:
// while the registry does not answer, the record is tried again and again, in its
// place; when the registry refuses the program's credentials, a tombstone comes of
// which nothing says what to do with it, or the program has no schema to read with,
// Run ends, whatever the policies say.
type Class uint8

// The classes.
const (
	// DecodeErrors: the bytes are not framed, cut short, or disagree with their
	// schema; or this datum has a symbol or a branch that the reader's schema lacks.
	// Trying again would fail again.
	DecodeErrors Class = iota
	// UnknownSchemas: the registry does not know the schema's id, or no handler
	// is there for the record's type ([ErrNoHandler]).
	UnknownSchemas
	// HandlerErrors: the handler returned an error, or panicked.
	HandlerErrors
	// SchemaMismatch: the record's schema as a whole cannot become what the program
	// reads ([serde.SchemaMismatchError]), or has a rule that cannot be run
	// ([serde.RuleError]); or the handler returns the error of producing a type whose
	// schema the registry refuses, lacks, or does not match. Other records of that
	// schema fail too: skip them, or dead-letter them, only if all of them may go.
	SchemaMismatch

	classes = 4
)

// The classes that no policy is for, because the record is not to blame: an
// [Observer] is told of them.
const (
	// RegistryUnavailable: the registry does not answer. The record waits in its
	// place, paused, and is tried again until it does.
	RegistryUnavailable Class = 0x80 + iota
	// RegistryUnauthorized: the registry refuses the program's credentials. Run ends.
	RegistryUnauthorized
	// TombstoneErrors: nothing says what to do with a null value ([ErrTombstone]).
	// Run ends.
	TombstoneErrors
	// ReaderSchemaErrors: the program has no schema to read with
	// ([serde.ReaderSchemaError]). Run ends.
	ReaderSchemaErrors
)

// String returns the class in a few words: "decode", "unknown schema", "handler",
// "schema mismatch", "registry unavailable", "registry unauthorized", "tombstone" or
// "reader schema".
func (c Class) String() string {
	switch c {
	case DecodeErrors:
		return "decode"
	case UnknownSchemas:
		return "unknown schema"
	case HandlerErrors:
		return "handler"
	case SchemaMismatch:
		return "schema mismatch"
	case RegistryUnavailable:
		return "registry unavailable"
	case RegistryUnauthorized:
		return "registry unauthorized"
	case TombstoneErrors:
		return "tombstone"
	case ReaderSchemaErrors:
		return "reader schema"
	default:
		return fmt.Sprintf("Class(%d)", uint8(c))
	}
}

// Policy says what Run and RunBatch do with a record that failed. The zero value
// is [Stop].
type Policy struct {
	action      Action
	retries     int
	backoff     Backoff
	deadLetters DeadLetterWriter
	then        *Policy // after the retries; nil: Stop
}

// Action is what was done with a record that failed.
type Action uint8

// The actions.
const (
	Stopped            Action = iota // Run ended, the record is not dealt with
	Skipped                          // the record counts as dealt with
	DeadLettered                     // it was written elsewhere, and counts as dealt with
	Retried                          // it will be handled once more
	PassedRaw                        // the handler gets it undecoded
	WaitingForRegistry               // the registry does not answer: it will be decoded once more
)

// String returns the action in a word.
func (a Action) String() string {
	return [...]string{"stopped", "skipped", "dead-lettered", "retried", "handed raw", "waited"}[a]
}

// Stop ends Run with the record's error and leaves the committed offset on the
// record: whoever reads next meets it again. It is the default.
func Stop() Policy { return Policy{action: Stopped} }

// Skip counts the record as dealt with. Only the [Observer] is told.
func Skip() Policy { return Policy{action: Skipped} }

// DeadLetter writes the record elsewhere, as it came, and then counts it as dealt
// with. A dead letter that cannot be written ends Run.
func DeadLetter(w DeadLetterWriter) Policy { return Policy{action: DeadLettered, deadLetters: w} }

// Retry calls the handler again, up to n times and after a pause each time, and
// then does what [Policy.Then] says, or stops. Records that must come after this
// one wait; others go on. Errors of decoding are never retried.
func Retry(n int, b Backoff) Policy { return Policy{action: Retried, retries: n, backoff: b} }

// Raw hands the record to the handler although it could not be decoded, with
// [Message].Err set.
func Raw() Policy { return Policy{action: PassedRaw} }

// Then says what follows when the retries are used up.
func (p Policy) Then(next Policy) Policy {
	p.then = &next
	return p
}

// Backoff is how long to wait before the n-th retry, counted from 1.
type Backoff func(n int) time.Duration

// Constant waits d before every retry.
func Constant(d time.Duration) Backoff { return func(int) time.Duration { return d } }

// Exponential waits first, then twice as long each time, but never longer than
// most.
func Exponential(first, most time.Duration) Backoff {
	return func(n int) time.Duration {
		d := first
		for range n - 1 {
			if d *= 2; d >= most || d <= 0 {
				return most
			}
		}
		return min(d, most)
	}
}

// Check refuses what makes no sense for a class.
func (p Policy) Check(c Class) error {
	switch {
	case p.action == Retried && c == DecodeErrors:
		return errors.New("decode errors are never retried: they would fail again")
	case p.action == Retried && c == SchemaMismatch:
		return errors.New("schema mismatches are never retried: they would fail again")
	case p.action == Retried && p.retries < 1:
		return fmt.Errorf("Retry: %d retries, want at least 1", p.retries)
	case p.action == Retried && p.backoff == nil:
		return errors.New("Retry: the backoff is nil")
	case p.action == PassedRaw && c == HandlerErrors:
		return errors.New("Raw: the handler has had the record already")
	case p.action == DeadLettered && p.deadLetters == nil:
		return errors.New("DeadLetter: the writer is nil")
	case p.then != nil && p.action != Retried:
		return errors.New("Then: only Retry is followed by something")
	case p.then != nil && p.then.action == Retried:
		return errors.New("Then: Retry cannot follow Retry")
	case p.then != nil:
		return p.then.Check(c)
	}
	return nil
}

// Decision is what a policy says about a record that failed.
type Decision struct {
	Action      Action
	Pause       time.Duration    // before the retry, if Action is Retried
	DeadLetters DeadLetterWriter // if Action is DeadLettered
}

// Decide says what to do after a record has failed for the attempts-th time. It
// is for those who handle records by another way than Run, as package pipeline
// does.
func (p Policy) Decide(attempts int) Decision {
	if p.action == Retried {
		if attempts <= p.retries {
			return Decision{Action: Retried, Pause: p.backoff(attempts)}
		}
		if p.then == nil {
			return Decision{Action: Stopped}
		}
		p = *p.then
	}
	return Decision{Action: p.action, DeadLetters: p.deadLetters}
}

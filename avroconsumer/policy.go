package avroconsumer

import (
	"errors"
	"fmt"
	"time"

	"github.com/kavro/kavro/internal/backoff"
)

// Class groups the errors of records by what can be done about them.
//
// Four classes have no policy, because the record is not the cause. While the registry does
// not answer, the record waits and is tried again. If the registry refuses the program's
// credentials, tombstones are not configured, or the program has no reader's schema, Run ends.
type Class uint8

// The classes.
const (
	// DecodeErrors: the bytes are not framed, are truncated, or do not match their schema; or
	// the datum has a symbol or branch that the reader's schema lacks. Another attempt would
	// fail too.
	DecodeErrors Class = iota
	// UnknownSchemas: the registry does not know the schema id, or there is no handler for the
	// record's type ([ErrNoHandler]).
	UnknownSchemas
	// HandlerErrors: the handler returned an error, or panicked.
	HandlerErrors
	// SchemaMismatch: the record's schema cannot be read as the program's type
	// ([serde.SchemaMismatchError]), or has a rule that cannot be run ([serde.RuleError]); or
	// the handler returned an error of producing a type whose schema the registry refuses,
	// lacks, or does not match. Other records with that schema fail too: skip or dead-letter
	// this class only if all of them may go.
	SchemaMismatch

	classes = 4
)

// The classes without a policy, which an [Observer] is notified of.
const (
	// RegistryUnavailable: the registry does not answer. The record's partition is paused, and
	// the record is tried again until the registry answers.
	RegistryUnavailable Class = 0x80 + iota
	// RegistryUnauthorized: the registry refuses the program's credentials. Run ends.
	RegistryUnauthorized
	// TombstoneErrors: the value is null, and [WithTombstones] is not given ([ErrTombstone]).
	// Run ends.
	TombstoneErrors
	// ReaderSchemaErrors: the program has no schema to read with ([serde.ReaderSchemaError]).
	// Run ends.
	ReaderSchemaErrors
)

// String returns the class in words: "decode", "unknown schema", "handler", "schema mismatch",
// "registry unavailable", "registry unauthorized", "tombstone" or "reader schema".
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

// Policy is what Run and RunBatch do with a record that failed. The zero value is [Stop].
type Policy struct {
	action      Action
	retries     int
	backoff     Backoff
	deadLetters DeadLetterWriter
	then        *Policy // after the retries; nil is Stop
}

// Action is what was done with a record that failed.
type Action uint8

// The actions.
const (
	Stopped            Action = iota // Run ended, the record is unprocessed
	Skipped                          // the record is processed
	DeadLettered                     // the record was written to a DeadLetterWriter and is processed
	Retried                          // the record will be handled again
	PassedRaw                        // the handler gets the record undecoded
	WaitingForRegistry               // the record will be decoded again
)

// String returns the action in words: "stopped", "skipped", "dead-lettered", "retried",
// "passed raw" or "waiting for registry".
func (a Action) String() string {
	return [...]string{"stopped", "skipped", "dead-lettered", "retried", "passed raw", "waiting for registry"}[a]
}

// Stop ends Run with the record's error. The record is unprocessed: the next reader gets it
// again. It is the default.
func Stop() Policy { return Policy{action: Stopped} }

// Skip marks the record as processed. Only the [Observer] is notified.
func Skip() Policy { return Policy{action: Skipped} }

// DeadLetter writes the record to w, and then marks it as processed. If it cannot be written,
// Run ends. A nil w is given later, by [Policy.Through].
func DeadLetter(w DeadLetterWriter) Policy { return Policy{action: DeadLettered, deadLetters: w} }

// Retry calls the handler again, up to n times and with a delay before each, and then applies
// the policy of [Policy.Then], or stops. Records that must be processed after this one wait;
// others continue. It is an error for [DecodeErrors] and [SchemaMismatch], which would
// fail again.
func Retry(n int, b Backoff) Policy { return Policy{action: Retried, retries: n, backoff: b} }

// Raw passes the record to the handler although it could not be decoded, with [Message].Err
// set.
func Raw() Policy { return Policy{action: PassedRaw} }

// Then returns p with the policy that applies after its retries.
func (p Policy) Then(next Policy) Policy {
	p.then = &next
	return p
}

// Through returns p with dead letters written to w where no writer was given, also those that
// follow retries.
func (p Policy) Through(w DeadLetterWriter) Policy {
	if p.action == DeadLettered && p.deadLetters == nil {
		p.deadLetters = w
	}
	if p.then != nil {
		p = p.Then(p.then.Through(w))
	}
	return p
}

// Backoff is the delay before the n-th retry, counted from 1.
type Backoff func(n int) time.Duration

// Constant returns d for every retry.
func Constant(d time.Duration) Backoff { return func(int) time.Duration { return d } }

// Exponential returns first, then twice the previous delay, up to most.
func Exponential(first, most time.Duration) Backoff {
	return func(n int) time.Duration { return backoff.Delay(n, first, most) }
}

// Check returns an error if p cannot be applied to class c.
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
		return errors.New("Raw: the handler has already been called")
	case p.action == DeadLettered && p.deadLetters == nil:
		return errors.New("DeadLetter: the writer is nil")
	case p.then != nil && p.action != Retried:
		return errors.New("Then: only Retry can be followed by a policy")
	case p.then != nil && p.then.action == Retried:
		return errors.New("Then: Retry cannot follow Retry")
	case p.then != nil:
		return p.then.Check(c)
	}
	return nil
}

// Decision is what a policy does with a record that failed.
type Decision struct {
	Action      Action
	Pause       time.Duration    // the delay before the retry, if Action is Retried
	DeadLetters DeadLetterWriter // if Action is DeadLettered
}

// Decide returns the decision after the attempts-th failure of a record. It is for other
// readers of records, such as package pipeline.
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

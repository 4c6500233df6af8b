package avroconsumer

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

var (
	// ErrBusy is returned if another call is reading from the consumer: Poll, Messages, Batches,
	// Run and RunBatch exclude each other.
	ErrBusy = errors.New("avroconsumer: another call is reading from this consumer")

	// ErrEnd is returned by Poll under [WithToEnd] when every assigned partition was read to its
	// end. The iterators end without it, and Run returns nil.
	ErrEnd = errors.New("avroconsumer: read to the end")

	// ErrNotAssigned is returned by Commit for messages whose partition was revoked, lost or
	// moved by Seek since: their offsets are not committed.
	ErrNotAssigned = errors.New("avroconsumer: no longer assigned")

	// ErrRevoked is the cause ([context.Cause]) of a handler's context that ended because its
	// partition was revoked and the drain timeout passed.
	ErrRevoked = errors.New("avroconsumer: partition revoked")

	// ErrLost is the cause of a handler's context that ended because its partition belongs to
	// another member.
	ErrLost = errors.New("avroconsumer: partition lost")

	// ErrStopped is the cause of a handler's context that ended because Run was ending and the
	// drain timeout passed.
	ErrStopped = errors.New("avroconsumer: Run has ended")
)

// errExited ends Run when a handler calls runtime.Goexit.
var errExited = errors.New("avroconsumer: a handler has ended its goroutine")

// Stage is the step in which a record failed.
type Stage uint8

// The stages.
const (
	StageUnknown Stage = iota // a dead letter does not say it
	StageKey                  // the key could not be decoded
	StageValue                // the value could not be decoded
	StageHandler              // the handler returned an error or panicked
	StageOutput               // a pipeline's result could not be serialized because of the registry
)

// String returns "key", "value", "handler", "output" or "unknown".
func (s Stage) String() string {
	switch s {
	case StageKey:
		return "key"
	case StageValue:
		return "value"
	case StageHandler:
		return "handler"
	case StageOutput:
		return "output"
	default:
		return "unknown"
	}
}

// stageNamed returns the stage whose String is name, else StageUnknown.
func stageNamed(name string) Stage {
	for s := StageKey; s <= StageOutput; s++ {
		if s.String() == name {
			return s
		}
	}
	return StageUnknown
}

// RecordError is the error of one record that could not be decoded or handled.
type RecordError struct {
	Raw      *kafka.Record // as polled: topic, partition, offset, key and value bytes, headers
	Stage    Stage
	SchemaID int // of the part that failed; 0 if the frame could not be read
	Attempts int // number of attempts by Run; 0 from Poll
	Err      error
}

// Error returns topic, partition, offset, stage and cause: "orders [3] offset 1203: value
// (schema 41): lines[2].price: ...".
func (e *RecordError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s [%d] offset %d: %s", e.Raw.Topic, e.Raw.Partition, e.Raw.Offset, e.Stage)
	if e.SchemaID != 0 && e.decoding() {
		fmt.Fprintf(&b, " (schema %d)", e.SchemaID)
	}
	fmt.Fprintf(&b, ": %v", e.cause())
	return b.String()
}

// cause returns Err without topic, part and schema, which Error writes.
func (e *RecordError) cause() error {
	if d, ok := e.Err.(*serde.DecodeError); ok && e.decoding() {
		return d.Err
	}
	return e.Err
}

// decoding reports whether the record could not be decoded.
func (e *RecordError) decoding() bool { return e.Stage == StageKey || e.Stage == StageValue }

// Unwrap returns the cause.
func (e *RecordError) Unwrap() error { return e.Err }

// Class returns the class of e: the one that a [Policy] is given for, or one that no policy is
// given for.
func (e *RecordError) Class() Class {
	var unauthorized *registry.UnauthorizedError
	var reader *serde.ReaderSchemaError
	switch {
	case errors.Is(e.Err, ErrTombstone):
		return TombstoneErrors
	case e.Temporary():
		return RegistryUnavailable
	case e.Stage != StageHandler && errors.As(e.Err, &unauthorized):
		return RegistryUnauthorized
	case e.decoding() && errors.As(e.Err, &reader):
		return ReaderSchemaErrors
	}
	if errors.Is(e.Err, ErrNoHandler) {
		return UnknownSchemas
	}
	if e.mismatch() {
		return SchemaMismatch
	}
	if !e.decoding() {
		return HandlerErrors
	}
	if n := (*registry.NotFoundError)(nil); errors.As(e.Err, &n) {
		return UnknownSchemas
	}
	return DecodeErrors
}

// mismatch reports whether the program's schema and the record's or the registry's do not
// match. Errors of handlers count only if they are errors of serializing.
func (e *RecordError) mismatch() bool {
	err := e.Err
	if !e.decoding() {
		var encode *serde.EncodeError
		if !errors.As(err, &encode) {
			return false
		}
		err = encode
	}
	var (
		schema *serde.SchemaMismatchError
		rule   *serde.RuleError
		// Of writing: the registry lacks or refuses the program's schema.
		refused  *schemas.IncompatibleError
		conflict *registry.ConflictError
		missing  *serde.MissingSchemaError
	)
	return errors.As(err, &schema) || errors.As(err, &rule) ||
		errors.As(err, &refused) || errors.As(err, &conflict) || errors.As(err, &missing)
}

// Temporary reports whether the registry did not answer: the record is not the cause, and may
// be decoded later.
func (e *RecordError) Temporary() bool { return e.Stage != StageHandler && temporary(e.Err) }

// NotRecordFault reports whether something other than the record is the cause, and waiting may
// not help: the registry refused the program's credentials, tombstones are not configured, or
// the program has no reader's schema. No policy applies.
func (e *RecordError) NotRecordFault() bool {
	c := e.Class()
	return c == RegistryUnauthorized || c == TombstoneErrors || c == ReaderSchemaErrors
}

// recordError wraps the error of a deserializer.
func recordError(r *kafka.Record, stage Stage, t *serde.Target, err error) *RecordError {
	e := &RecordError{Raw: r, Stage: stage, Err: err}
	var d *serde.DecodeError
	switch {
	case errors.As(err, &d) && d.SchemaID != 0:
		e.SchemaID = d.SchemaID
	case t.Schema != nil:
		e.SchemaID = t.Schema.ID
	default:
		payload := r.Value
		if stage == StageKey {
			payload = r.Key
		}
		if f, _, ferr := serde.SplitRecord(payload, t.Part, r.Headers); ferr == nil {
			e.SchemaID = f.ID
		}
	}
	return e
}

// EndOfPartition reports that a partition was read to its end, under enable.partition.eof and
// without [WithToEnd]. It is returned again after further records were read.
type EndOfPartition struct {
	kafka.TopicPartition
	Offset int64 // of the next record
}

// Error returns topic, partition and offset.
func (e *EndOfPartition) Error() string {
	return fmt.Sprintf("%s [%d]: end of partition at offset %d", e.Topic, e.Partition, e.Offset)
}

// PartitionError is an error of one partition, such as a topic that does not exist or that the
// user may not read. Other partitions continue.
type PartitionError struct {
	kafka.TopicPartition
	Err error // usually a *kafka.Error
}

// Error returns topic, partition and cause.
func (e *PartitionError) Error() string {
	if e.Topic == "" { // of the group or a connection
		return e.Err.Error()
	}
	if b := (*kafka.Error)(nil); errors.As(e.Err, &b) && b.Topic != "" {
		return e.Err.Error() // contains topic and partition
	}
	return fmt.Sprintf("%s [%d]: %v", e.Topic, e.Partition, e.Err)
}

// Unwrap returns the client's error.
func (e *PartitionError) Unwrap() error { return e.Err }

// CommitError is a permanent error of the periodic commits: the user may not commit, or the
// client cannot be used any more.
type CommitError struct {
	Offsets []kafka.Offset
	Err     error // usually a *kafka.Error
}

// Error returns the first three offsets and the cause.
func (e *CommitError) Error() string {
	return fmt.Sprintf("commit of %s: %v", describeOffsets(e.Offsets), e.Err)
}

// Unwrap returns the client's error.
func (e *CommitError) Unwrap() error { return e.Err }

// describeOffsets formats the first three offsets.
func describeOffsets(o []kafka.Offset) string {
	const most = 3
	var parts []string
	for i, x := range o {
		if i == most {
			parts = append(parts, fmt.Sprintf("and %d more", len(o)-most))
			break
		}
		parts = append(parts, fmt.Sprintf("%s [%d] offset %d", x.Topic, x.Partition, x.Offset))
	}
	return strings.Join(parts, ", ")
}

// DrainError reports that Run returned while handlers were running, because they did not
// return within the drain timeout. Their records are unprocessed.
type DrainError struct {
	Handlers int   // number of handlers still running
	Err      error // why Run ended; nil after WithToEnd
}

// Error returns why Run ended and the number of handlers.
func (e *DrainError) Error() string {
	s := count.Of(e.Handlers, "handler") + " did not return in time"
	if e.Err != nil {
		s = e.Err.Error() + "; " + s
	}
	return s
}

// Unwrap returns why Run ended.
func (e *DrainError) Unwrap() error { return e.Err }

// isContinuable reports whether reading continues after an error of Poll.
func isContinuable(err error) bool {
	switch err.(type) {
	case *RecordError, *EndOfPartition, *PartitionError, *CommitError:
		return true
	default:
		return false
	}
}

// temporary reports whether err is an unavailable registry.
func temporary(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

// ended reports whether err is the error of a context.
func ended(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

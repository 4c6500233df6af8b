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
	// ErrBusy is returned when a consumer is read from two sides at once: Poll,
	// Messages, Batches, Run and RunBatch exclude each other.
	ErrBusy = errors.New("avroconsumer: another call is reading from this consumer")

	// ErrEnd is returned by Poll when [WithToEnd] is given and every assigned
	// partition was read to its end. The iterators end without it, and Run
	// returns nil.
	ErrEnd = errors.New("avroconsumer: read to the end")

	// ErrNotAssigned is returned by Commit for messages whose partition was taken
	// away since, or sought away from: their offsets are not this consumer's to
	// commit.
	ErrNotAssigned = errors.New("avroconsumer: no longer assigned")

	// ErrRevoked is the cause ([context.Cause]) of a handler's context that ends
	// because its partition goes to another member and the drain timeout passed.
	ErrRevoked = errors.New("avroconsumer: partition revoked")

	// ErrLost is the cause of a handler's context that ends because its partition
	// belongs to another member already.
	ErrLost = errors.New("avroconsumer: partition lost")

	// ErrStopped is the cause of a handler's context that ends because Run ends
	// and the drain timeout passed.
	ErrStopped = errors.New("avroconsumer: Run has ended")
)

// errExited ends Run when a handler calls runtime.Goexit.
var errExited = errors.New("avroconsumer: a handler has ended its goroutine")

// Stage is where a record failed.
type Stage uint8

// The stages.
const (
	StageKey     Stage = iota // its key could not be decoded
	StageValue                // its value could not be decoded
	StageHandler              // its handler returned an error, or panicked
	StageOutput               // a pipeline's result could not be serialized, and the registry is why
)

// String returns "key", "value", "handler" or "output".
func (s Stage) String() string {
	switch s {
	case StageKey:
		return "key"
	case StageValue:
		return "value"
	case StageOutput:
		return "output"
	default:
		return "handler"
	}
}

// RecordError reports one record that could not be decoded or handled.
type RecordError struct {
	Raw      *kafka.Record // as it came: topic, partition, offset, key and value bytes, headers
	Stage    Stage
	SchemaID int // of the part that failed; 0 if the frame could not be read
	Attempts int // how often Run tried the record; 0 where nobody counts
	Err      error
}

// Error says where, what and why:
// "orders [3] offset 1203: value (schema 41): lines[2].price: ...".
func (e *RecordError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s [%d] offset %d: %s", e.Raw.Topic, e.Raw.Partition, e.Raw.Offset, e.Stage)
	if e.SchemaID != 0 && e.decoding() {
		fmt.Fprintf(&b, " (schema %d)", e.SchemaID)
	}
	fmt.Fprintf(&b, ": %v", e.cause())
	return b.String()
}

// cause is Err without what Error says already: topic, part and schema.
func (e *RecordError) cause() error {
	if d, ok := e.Err.(*serde.DecodeError); ok && e.decoding() {
		return d.Err
	}
	return e.Err
}

// decoding says whether e is of decoding.
func (e *RecordError) decoding() bool { return e.Stage == StageKey || e.Stage == StageValue }

// Unwrap returns the cause.
func (e *RecordError) Unwrap() error { return e.Err }

// Class returns the class that e falls under: the one that a [Policy] is given
// for, or one that no policy is for.
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

// mismatch reports whether schemas and program do not match, whatever the record.
// Of errors of handling only those of serializing say so: others are the handler's.
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
		// Of writing: the program's schema is not the registry's, and cannot become it.
		refused  *schemas.IncompatibleError
		conflict *registry.ConflictError
		missing  *serde.MissingSchemaError
	)
	return errors.As(err, &schema) || errors.As(err, &rule) ||
		errors.As(err, &refused) || errors.As(err, &conflict) || errors.As(err, &missing)
}

// Temporary reports whether the record is not to blame and may be decoded later:
// the registry does not answer.
func (e *RecordError) Temporary() bool { return e.Stage != StageHandler && temporary(e.Err) }

// Blameless reports whether the record is not to blame, although waiting may not
// help: the registry refuses the program's credentials, nothing says what to do
// with a tombstone, or the program has no schema to read with. No policy applies to it.
func (e *RecordError) NotRecordFault() bool {
	c := e.Class()
	return c == RegistryUnauthorized || c == TombstoneErrors || c == ReaderSchemaErrors
}

// recordError wraps what a deserializer returned.
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

// EndOfPartition tells that a partition was read to its end, under
// enable.partition.eof. It is told again whenever records came since.
type EndOfPartition struct {
	kafka.TopicPartition
	Offset int64 // of the next record
}

// Error says which partition and where.
func (e *EndOfPartition) Error() string {
	return fmt.Sprintf("%s [%d]: end of partition at offset %d", e.Topic, e.Partition, e.Offset)
}

// PartitionError is an error of one partition, such as a topic that does not
// exist or may not be read. The other partitions go on.
type PartitionError struct {
	kafka.TopicPartition
	Err error // usually a *kafka.Error
}

// Error says which partition and why.
func (e *PartitionError) Error() string {
	if e.Topic == "" { // the group's, or a connection's
		return e.Err.Error()
	}
	if b := (*kafka.Error)(nil); errors.As(e.Err, &b) && b.Topic != "" {
		return e.Err.Error() // it says where itself
	}
	return fmt.Sprintf("%s [%d]: %v", e.Topic, e.Partition, e.Err)
}

// Unwrap returns the client's error.
func (e *PartitionError) Unwrap() error { return e.Err }

// CommitError tells that a periodic commit failed in a way that trying again
// does not cure: this user may not commit, or the client is of no use any more.
type CommitError struct {
	Offsets []kafka.Offset
	Err     error // usually a *kafka.Error
}

// Error says what could not be committed and why.
func (e *CommitError) Error() string {
	return fmt.Sprintf("commit of %s: %v", describeOffsets(e.Offsets), e.Err)
}

// Unwrap returns the client's error.
func (e *CommitError) Unwrap() error { return e.Err }

// describeOffsets names the first few of them.
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

// DrainError tells that Run returned while handlers were still at work: they
// did not return within the drain timeout. Their records are not dealt with.
type DrainError struct {
	Handlers int   // still at work
	Err      error // why Run ended; nil under WithToEnd
}

// Error counts the handlers, and says why Run ended.
func (e *DrainError) Error() string {
	s := count.Of(e.Handlers, "handler") + " did not return in time"
	if e.Err != nil {
		s = e.Err.Error() + "; " + s
	}
	return s
}

// Unwrap returns why Run ended.
func (e *DrainError) Unwrap() error { return e.Err }

// goesOn says whether an error of Poll leaves more to be read.
func isContinuable(err error) bool {
	switch err.(type) {
	case *RecordError, *EndOfPartition, *PartitionError, *CommitError:
		return true
	default:
		return false
	}
}

// temporary says whether err is nobody's fault and will pass: a registry that
// does not answer.
func temporary(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

// ended says whether err is how a context tells that it is over.
func ended(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

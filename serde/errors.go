package serde

import (
	"fmt"
	"strings"

	"github.com/kavro/kavro/internal/count"
)

// FrameError says that a payload, or a frame in a header, is not framed as the
// wire format wants, or that a payload is not the plain text that [String] reads.
// Retrying does not help.
type FrameError struct {
	Header string // the header that holds the frame; "" for the payload
	Size   int    // bytes there were
	Reason string

	plain bool // of String
}

// Error says how many bytes there were and what is wrong with them.
func (e *FrameError) Error() string {
	if e.plain {
		return fmt.Sprintf("not plain text (%s): %s", count.Of(e.Size, "byte"), e.Reason)
	}
	if e.Header != "" {
		return fmt.Sprintf("not framed (header %s, %s): %s", e.Header, count.Of(e.Size, "byte"), e.Reason)
	}
	return fmt.Sprintf("not framed (%s): %s", count.Of(e.Size, "byte"), e.Reason)
}

// EncodeError reports a value that could not be serialized. It wraps the cause:
// an [avro.EncodeError], a registry's error, a [*schemas.IncompatibleError], a
// [*SchemaMismatchError].
type EncodeError struct {
	Topic    string
	Part     Part
	Subject  string // "" if it was not reached
	SchemaID int    // 0 if it was not reached
	Err      error
}

// Error says where and why: "orders value (schema 41): lines[2].qty: ...".
func (e *EncodeError) Error() string {
	return describe(e.Topic, e.Part, e.Subject, e.SchemaID) + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *EncodeError) Unwrap() error { return e.Err }

// DecodeError reports a payload that could not be deserialized. It wraps the
// cause: a [*FrameError], an [avro.DecodeError], a [*SchemaMismatchError], a
// [*ReaderSchemaError], a registry's error.
type DecodeError struct {
	Topic    string
	Part     Part
	SchemaID int // 0 if the frame could not be read, or named a GUID
	Err      error
}

// Error says where and why: "orders value (schema 41): lines[2].price: ...".
func (e *DecodeError) Error() string {
	return describe(e.Topic, e.Part, "", e.SchemaID) + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *DecodeError) Unwrap() error { return e.Err }

// SchemaMismatchError says that two schemas, or a schema and a type of the
// program, do not match as a whole. Reading, the data's schema (the writer's)
// cannot be had, or cannot become what the program wants; writing, the registry's
// schema has no place for what the program's own describes. It is no fault of the
// value that met it first: the next one fails too.
//
// What is wrong with one value alone (a symbol of an enum, a branch of a union, a
// field that is set) is an [avro.DecodeError] without it.
type SchemaMismatchError struct {
	Err error // an [*avro.ResolveError], [*avro.TypeMismatchError], [*schemas.IncompatibleError], or what else says why
}

// Error gives the reason.
func (e *SchemaMismatchError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *SchemaMismatchError) Unwrap() error { return e.Err }

// ReaderSchemaError says that a deserializer has no schema to read with: the
// registry's latest ([WithLatest]) does not match the type of the program, or there
// is none. No data are to blame, and none are read until the program or the
// registry is mended.
type ReaderSchemaError struct {
	Subject string
	Version int // 0 if there is none
	Err     error
}

// Error names the subject, the reason, and what mends it.
func (e *ReaderSchemaError) Error() string {
	s := "the latest schema of subject " + e.Subject
	if e.Version != 0 {
		s += fmt.Sprintf(" (version %d)", e.Version)
	}
	return s + " cannot be the reader's: " + e.Err.Error() + "; give the program a schema of its own (WithSchema, or a generated type)"
}

// Unwrap returns the reason.
func (e *ReaderSchemaError) Unwrap() error { return e.Err }

func describe(topic string, part Part, subject string, id int) string {
	var b strings.Builder
	if topic != "" {
		b.WriteString(topic + " ")
	}
	b.WriteString(part.String())
	switch {
	case id != 0:
		fmt.Fprintf(&b, " (schema %d)", id)
	case subject != "":
		fmt.Fprintf(&b, " (subject %s)", subject)
	}
	return b.String()
}

// RuleError says that a schema has a rule which kavro cannot run and must not
// pass over: data meant to be checked, changed or encrypted would be written,
// or handed out, as it is.
type RuleError struct {
	Rule string // its name
	Type string // ENCRYPT, CEL, ...
	Mode string // WRITE, READ, WRITEREAD
	Set  string // domainRules or encodingRules
}

// Error names the rule and says what can be done.
func (e *RuleError) Error() string {
	return fmt.Sprintf("rule %q (%s, %s, in %s) cannot be run by kavro: disable it, or read with WithRulesIgnored", e.Rule, e.Type, e.Mode, e.Set)
}

// MissingSchemaError says that a subject lacks the program's schema and that
// the program may not register it (auto.register.schemas=false).
type MissingSchemaError struct {
	Subject string
	Differs string // how the subject's latest version differs; "" if there is none
	Err     error  // the registry's own answer
}

// Error names the subject, what differs, and the command that registers.
func (e *MissingSchemaError) Error() string {
	s := fmt.Sprintf("subject %s does not have this schema and auto.register.schemas is false", e.Subject)
	if e.Differs != "" {
		s += " (" + e.Differs + ")"
	}
	return s + fmt.Sprintf("; register it: kavro schema register %s SCHEMA.avsc", e.Subject)
}

// Unwrap returns the registry's own answer.
func (e *MissingSchemaError) Unwrap() error { return e.Err }

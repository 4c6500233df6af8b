package serde

import (
	"fmt"
	"strings"

	"github.com/kavro/kavro/internal/count"
)

// FrameError is a payload or a header whose frame violates the wire format, or a payload that is not
// the text that [String] reads. Retrying does not help.
type FrameError struct {
	Header string // the header that holds the frame; "" for the payload
	Size   int    // bytes there were
	Reason string

	plain bool // of String
}

// Error returns the number of bytes and the reason.
func (e *FrameError) Error() string {
	if e.plain {
		return fmt.Sprintf("not plain text (%s): %s", count.Of(e.Size, "byte"), e.Reason)
	}
	if e.Header != "" {
		return fmt.Sprintf("not framed (header %s, %s): %s", e.Header, count.Of(e.Size, "byte"), e.Reason)
	}
	return fmt.Sprintf("not framed (%s): %s", count.Of(e.Size, "byte"), e.Reason)
}

// EncodeError is a value that could not be serialized. It wraps the cause: an [avro.EncodeError], a
// registry's error, a [*schemas.IncompatibleError], or a [*SchemaMismatchError].
type EncodeError struct {
	Topic    string
	Part     Part
	Subject  string // "" if it was not reached
	SchemaID int    // 0 if it was not reached
	Err      error
}

// Error returns location and cause: "orders value (schema 41): lines[2].qty: ...".
func (e *EncodeError) Error() string {
	return describe(e.Topic, e.Part, e.Subject, e.SchemaID) + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *EncodeError) Unwrap() error { return e.Err }

// DecodeError is a payload that could not be deserialized. It wraps the cause: a [*FrameError], an
// [avro.DecodeError], a [*SchemaMismatchError], a [*ReaderSchemaError], or a registry's error.
type DecodeError struct {
	Topic    string
	Part     Part
	SchemaID int // 0 if the frame could not be read, or named a GUID
	Err      error
}

// Error returns location and cause: "orders value (schema 41): lines[2].price: ...".
func (e *DecodeError) Error() string {
	return describe(e.Topic, e.Part, "", e.SchemaID) + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *DecodeError) Unwrap() error { return e.Err }

// SchemaMismatchError says that two schemas, or a schema and a type of the program, do not match.
// When reading, the writer's schema is not Avro, or the registry refuses to give it, or it cannot be resolved to the
// reader's. When
// writing, the registry's schema cannot represent the program's. It is not an error of the value for
// which it was found: other values have it too.
//
// An error of one value alone (a symbol of an enum, a branch of a union, a field that is set) is an
// [avro.EncodeError] or [avro.DecodeError] without it.
type SchemaMismatchError struct {
	Err error // an [*avro.ResolveError], [*avro.TypeMismatchError], [*schemas.IncompatibleError], or what else says why
}

// Error returns the reason.
func (e *SchemaMismatchError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *SchemaMismatchError) Unwrap() error { return e.Err }

// ReaderSchemaError says that a deserializer has no reader's schema: the registry's latest version
// ([WithLatest]) does not match the program's type, or does not exist. The data is not the cause.
// Nothing can be read until the program or the registry is corrected.
type ReaderSchemaError struct {
	Subject string
	Version int // 0 if there is none
	Err     error
}

// Error returns the subject, the reason and the remedy.
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

// RuleError says that a schema has a rule that kavro cannot run. Ignoring it would write or return
// data that was meant to be checked, changed or encrypted.
type RuleError struct {
	Rule string // its name
	Type string // ENCRYPT, CEL, ...
	Mode string // WRITE, READ, WRITEREAD
	Set  string // domainRules or encodingRules
}

// Error returns the name of the rule and the remedies.
func (e *RuleError) Error() string {
	return fmt.Sprintf("rule %q (%s, %s, in %s) cannot be run by kavro: disable it, or read with WithRulesIgnored", e.Rule, e.Type, e.Mode, e.Set)
}

// MissingSchemaError says that a subject lacks the program's schema, and that the program may not
// register it (auto.register.schemas=false).
type MissingSchemaError struct {
	Subject string
	Differs string // how the subject's latest version differs; "" if there is none
	Err     error  // the registry's own answer
}

// Error returns the subject, the difference, and the command that registers the schema.
func (e *MissingSchemaError) Error() string {
	s := fmt.Sprintf("subject %s does not have this schema and auto.register.schemas is false", e.Subject)
	if e.Differs != "" {
		s += " (" + e.Differs + ")"
	}
	return s + fmt.Sprintf("; register it: kavro schema register %s SCHEMA.avsc", e.Subject)
}

// Unwrap returns the registry's own answer.
func (e *MissingSchemaError) Unwrap() error { return e.Err }

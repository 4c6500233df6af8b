package memory

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
)

// Every refusal of a registry, with its status, code and message
// (io.confluent.kafka.schemaregistry.rest.exceptions.Errors, version 8.5).

func notFound(code int, what, format string, args ...any) error {
	return &registry.NotFoundError{What: what, Response: registry.Response{Status: http.StatusNotFound, Code: code, Message: fmt.Sprintf(format, args...)}}
}

func errSubjectNotFound(subject string) error {
	return notFound(40401, "subject "+subject, "Subject '%s' not found.", subject)
}

func errVersionNotFound(subject string, number int) error {
	return notFound(40402, fmt.Sprintf("subject %s version %d", subject, number), "Version %d not found.", number)
}

func errSchemaNotFound(what string) error {
	return notFound(40403, what, "Schema not found")
}

func errIDNotFound(id int) error {
	return notFound(40403, "schema id "+strconv.Itoa(id), "Schema %d not found", id)
}

func errGUIDNotFound(guid string) error {
	return notFound(40403, "schema GUID "+guid, "Schema %s not found", guid)
}

func errSubjectSoftDeleted(subject string) error {
	return notFound(40404, "subject "+subject, "Subject '%s' was soft deleted.Set permanent=true to delete permanently", subject)
}

func errSubjectNotSoftDeleted(subject string) error {
	return notFound(40405, "soft deletion of subject "+subject,
		"Subject '%s' was not deleted first before being permanently deleted", subject)
}

func errVersionSoftDeleted(subject string, number int) error {
	return notFound(40406, fmt.Sprintf("subject %s version %d", subject, number),
		"Subject '%s' Version %d was soft deleted.Set permanent=true to delete permanently", subject, number)
}

func errVersionNotSoftDeleted(subject string, number int) error {
	return notFound(40407, fmt.Sprintf("soft deletion of subject %s version %d", subject, number),
		"Subject '%s' Version %d was not deleted first before being permanently deleted", subject, number)
}

func errConfigNotFound(subject string) error {
	return notFound(40408, "configuration of subject "+subject,
		"Subject '%s' does not have subject-level compatibility configured", subject)
}

func errModeNotFound(subject string) error {
	return notFound(40409, "mode of subject "+subject, "Subject '%s' does not have subject-level mode configured", subject)
}

func errAssociationNotFound(resource string) error {
	return notFound(40410, "association for "+resource, "Association for '%s' not found.", resource)
}

// errIncompatible is the answer to a registration; messages are the server's.
func errIncompatible(subject string, messages string, reasons *schemas.IncompatibleError) error {
	e := conflict(40901, "Schema being registered is incompatible with an earlier schema for subject %q, details: %s", subject, messages)
	if reasons != nil {
		e.Err = reasons
	}
	return e
}

func conflict(code int, format string, args ...any) *registry.ConflictError {
	return &registry.ConflictError{Response: registry.Response{Status: http.StatusConflict, Code: code, Message: fmt.Sprintf(format, args...)}}
}

func invalid(code int, format string, args ...any) *registry.InvalidError {
	return &registry.InvalidError{Response: registry.Response{Status: http.StatusUnprocessableEntity, Code: code, Message: fmt.Sprintf(format, args...)}}
}

// errInvalidSchema says what is wrong with a definition; cause may be nil.
func errInvalidSchema(message string, cause error) error {
	e := invalid(42201, "%s", message)
	e.Err = cause
	return e
}

func errInvalidVersion(version string) error {
	return invalid(42202, "The specified version '%s' is not a valid version id. Allowed values are between [1, 2^31-1] and the string \"latest\"", version)
}

func errInvalidLevel() error {
	return invalid(42203, "Invalid compatibility level. Valid values are none, backward, forward, full, "+
		"backward_transitive, forward_transitive, and full_transitive")
}

func errInvalidMode() error {
	return invalid(42204, "Invalid mode. Valid values are READWRITE, READONLY, IMPORT and FORWARD.")
}

func errForwardNotGlobal() error {
	return invalid(42204, "Forward mode only supported on global level")
}

func errNotPermitted(format string, args ...any) error { return invalid(42205, format, args...) }

func errReferenced(subject string, number int) error {
	return invalid(42206, "One or more references exist to the schema {magic=1,keytype=SCHEMA,subject=%s,version=%d}.", subject, number)
}

func errInvalidSubject(subject string) error {
	return invalid(42208, "The specified subject '%s' is not a valid.", subject)
}

func errSchemaTooLarge() error {
	return invalid(42209, "Register operation failed because schema is too large")
}

// errRecordTooLarge says that a change is larger than a record of the log.
func errRecordTooLarge(err error) error { return invalid(42209, "%s", err) }

func errConfigTooLarge(limit int) error {
	return invalid(42209, "The configuration takes more than %d bytes", limit)
}

func errInvalidRuleSet(message string) error { return invalid(42210, "%s", message) }

func errContextNotEmpty(context string) error {
	return invalid(42211, "The specified context '%s' is not empty.", context)
}

// errStore says that a change could not be made durable. The same call may
// succeed once there is room again.
func errStore(err error) error {
	return &registry.UnavailableError{
		Response: registry.Response{Status: http.StatusInternalServerError, Code: 50001, Message: "Error while writing to the log: " + err.Error()},
		Err:      err,
	}
}

// errBusy says that others kept changing what a change depends on.
func errBusy() error {
	return &registry.UnavailableError{
		Response: registry.Response{Status: http.StatusServiceUnavailable, Code: 50301, Message: "What the change depends on keeps changing. Try again"},
		Err:      errPlanAgain,
	}
}

// errClosed is errStore after Close.
func errClosed() error {
	return &registry.UnavailableError{Response: registry.Response{Status: http.StatusInternalServerError, Code: 50001, Message: "The registry is closed"}, Err: errMemoryClosed}
}

package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// ErrClosed is returned by every method of a client after Close, and is the error in delivery reports of
// records that Close could not send.
var ErrClosed = errors.New("the client is closed")

// ErrUnsupported is returned by calls that a client does not support.
var ErrUnsupported = errors.New("not supported by this client")

// Causes. errors.Is finds them in errors of both drivers, also where the context of a call has ended
// while the client was retrying. errors.As finds the [*Error] with the text.
var (
	// ErrUnreachable: no connection to a broker, or it was closed too early.
	ErrUnreachable = errors.New("no connection to a broker")
	// ErrTLS: the TLS handshake failed.
	ErrTLS = errors.New("the TLS handshake failed")
	// ErrAuthentication: the brokers refuse the user or the password.
	ErrAuthentication = errors.New("authentication failed")
	// ErrUnknownTopic: the brokers have no such topic.
	ErrUnknownTopic = errors.New("no such topic")
)

// IsContext reports whether err says that a context has ended.
func IsContext(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// Error is an error of a broker or of the client.
type Error struct {
	Code      int16  // Kafka's protocol error code; negative: librdkafka's codes, with both drivers
	Topic     string // "" if it belongs to none
	Partition int32  // -1 if it belongs to none
	Retriable bool   // the same call may succeed later
	Fatal     bool   // the client has ended: only Close is useful
	AbortTxn  bool   // the transaction must be aborted, and may be tried again then
	Err       error  // the error of the client library
}

// Error says where and what: "orders [3]: Local: Message timed out (-192)".
func (e *Error) Error() string {
	var b strings.Builder
	if e.Topic != "" {
		b.WriteString(e.Topic)
		if e.Partition >= 0 {
			fmt.Fprintf(&b, " [%d]", e.Partition)
		}
		b.WriteString(": ")
	}
	if e.Fatal {
		b.WriteString("fatal: ")
	}
	fmt.Fprintf(&b, "%v (%d)", e.Err, e.Code)
	return b.String()
}

// Unwrap returns the error of the client library.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is one of the causes ([ErrUnreachable] and the others) and Code stands for it.
func (e *Error) Is(target error) bool {
	switch e.Code {
	case -195, -193, -187: // librdkafka: transport, resolve, all brokers down
		return target == ErrUnreachable
	case -181: // librdkafka: ssl
		return target == ErrTLS
	case -169, 33, 34, 58: // librdkafka: authentication; mechanism, state, SASL_AUTHENTICATION_FAILED
		return target == ErrAuthentication
	case -188, 3, 100: // librdkafka: unknown topic; UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC_ID
		return target == ErrUnknownTopic
	}
	return false
}

// Temporary reports whether the same call may succeed later.
func (e *Error) Temporary() bool { return e.Retriable }

// ConfigError reports a key, a value or a combination that cannot be honoured.
type ConfigError struct {
	Key     string
	Reason  string
	Nearest string // the known key most like Key, if Key is unknown and there is one
}

// Error returns the key, the reason, and the nearest key.
func (e *ConfigError) Error() string {
	s := "configuration: " + e.Key + ": " + e.Reason
	if e.Nearest != "" {
		s += fmt.Sprintf("; did you mean %q?", e.Nearest)
	}
	return s
}

package avroconsumer

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/kavro/kavro/kafka"
)

// DeadLetterWriter keeps records that could not be dealt with. A nil error says
// that the record is safe where it was written: only then does it count as
// dealt with.
type DeadLetterWriter interface {
	WriteDeadLetter(ctx context.Context, e *RecordError) error
}

// The headers of a dead letter: those that brokers write for share groups
// (KIP-1191), and three more. All are text, numbers in decimal. They follow the
// record's own headers; if names repeat, the last ones count.
const (
	HeaderTopic         = "__dlq.errors.topic" // always first: what came before is the record's own
	HeaderPartition     = "__dlq.errors.partition"
	HeaderOffset        = "__dlq.errors.offset"
	HeaderGroup         = "__dlq.errors.group"          // absent if unknown
	HeaderDeliveryCount = "__dlq.errors.delivery.count" // how often it was tried
	HeaderMessage       = "__dlq.errors.message"        // the error's text
	HeaderException     = "__dlq.errors.exception"      // the Go type of the error's root cause
	HeaderStage         = "__dlq.errors.stage"          // key, value, handler or output
	HeaderSchemaID      = "__dlq.errors.schema.id"      // absent if unknown
)

// DeadLetterOption changes how [NewDeadLetters] works.
type DeadLetterOption func(*DeadLetters)

// WithDeadLetterTopic names the topic for a record. The default is its own
// topic's name with "-dlt" behind it.
func WithDeadLetterTopic(topic func(*RecordError) string) DeadLetterOption {
	return func(d *DeadLetters) { d.topic = topic }
}

// WithDeadLetterHeaders replaces the headers that say what happened. They are
// put behind the record's own.
func WithDeadLetterHeaders(headers func(*RecordError) []kafka.Header) DeadLetterOption {
	return func(d *DeadLetters) { d.headers = headers }
}

// WithDeadLetterGroup gives the group for the header __dlq.errors.group.
func WithDeadLetterGroup(group string) DeadLetterOption {
	return func(d *DeadLetters) { d.group = group }
}

// DeadLetters is a [DeadLetterWriter] that produces to a topic: key and value
// byte for byte, the record's own headers and timestamp, and headers that say
// what happened. The partitioner chooses by the key. It is safe for concurrent
// use.
type DeadLetters struct {
	client  kafka.Producer
	topic   func(*RecordError) string
	headers func(*RecordError) []kafka.Header
	group   string
}

// NewDeadLetters writes dead letters through b, which stays the caller's. b may
// be nil for a pipeline, which writes them by itself.
func NewDeadLetters(b kafka.Producer, opts ...DeadLetterOption) *DeadLetters {
	d := &DeadLetters{client: b}
	d.topic = func(e *RecordError) string { return e.Raw.Topic + "-dlt" }
	d.headers = d.describe
	for _, o := range opts {
		o(d)
	}
	return d
}

// WriteDeadLetter produces the record that failed, and waits within ctx until
// the brokers have it.
func (d *DeadLetters) WriteDeadLetter(ctx context.Context, e *RecordError) error {
	if d.client == nil {
		return errors.New("avroconsumer: NewDeadLetters: the client is nil")
	}
	letter := d.Record(e)
	reported := make(chan error, 1)
	if err := d.client.Produce(ctx, letter, func(_ *kafka.Record, err error) { reported <- err }); err != nil {
		return err
	}
	select {
	case err := <-reported:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Letter returns the record that is produced for a record that failed: bytes,
// headers and timestamp of that, and the headers that say what happened.
func (d *DeadLetters) Record(e *RecordError) *kafka.Record {
	more := d.headers(e)
	headers := make([]kafka.Header, 0, len(e.Raw.Headers)+len(more))
	headers = append(append(headers, e.Raw.Headers...), more...)
	return &kafka.Record{
		Topic:     d.topic(e),
		Partition: -1,
		Key:       e.Raw.Key,
		Value:     e.Raw.Value,
		Headers:   headers,
		Timestamp: e.Raw.Timestamp,
	}
}

func (d *DeadLetters) describe(e *RecordError) []kafka.Header { return DeadLetterHeaders(e, d.group) }

// DeadLetterHeaders returns the headers that say what happened to a record:
// [HeaderTopic] and those after it. group may be empty.
func DeadLetterHeaders(e *RecordError, group string) []kafka.Header {
	text := func(key, value string) kafka.Header { return kafka.Header{Key: key, Value: []byte(value)} }
	h := []kafka.Header{
		text(HeaderTopic, e.Raw.Topic),
		text(HeaderPartition, strconv.Itoa(int(e.Raw.Partition))),
		text(HeaderOffset, strconv.FormatInt(e.Raw.Offset, 10)),
	}
	if group != "" {
		h = append(h, text(HeaderGroup, group))
	}
	h = append(h,
		text(HeaderDeliveryCount, strconv.Itoa(max(e.Attempts, 1))),
		text(HeaderMessage, e.Error()),
		text(HeaderException, fmt.Sprintf("%T", root(e.Err))),
		text(HeaderStage, e.Stage.String()),
	)
	if e.SchemaID != 0 {
		h = append(h, text(HeaderSchemaID, strconv.Itoa(e.SchemaID)))
	}
	return h
}

// root follows an error to where it began.
func root(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// writeDeadLetter writes e's record, and says so if that failed.
func (c *core) writeDeadLetter(ctx context.Context, w DeadLetterWriter, e *RecordError) error {
	err := guard(func() error { return w.WriteDeadLetter(ctx, e) })
	if err == nil {
		return nil
	}
	return e.DeadLetterFailed(err)
}

// Unwritten returns e with what kept its dead letter from being written.
func (e *RecordError) DeadLetterFailed(err error) *RecordError {
	failed := *e
	failed.Err = &deadLetterError{record: e, err: err}
	return &failed
}

// unwritten is the error of a record whose dead letter could not be written.
type deadLetterError struct {
	record *RecordError
	err    error
}

func (e *deadLetterError) Error() string {
	return fmt.Sprintf("%v; and its dead letter was not written: %v", e.record.cause(), e.err)
}

func (e *deadLetterError) Unwrap() []error { return []error{e.record.Err, e.err} }

// DeadLetterInfo is what the headers of a dead letter say.
type DeadLetterInfo struct {
	Topic     string // where the record was
	Partition int32
	Offset    int64
	Group     string // "" if unknown
	Count     int    // how often it was tried
	Message   string
	Exception string
	Stage     string // "key", "value", "handler" or "output"
	SchemaID  int    // 0 if unknown
}

// ParseDeadLetter reads the headers that [DeadLetterHeaders] writes: the last ones,
// from the last [HeaderTopic] on. own are the headers before them, the record's
// own. The error says what is missing or malformed.
func ParseDeadLetter(headers []kafka.Header) (info DeadLetterInfo, own []kafka.Header, err error) {
	first := len(headers) - 1
	for first >= 0 && headers[first].Key != HeaderTopic {
		first--
	}
	if first < 0 {
		return info, nil, fmt.Errorf("not a dead letter: there is no header %s", HeaderTopic)
	}
	number := func(h kafka.Header, bits int) int64 {
		n, parseErr := strconv.ParseInt(string(h.Value), 10, bits)
		if parseErr != nil || n < 0 {
			err = errors.Join(err, fmt.Errorf("not a dead letter: header %s: %q is no number", h.Key, h.Value))
		}
		return n
	}
	info.Partition, info.Offset = -1, -1
	for _, h := range headers[first:] {
		switch h.Key {
		case HeaderTopic:
			info.Topic = string(h.Value)
		case HeaderPartition:
			info.Partition = int32(number(h, 32))
		case HeaderOffset:
			info.Offset = number(h, 64)
		case HeaderGroup:
			info.Group = string(h.Value)
		case HeaderDeliveryCount:
			info.Count = int(number(h, 32))
		case HeaderMessage:
			info.Message = string(h.Value)
		case HeaderException:
			info.Exception = string(h.Value)
		case HeaderStage:
			info.Stage = string(h.Value)
		case HeaderSchemaID:
			info.SchemaID = int(number(h, 32))
		}
	}
	if err == nil && (info.Topic == "" || info.Partition < 0 || info.Offset < 0) {
		err = fmt.Errorf("not a dead letter: topic %q, partition %d, offset %d", info.Topic, info.Partition, info.Offset)
	}
	return info, headers[:first:first], err
}

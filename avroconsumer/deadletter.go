package avroconsumer

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/kavro/kavro/kafka"
)

// DeadLetterWriter stores records that could not be processed: see [DeadLetter].
type DeadLetterWriter interface {
	// WriteDeadLetter stores e.Raw. A nil error means that the record is stored durably; only
	// then is it processed.
	WriteDeadLetter(ctx context.Context, e *RecordError) error
}

// The headers of a dead letter: those that brokers write for share groups (KIP-1191), and
// three more. All are text, numbers in decimal. They follow the record's own headers; if names
// repeat, the last ones count.
const (
	HeaderTopic         = "__dlq.errors.topic" // always first: the headers before it are the record's own
	HeaderPartition     = "__dlq.errors.partition"
	HeaderOffset        = "__dlq.errors.offset"
	HeaderGroup         = "__dlq.errors.group"          // absent if unknown
	HeaderDeliveryCount = "__dlq.errors.delivery.count" // number of attempts
	HeaderMessage       = "__dlq.errors.message"        // the error's text
	HeaderException     = "__dlq.errors.exception"      // the Go type of the error's root cause
	HeaderStage         = "__dlq.errors.stage"          // key, value, handler or output
	HeaderSchemaID      = "__dlq.errors.schema.id"      // absent if unknown
)

// DeadLetterOption changes how [NewDeadLetters] writes dead letters.
type DeadLetterOption func(*DeadLetters)

// WithDeadLetterTopic writes to the topic that topic returns for a record. The default is the
// record's topic with the suffix "-dlt".
func WithDeadLetterTopic(topic func(*RecordError) string) DeadLetterOption {
	return func(d *DeadLetters) { d.topic = topic }
}

// WithDeadLetterHeaders replaces the headers that describe the failure. They follow the
// record's own headers.
func WithDeadLetterHeaders(headers func(*RecordError) []kafka.Header) DeadLetterOption {
	return func(d *DeadLetters) { d.headers = headers }
}

// WithDeadLetterGroup adds the header __dlq.errors.group with the name of the group.
func WithDeadLetterGroup(group string) DeadLetterOption {
	return func(d *DeadLetters) { d.group = group }
}

// DeadLetters is a [DeadLetterWriter] that produces to a topic: key and value byte for byte,
// the record's own headers and timestamp, and headers that describe the failure. The
// partitioner chooses the partition by the key. It is safe for concurrent use.
type DeadLetters struct {
	client  kafka.Producer
	topic   func(*RecordError) string
	headers func(*RecordError) []kafka.Header
	group   string
}

// NewDeadLetters returns a writer that produces through b. The caller closes b. b may be nil
// for a pipeline, which produces dead letters itself.
func NewDeadLetters(b kafka.Producer, opts ...DeadLetterOption) *DeadLetters {
	d := &DeadLetters{client: b}
	d.topic = func(e *RecordError) string { return e.Raw.Topic + "-dlt" }
	d.headers = d.describe
	for _, o := range opts {
		o(d)
	}
	return d
}

// WriteDeadLetter produces the record that failed, and waits within ctx until the brokers have
// it.
func (d *DeadLetters) WriteDeadLetter(ctx context.Context, e *RecordError) error {
	if d.client == nil {
		return errors.New("avroconsumer: NewDeadLetters: the client is nil")
	}
	deadLetter := d.Record(e)
	reported := make(chan error, 1)
	if err := d.client.Produce(ctx, deadLetter, func(_ *kafka.Record, err error) { reported <- err }); err != nil {
		return err
	}
	select {
	case err := <-reported:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Record returns the dead letter of a record that failed: its bytes, headers and timestamp,
// and the headers that describe the failure.
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

// DeadLetterHeaders returns the headers that describe a failure, from [HeaderTopic] on. group
// may be empty.
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

// root returns the innermost error.
func root(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// writeDeadLetter writes e's record. The error is e with the writer's error.
func (c *core) writeDeadLetter(ctx context.Context, w DeadLetterWriter, e *RecordError) error {
	err := guard(func() error { return w.WriteDeadLetter(ctx, e) })
	if err == nil {
		return nil
	}
	return e.DeadLetterFailed(err)
}

// DeadLetterFailed returns a copy of e with the error of writing its dead letter, err. It is
// for other readers of records, such as package pipeline.
func (e *RecordError) DeadLetterFailed(err error) *RecordError {
	failed := *e
	failed.Err = &deadLetterError{record: e, err: err}
	return &failed
}

// deadLetterError is the error of a record whose dead letter could not be written.
type deadLetterError struct {
	record *RecordError
	err    error
}

func (e *deadLetterError) Error() string {
	return fmt.Sprintf("%v; and its dead letter was not written: %v", e.record.cause(), e.err)
}

func (e *deadLetterError) Unwrap() []error { return []error{e.record.Err, e.err} }

// DeadLetterInfo is the content of the headers of a dead letter.
type DeadLetterInfo struct {
	Topic     string // of the record that failed
	Partition int32
	Offset    int64
	Group     string // "" if unknown
	Count     int    // number of attempts
	Message   string
	Exception string
	Stage     Stage // StageUnknown: not given, or not one of this package
	SchemaID  int   // 0 if unknown
}

// ParseDeadLetter parses the headers that [DeadLetterHeaders] returns: the last ones, from the
// last [HeaderTopic] on. own are the headers before them, the record's own. The error names a
// missing or malformed header.
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
			err = errors.Join(err, fmt.Errorf("not a dead letter: header %s: %q is not a number", h.Key, h.Value))
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
			info.Stage = stageNamed(string(h.Value))
		case HeaderSchemaID:
			info.SchemaID = int(number(h, 32))
		}
	}
	if err == nil && (info.Topic == "" || info.Partition < 0 || info.Offset < 0) {
		err = fmt.Errorf("not a dead letter: topic %q, partition %d, offset %d", info.Topic, info.Partition, info.Offset)
	}
	return info, headers[:first:first], err
}

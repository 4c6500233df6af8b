package kavro

import (
	"time"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/pipeline"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

// What the constructors make, and what goes in and out.
type (
	// Producer takes records. See [avroproducer.Producer].
	Producer[K, V any] = avroproducer.Producer[K, V]
	// Record is a record to be produced. See [avroproducer.Record].
	Record[K, V any] = avroproducer.Record[K, V]
	// Delivery says what became of a record. See [avroproducer.Delivery].
	Delivery = avroproducer.Delivery
	// RecordOption is for one call of Produce. See [avroproducer.RecordOption].
	RecordOption = avroproducer.RecordOption
	// Consumer yields messages. See [avroconsumer.Consumer].
	Consumer[K, V any] = avroconsumer.Consumer[K, V]
	// Message is a record that was consumed. See [avroconsumer.Message].
	Message[K, V any] = avroconsumer.Message[K, V]
	// Pipeline consumes, transforms and produces. See [pipeline.Pipeline].
	Pipeline[K1, V1, K2, V2 any] = pipeline.Pipeline[K1, V1, K2, V2]
	// NoKey is the type of keys that are not there: Kafka's null.
	NoKey = serde.NoKey
	// Generic is a value with its schema, for programs without a Go type for it.
	Generic = serde.Generic
	// Schema is an Avro schema: see [ParseSchema].
	Schema = schemas.Schema
)

// What [Client.Replay] and [Client.Copy] send.
type (
	// DeadLetterRecord is a dead letter with its parsed headers.
	DeadLetterRecord = pipeline.DeadLetterRecord
	// Replayed counts dead letters that were read and sent.
	Replayed = pipeline.Replayed
)

// What a program and a Kafka client say to each other.
type (
	// Config is one configuration for the Kafka client, the registry and the serdes. See
	// the package's documentation for its keys.
	Config = kafka.Config
	// Hooks receives the Kafka client's logs, statistics and errors. See [kafka.Hooks].
	Hooks = kafka.Hooks
	// Token is an OAuth token for SASL/OAUTHBEARER.
	Token = kafka.Token
	// Header is a header of a record.
	Header = kafka.Header
	// TopicPartition names a partition.
	TopicPartition = kafka.TopicPartition
	// Offset is the next record to read of a partition.
	Offset = kafka.Offset
	// NewTopic describes a topic to make: see [Client.CreateTopics].
	NewTopic = kafka.NewTopic
)

// Errors: errors.As finds them in what any call returns.
type (
	// ConfigError is a key that cannot be honoured.
	ConfigError = kafka.ConfigError
	// KafkaError is an error of Kafka or of its client. See [kafka.Error].
	KafkaError = kafka.Error
	// RecordError is a record that could not be decoded or handled, with its raw bytes.
	RecordError = avroconsumer.RecordError
	// Stage is the step in which a record failed: see RecordError.Stage.
	Stage = avroconsumer.Stage
	// EndOfPartition says that a partition was read to its end.
	EndOfPartition = avroconsumer.EndOfPartition
	// DrainError says that handlers did not return in time.
	DrainError = avroconsumer.DrainError
	// FlushError lists the records that were not delivered.
	FlushError = avroproducer.FlushError
	// TransactionError is a transaction that was aborted.
	TransactionError = avroproducer.TransactionError
	// FrameError is a payload that is not framed as the wire format wants.
	FrameError = serde.FrameError
	// DecodeError is a datum that disagrees with its schema. It has the path of the field; a
	// [*serde.DecodeError] with the topic wraps it.
	DecodeError = avro.DecodeError
	// EncodeError is a value that its schema has no place for. It has the path of the field; a
	// [*serde.EncodeError] with the topic wraps it.
	EncodeError = avro.EncodeError
	// IncompatibleError is a schema that the registry's level refuses, with the reasons.
	IncompatibleError = schemas.IncompatibleError
	// ParseError is a text that is not a valid schema.
	ParseError = schemas.ParseError
	// NotFoundError is a subject, version, schema or id that does not exist.
	NotFoundError = registry.NotFoundError
	// UnavailableError is a registry that does not answer.
	UnavailableError = registry.UnavailableError
	// UnauthorizedError is a registry that refuses the credentials.
	UnauthorizedError = registry.UnauthorizedError
)

// The stages.
const (
	StageUnknown = avroconsumer.StageUnknown // a dead letter does not say it
	StageKey     = avroconsumer.StageKey     // the key could not be decoded
	StageValue   = avroconsumer.StageValue   // the value could not be decoded
	StageHandler = avroconsumer.StageHandler // the handler returned an error, or panicked
	StageOutput  = avroconsumer.StageOutput  // what a pipeline returned could not be serialized, or the registry did not answer
)

// Errors that are values: errors.Is finds them.
var (
	ErrClosed       = kafka.ErrClosed           // what was closed was used
	ErrUnreachable  = kafka.ErrUnreachable      // no connection to a broker
	ErrUnknownTopic = kafka.ErrUnknownTopic     // the topic does not exist
	ErrTombstone    = avroconsumer.ErrTombstone // nothing says what to do with a null value
	ErrEnd          = avroconsumer.ErrEnd       // everything was read, under WithToEnd
)

// What becomes of records that fail.
type (
	// Policy says what to do with a record that failed. See [WithPolicy].
	Policy = avroconsumer.Policy
	// Class groups errors by what can be done about them. See [avroconsumer.Class].
	Class = avroconsumer.Class
	// Backoff is how long to wait before the n-th retry.
	Backoff = avroconsumer.Backoff
	// Tombstones says what to do with null values. See [WithTombstones].
	Tombstones = avroconsumer.Tombstones
)

// The classes of errors that policies are for. See [avroconsumer.Class].
const (
	DecodeErrors   = avroconsumer.DecodeErrors   // the bytes are no Avro, or disagree with their schema
	UnknownSchemas = avroconsumer.UnknownSchemas // the registry does not know the schema
	HandlerErrors  = avroconsumer.HandlerErrors  // the handler returned an error, or panicked
	SchemaMismatch = avroconsumer.SchemaMismatch // the schema as a whole cannot become what the program reads
)

// What [WithTombstones] takes.
const (
	SkipTombstones    = avroconsumer.SkipTombstones
	DeliverTombstones = avroconsumer.DeliverTombstones
)

// Stop is the policy that ends Run with the record's error, and leaves the committed
// offset on the record. It is the default.
func Stop() Policy { return avroconsumer.Stop() }

// Skip is the policy that counts the record as processed. Only observers are told.
func Skip() Policy { return avroconsumer.Skip() }

// Retry is the policy that calls the handler again, up to n times and after a pause each
// time, and then does what [avroconsumer.Policy.Then] says, or stops. It is an
// error for DecodeErrors and SchemaMismatch, which would fail again.
func Retry(n int, b Backoff) Policy { return avroconsumer.Retry(n, b) }

// Raw is the policy that hands the record to the handler although it could not be decoded,
// with Message.Err set.
func Raw() Policy { return avroconsumer.Raw() }

// Constant waits d before every retry.
func Constant(d time.Duration) Backoff { return avroconsumer.Constant(d) }

// Exponential waits first, then twice as long each time, but never longer than most.
func Exponential(first, most time.Duration) Backoff { return avroconsumer.Exponential(first, most) }

// Ordering says which records a consumer handles one after the other: see [WithOrdering].
type Ordering = avroconsumer.Ordering

// The orderings.
const (
	OrderByPartition = avroconsumer.Partition // those of one partition
	OrderByKey       = avroconsumer.Key       // those of one partition with the same key
	Unordered        = avroconsumer.None      // none
)

// Start is where reading of a partition begins: see [WithStart].
type Start = avroconsumer.Start

// FromTime begins with the first record whose timestamp is at or after t, in partitions
// for which the group has committed nothing.
func FromTime(t time.Time) Start { return avroconsumer.FromTime(t) }

// FromOffset begins at an offset, which may be [OffsetStart] or [OffsetEnd], in partitions
// for which the group has committed nothing.
func FromOffset(offset int64) Start { return avroconsumer.FromOffset(offset) }

// Offsets that are positions rather than numbers.
const (
	OffsetStart = kafka.OffsetStart // at the first record that still exists
	OffsetEnd   = kafka.OffsetEnd   // after the last record
)

// OnDelivery has f told what became of the record. See [avroproducer.OnDelivery].
func OnDelivery(f func(Delivery)) RecordOption { return avroproducer.OnDelivery(f) }

// WithHeaders gives the record headers.
func WithHeaders(h ...Header) RecordOption { return avroproducer.WithHeaders(h...) }

// WithPartition sends the record to a partition instead of the one the partitioner
// chooses.
func WithPartition(p int32) RecordOption { return avroproducer.WithPartition(p) }

// WithTimestamp gives the record a timestamp. The default is the time of the call.
func WithTimestamp(t time.Time) RecordOption { return avroproducer.WithTimestamp(t) }

// ParseSchema parses the text of an Avro schema. The error is a [*ParseError]. See
// [schemas.Parse].
func ParseSchema(text string) (*Schema, error) { return schemas.Parse(text) }

// MustParseSchema is ParseSchema for texts that are part of the program: it panics if text
// is not a valid schema.
func MustParseSchema(text string) *Schema { return schemas.MustParse(text) }

package kafka

import (
	"context"
	"log/slog"
	"time"
)

// Config is the configuration of a client: librdkafka's keys
// (https://github.com/confluentinc/librdkafka/blob/master/CONFIGURATION.md), with values of type
// string, bool, int, float64, time.Duration (in milliseconds) or []string (joined by commas), see
// [Text]. A function that takes a Config copies what it needs and does not change it.
type Config map[string]any

// Hooks are functions that a client calls. All fields are optional. Functions may be called from any
// goroutine and must not block, but for Token.
type Hooks struct {
	// Logger receives the client's log lines, and kavro's warnings while the client retries: no
	// broker can be reached, credentials are refused, a topic is missing. Each warning is
	// written once a minute at most. Nil: log lines are discarded, and warnings go to
	// slog.Default(). slog.New(slog.DiscardHandler) discards both.
	Logger *slog.Logger
	// Token returns a token for SASL/OAUTHBEARER. It is called when the client needs a new
	// one, and may use the network within its context.
	Token func(context.Context) (Token, error)
	// Stats receives librdkafka's statistics document (statistics.interval.ms).
	// kafka/franz has no statistics: its constructors return a [*ConfigError].
	Stats func(json []byte)
	// Error receives errors that the client recovers from and that belong to no record, such
	// as "all brokers are down".
	Error func(error)
}

// Token is an OAuth bearer token for SASL/OAUTHBEARER.
type Token struct {
	Value      string
	Expires    time.Time
	Principal  string
	Extensions map[string]string
}

// TopicPartition names one partition of one topic.
type TopicPartition struct {
	Topic     string
	Partition int32
}

// Symbolic offsets, with librdkafka's values.
const (
	OffsetEnd   int64 = -1    // after the last record
	OffsetStart int64 = -2    // at the first record that still exists
	OffsetNone  int64 = -1001 // no offset is committed or known
)

// Offset is the offset of the next record to read from a partition.
type Offset struct {
	TopicPartition
	Offset      int64 // a number, or one of OffsetStart, OffsetEnd, OffsetNone
	LeaderEpoch int32 // -1 if unknown
}

// Producer sends records.
//
// All methods are safe for concurrent use.
type Producer interface {
	// Produce queues r. It waits for space in the client's queue within ctx. ctx bounds
	// nothing else: cancelling it later does not cancel r.
	//
	// If Produce returns an error, done is not called and r is the caller's. Otherwise the
	// producer owns r, its bytes and its headers until it calls done, exactly once, also when
	// it is closed. done's record is r itself, with the Partition and Offset of the log
	// (Offset -1 if unknown) and the Timestamp that was sent, also for topics with
	// message.timestamp.type=LogAppendTime. Calls of done run one at a time, and must neither
	// block nor produce. done may be nil.
	//
	// r.Partition -1 lets the partitioner choose. A zero Timestamp means now.
	Produce(ctx context.Context, r *Record, done func(*Record, error)) error
	// Flush sends without lingering and waits until every record produced before the call was
	// reported. It may also wait for records that are produced meanwhile.
	Flush(ctx context.Context) error
	// Close flushes within ctx and closes the client. Records that were not delivered by then
	// are reported with ErrClosed, and Close returns the context's error with the cause (see
	// [Explainer]). It is idempotent: later calls return nil. Calls of Produce during and
	// after Close return ErrClosed.
	Close(ctx context.Context) error
}

// Copier is a Producer that copies records where the caller would have to copy them else: kafka/franz
// has memory of its own for them. avroproducer uses it for records of a kilobyte at most.
type Copier interface {
	Producer
	// ProduceCopy is Produce for a record that stays the caller's: r, its bytes and its slice of
	// headers are copied before it returns, the bytes of the headers' values are not. done's record
	// is the client's, with the fields of r, and ends with the call of done.
	ProduceCopy(ctx context.Context, r *Record, done func(*Record, error)) error
}

// Rebalance is called when the partitions of a consumer change. Each call has only the partitions that
// are added or removed. Calls run one at a time, inside Poll, Subscribe and Close, on the goroutine that
// has called those.
type Rebalance interface {
	// Assigned is called with new partitions and their committed offsets (OffsetNone where there
	// is none). Reading starts at the offsets in start. A partition that is not in start
	// begins at its committed offset, or as auto.offset.reset says. Poll returns the error;
	// the next Poll calls Assigned again.
	Assigned(ctx context.Context, committed []Offset) (start []Offset, err error)
	// Revoked is called before the partitions p are revoked. Offsets of p can be committed
	// inside it.
	Revoked(ctx context.Context, p []TopicPartition)
	// Lost is called when the partitions p belong to other members already: a commit fails.
	Lost(p []TopicPartition)
}

// A [Rebalance] may also implement Rebalanced, to be told the end of each rebalance, also of one that
// assigns nothing to this member. From Subscribe, or the loss of all partitions, until then the member waits for
// others.
type Rebalanced interface {
	// Rebalanced is called inside the same methods as those of Rebalance, and must not call the
	// consumer. With group.protocol=consumer, whose members do not wait for each other, it is
	// called right after Subscribe, and after each Revoked and Lost.
	Rebalanced()
}

// Batch is the result of one Poll. The caller owns it and may reuse it. The records in it and their
// bytes stay valid.
type Batch struct {
	Records []*Record        // in offset order within each partition
	Ends    []Offset         // partitions read to their end (enable.partition.eof), with the next offset
	Errors  []PartitionError // errors of partitions, the others go on; of the group: topic "", partition -1

	// Spare is set by the caller: records that nobody uses any more. Poll may return them again with
	// another content, and then removes them from the end.
	Spare []*Record
}

// PartitionError is an error of one partition, such as a missing topic or missing permission.
type PartitionError struct {
	TopicPartition
	Err error // usually an *Error
}

// Consumer reads records as a member of a group (group.id).
//
// One goroutine calls Subscribe, Poll and Close; Commit, Pause, Resume and Seek
// are safe from any goroutine.
type Consumer interface {
	// Subscribe joins the group for topics; a topic beginning with ^ is a
	// regular expression. A second call replaces the first. r may be nil.
	Subscribe(topics []string, r Rebalance) error
	// Poll empties b and fills it with up to max records. It returns nil with at least one
	// record, end or error in b, or an error with none: the context's, ErrClosed, that of
	// Rebalance.Assigned, or an *Error that ends the consumer (Fatal).
	Poll(ctx context.Context, b *Batch, max int) error
	// Commit makes next the group's offsets, and waits for the broker's response. No other call
	// commits.
	Commit(ctx context.Context, next []Offset) error
	// Pause stops fetching from partitions; those that are not assigned are ignored. A pause ends
	// when its partition is revoked.
	Pause(p ...TopicPartition) error
	// Resume undoes Pause.
	Resume(p ...TopicPartition) error
	// Seek moves positions of assigned partitions. A Poll that begins after it does not return
	// records that were fetched before it. During a rebalance it may fail with a Retriable
	// error.
	Seek(ctx context.Context, to ...Offset) error
	// Close leaves the group. It calls Revoked for the assigned partitions, or Lost where ctx has
	// ended or an error has ended the consumer. It does not commit, and waits at most a second
	// longer than ctx. It returns the error that has ended the consumer, if one has. It is
	// idempotent: later calls return nil.
	Close(ctx context.Context) error
}

// Session is a consumer and a transactional producer that consume, transform and produce exactly once. A
// transaction has the offsets of the records polled since Begin.
type Session interface {
	Consumer
	// Producer is the session's transactional producer. It is closed with the session.
	Producer() Producer
	Begin(ctx context.Context) error
	// End commits or aborts. With committed false and a nil error the transaction was aborted, by
	// request or because partitions were revoked, and positions are those at Begin again.
	//
	// After a Retriable error the outcome is open: the same call resumes. After any other error
	// that is not Fatal the transaction was aborted, and the error says why.
	End(ctx context.Context, commit bool) (committed bool, err error)
}

// TxnProducer is a Producer with transactional.id set: its records are read by
// others (isolation.level=read_committed) only after End(ctx, true).
type TxnProducer interface {
	Producer
	// Begin starts a transaction. The first call waits for the broker, which fences earlier
	// producers of the same transactional id.
	Begin(ctx context.Context) error
	// End flushes and commits, or aborts. AbortTxn, Retriable and Fatal of an *Error say what the
	// caller can do next.
	End(ctx context.Context, commit bool) error
}

// Offsets asks brokers for offsets. Consumers of both drivers implement it.
type Offsets interface {
	// OffsetsAt returns, for each partition, the first offset whose timestamp
	// is at or after t, or the partition's end if there is none.
	OffsetsAt(ctx context.Context, t time.Time, p ...TopicPartition) ([]Offset, error)
	// Watermarks returns the first offset kept and the end of a partition.
	Watermarks(ctx context.Context, p TopicPartition) (low, high int64, err error)
	// Committed returns the group's offsets, OffsetNone where there is none.
	Committed(ctx context.Context, p ...TopicPartition) ([]Offset, error)
}

// Assigner reads chosen partitions instead of those that a group assigns. Consumers of both drivers
// implement it. A consumer can either Subscribe or Assign.
type Assigner interface {
	// Assign replaces the whole assignment and starts at the given offsets
	// (OffsetNone: the group's committed offset, or auto.offset.reset).
	Assign(ctx context.Context, at ...Offset) error
}

// Explainer adds causes to errors. Producers and consumers of both drivers implement it; the errors that
// they return have their causes already.
type Explainer interface {
	// Explain adds the client's last error to an error that says only that a context has ended,
	// unless the client has recovered since. It returns other errors, and nil, as they are.
	Explain(err error) error
}

// Explain calls client's [Explainer.Explain], or returns err if client has none.
func Explain(client any, err error) error {
	if x, ok := client.(Explainer); ok {
		return x.Explain(err)
	}
	return err
}

// TopicChecker checks that a topic exists. Producers of both drivers implement it.
type TopicChecker interface {
	// CheckTopic returns nil if topic exists. It asks as Produce does, so brokers with
	// auto.create.topics.enable create the topic. Else the error is an *Error of code 3 that
	// matches [ErrUnknownTopic].
	CheckTopic(ctx context.Context, topic string) error
}

// Metadata asks brokers for the metadata of a topic. Clients of all kinds, of both drivers, implement it.
type Metadata interface {
	// Partitions returns the ids of topic's partitions in ascending order, or an
	// *Error of code 3 (unknown topic or partition).
	Partitions(ctx context.Context, topic string) ([]int32, error)
}

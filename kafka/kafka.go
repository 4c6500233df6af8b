package kafka

import (
	"context"
	"log/slog"
	"time"
)

// Config is a configuration as Kafka's clients know it: librdkafka's keys
// (https://github.com/confluentinc/librdkafka/blob/master/CONFIGURATION.md),
// with values of type string, bool, int, float64, time.Duration (written in
// milliseconds) or []string (joined by commas). Whoever takes a Config copies
// what it needs and never changes it.
type Config map[string]any

// Hooks is what a program may want from the client underneath. All fields are
// optional; all functions may be called from any goroutine and must not block.
type Hooks struct {
	// Logger receives the client's own log lines, and kavro's warnings about what
	// the client cannot do although it goes on trying: no broker to be reached,
	// refused credentials, a missing topic. The same warning comes once a minute at
	// the most. Nil: the client's lines are discarded, warnings go to slog.Default();
	// slog.New(slog.DiscardHandler) silences both.
	Logger *slog.Logger
	// Token answers for SASL/OAUTHBEARER, whenever the client needs a new token.
	Token func(context.Context) (Token, error)
	// Stats receives librdkafka's statistics document (statistics.interval.ms).
	// kafka/franz has none, and refuses it.
	Stats func(json []byte)
	// Error receives errors that belong to no record and end nothing, such as
	// "all brokers are down": the client goes on trying.
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

// Offsets that are positions rather than numbers, with librdkafka's values.
const (
	OffsetEnd   int64 = -1    // after the last record
	OffsetStart int64 = -2    // at the first record that still exists
	OffsetNone  int64 = -1001 // nothing committed, nothing known
)

// Offset is the offset of the next record to read from a partition.
type Offset struct {
	TopicPartition
	Offset      int64 // a number, or one of OffsetStart, OffsetEnd, OffsetNone
	LeaderEpoch int32 // -1 if unknown
}

// Producer sends records. [kafka/confluent] and [kafka/franz] make them.
//
// All methods are safe for concurrent use.
type Producer interface {
	// Produce queues r. It waits for room in the client's queue within ctx,
	// and ctx bounds nothing else: cancelling it later does not take r back.
	//
	// If Produce returns an error, done is not called and r was not kept.
	// Otherwise the producer owns r, its bytes and its headers until it calls
	// done, exactly once, also when it is closed; done's record is r itself
	// with Partition and Offset as the broker has them (Offset -1 if unknown),
	// and the Timestamp that was sent: neither client tells what a topic under
	// message.timestamp.type=LogAppendTime has instead. done calls run one at a time and must neither block nor
	// produce. A nil done is allowed.
	//
	// r.Partition -1 lets the partitioner choose. A zero Timestamp means now.
	Produce(ctx context.Context, r *Record, done func(*Record, error)) error
	// Flush waits until every record produced before the call was reported.
	Flush(ctx context.Context) error
	// Close flushes within ctx, fails the rest through done with ErrClosed, and
	// releases the client. It returns the context's error if there was a rest, with
	// the cause (see [Explainer]). It is idempotent: later calls return nil. Calls of
	// Produce during and after Close return ErrClosed.
	Close(ctx context.Context) error
}

// Rebalance is told what a consumer may read. Calls are deltas: only the
// partitions added or taken. They come one at a time, only from within Poll,
// Subscribe and Close, never beside the caller's own code.
type Rebalance interface {
	// Assigned gives partitions and what the group committed for each
	// (Offset is OffsetNone where nothing is). Reading starts at the offsets
	// in start; a partition that start leaves out begins at its committed
	// offset, or where auto.offset.reset says. An error ends Poll with it; a
	// later Poll asks again.
	Assigned(ctx context.Context, committed []Offset) (start []Offset, err error)
	// Revoked says that p are to be given up once it returns. Committing
	// offsets of p inside it works.
	Revoked(ctx context.Context, p []TopicPartition)
	// Lost says that p already belong to somebody else, perhaps for a while:
	// a commit would fail.
	Lost(p []TopicPartition)
}

// Rebalanced is a [Rebalance] that wants to know when the group has told this member what
// it has: when a rebalance is over, also one that brought nothing. Between Subscribe, or
// the loss of all partitions, and that, the member waits for others.
type Rebalanced interface {
	// Rebalanced is called where the methods of Rebalance are, and must not call the
	// consumer. With group.protocol=consumer, whose members do not wait for each other,
	// it is called at once after Subscribe, and after each Revoked and Lost.
	Rebalanced()
}

// Batch is what one Poll brought. The caller owns it and may reuse it; the
// records in it and their bytes belong to the caller for good.
type Batch struct {
	Records []*Record        // in offset order within each partition
	Ends    []Offset         // partitions read to their end (enable.partition.eof), with the offset of the next record
	Errors  []PartitionError // partitions that failed, the others go on; topic "", partition -1: the group
}

// PartitionError is an error of one partition, such as a missing topic or a
// topic that this user may not read.
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
	// Poll empties b and fills it with up to max records. It returns nil with
	// at least one record, end or error in b, or an error with none: the
	// context's, ErrClosed, what Rebalance.Assigned returned, or an *Error
	// that ends the consumer (Fatal).
	Poll(ctx context.Context, b *Batch, max int) error
	// Commit makes next the group's offsets, and waits for the broker's answer.
	// It is the only call that moves them: the client stores nothing by itself.
	Commit(ctx context.Context, next []Offset) error
	// Pause stops fetching partitions; those not assigned are ignored. A pause
	// ends when its partition is revoked.
	Pause(p ...TopicPartition) error
	// Resume undoes Pause.
	Resume(p ...TopicPartition) error
	// Seek moves positions of assigned partitions. Records that were fetched
	// before it do not come out of a Poll that begins after it. In the middle of
	// a rebalance it may fail with a Retriable error.
	Seek(ctx context.Context, to ...Offset) error
	// Close leaves the group, calling Revoked for what was assigned, or Lost
	// where ctx leaves no time for that or an error has ended the consumer. It
	// neither commits by itself nor waits past ctx, and returns the error that has
	// ended the consumer, if one has. It is idempotent: later calls return nil.
	Close(ctx context.Context) error
}

// Session is one transactional id and one group: consume, transform, produce
// with exactly-once semantics. A transaction covers exactly what was polled
// since Begin.
type Session interface {
	Consumer
	// Producer is the session's transactional producer. It is closed with the session.
	Producer() Producer
	Begin(ctx context.Context) error
	// End commits or aborts. With committed false and a nil error the
	// transaction was aborted (asked for, or because partitions were revoked),
	// and positions go back to where they were at Begin.
	//
	// A Retriable error leaves it undecided: the same call goes on where this one
	// stopped. After any other error that is not Fatal the transaction was
	// aborted as well, and the error says why it could not be committed.
	End(ctx context.Context, commit bool) (committed bool, err error)
}

// TxnProducer is a Producer with transactional.id set: its records are read by
// others (isolation.level=read_committed) only after End(ctx, true).
type TxnProducer interface {
	Producer
	// Begin starts a transaction; the first one also waits for the broker to
	// fence earlier producers of the same transactional id.
	Begin(ctx context.Context) error
	// End flushes and commits, or aborts. An *Error says with AbortTxn,
	// Retriable and Fatal what can be done next.
	End(ctx context.Context, commit bool) error
}

// Offsets asks the broker about offsets. Consumers of both clients satisfy it.
type Offsets interface {
	// OffsetsAt returns, for each partition, the first offset whose timestamp
	// is at or after t, or the partition's end if there is none.
	OffsetsAt(ctx context.Context, t time.Time, p ...TopicPartition) ([]Offset, error)
	// Watermarks returns the first offset kept and the end of a partition.
	Watermarks(ctx context.Context, p TopicPartition) (low, high int64, err error)
	// Committed returns the group's offsets, OffsetNone where there is none.
	Committed(ctx context.Context, p ...TopicPartition) ([]Offset, error)
}

// Assigner reads partitions without a group's coordination. Consumers of both
// clients satisfy it. It excludes Subscribe.
type Assigner interface {
	// Assign replaces the whole assignment and starts at the given offsets
	// (OffsetNone: the group's committed offset, or auto.offset.reset).
	Assign(ctx context.Context, at ...Offset) error
}

// Explainer knows why a client waits in vain. Producers and consumers of both clients
// satisfy it, and do so for the errors that they return themselves.
type Explainer interface {
	// Explain adds to an error that says only that a context has ended what the
	// client's last error was, if it has not recovered since. It returns other
	// errors, and nil, as they are.
	Explain(err error) error
}

// Explain is client's [Explainer.Explain], or err where client has none.
func Explain(client any, err error) error {
	if x, ok := client.(Explainer); ok {
		return x.Explain(err)
	}
	return err
}

// TopicChecker finds out whether a topic can be produced to. Producers of both
// clients satisfy it.
type TopicChecker interface {
	// CheckTopic returns nil if topic exists. Where it does not, it is asked for once
	// more in the way that a record asks for it, so that brokers that make topics by
	// themselves (auto.create.topics.enable) do so; else the error is an *Error of
	// code 3 that matches [ErrUnknownTopic].
	CheckTopic(ctx context.Context, topic string) error
}

// Metadata tells what the cluster has. Producers and consumers of both clients
// satisfy it.
type Metadata interface {
	// Partitions returns the ids of topic's partitions in ascending order, or an
	// *Error of code 3 (unknown topic or partition).
	Partitions(ctx context.Context, topic string) ([]int32, error)
}

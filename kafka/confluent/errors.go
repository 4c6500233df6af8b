//go:build cgo

package confluent

import (
	"context"
	"errors"
	"fmt"

	ckafka "github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kavro/kavro/kafka"
)

// convert makes a *kafka.Error without a partition of an error of confluent-kafka-go. It returns other
// errors as they are.
func convert(err error) error { return convertAt(err, "", -1) }

// convertAt is convert for an error of one partition; partition is -1 for an
// error of the topic.
func convertAt(err error, topic string, partition int32) error {
	var ke ckafka.Error
	if !errors.As(err, &ke) {
		return err
	}
	return &kafka.Error{
		Code:      int16(ke.Code()),
		Topic:     topic,
		Partition: partition,
		Retriable: !ke.IsFatal() && !ke.TxnRequiresAbort() && (ke.IsRetriable() || retriable(ke.Code())),
		Fatal:     ke.IsFatal(),
		AbortTxn:  ke.TxnRequiresAbort(),
		Err:       ke,
	}
}

// convertTxn is convert for an error of a transactional call, which has its own flags.
func convertTxn(err error) error {
	var ke ckafka.Error
	if !errors.As(err, &ke) {
		return err
	}
	e := convert(err).(*kafka.Error)
	e.Retriable = ke.IsRetriable()
	return e
}

// local is an error of this package with one of librdkafka's codes.
func local(code ckafka.ErrorCode, topic string, partition int32, format string, args ...any) *kafka.Error {
	return &kafka.Error{
		Code: int16(code), Topic: topic, Partition: partition,
		Retriable: retriable(code), Err: fmt.Errorf(format, args...),
	}
}

// interrupted is the error of a call whose context has ended while librdkafka goes on with it. The same
// call, made again, resumes it.
func interrupted(ctx context.Context) error {
	return local(ckafka.ErrTimedOut, "", -1, "continues in the background: %w", ctx.Err())
}

// retriable reports whether a call that failed with code may succeed later:
// the protocol's errors marked so ("Error Codes" in the Kafka protocol guide),
// and librdkafka's own of the same kind.
func retriable(code ckafka.ErrorCode) bool {
	switch code {
	case ckafka.ErrTimedOut, ckafka.ErrTimedOutQueue, ckafka.ErrMsgTimedOut, ckafka.ErrQueueFull,
		ckafka.ErrTransport, ckafka.ErrAllBrokersDown, ckafka.ErrResolve, ckafka.ErrWaitCoord, ckafka.ErrWaitCache,
		ckafka.ErrPrevInProgress, ckafka.ErrRetry:
		return true
	case ckafka.ErrInvalidMsg, // CORRUPT_MESSAGE
		ckafka.ErrUnknownTopicOrPart, ckafka.ErrUnknownTopicID,
		ckafka.ErrLeaderNotAvailable, ckafka.ErrNotLeaderForPartition, ckafka.ErrReplicaNotAvailable,
		ckafka.ErrRequestTimedOut, ckafka.ErrNetworkException,
		ckafka.ErrCoordinatorLoadInProgress, ckafka.ErrCoordinatorNotAvailable, ckafka.ErrNotCoordinator,
		ckafka.ErrNotEnoughReplicas, ckafka.ErrNotEnoughReplicasAfterAppend,
		ckafka.ErrNotController, ckafka.ErrConcurrentTransactions, ckafka.ErrKafkaStorageError,
		ckafka.ErrFetchSessionIDNotFound, ckafka.ErrInvalidFetchSessionEpoch, ckafka.ErrListenerNotFound,
		ckafka.ErrFencedLeaderEpoch, ckafka.ErrUnknownLeaderEpoch, ckafka.ErrOffsetNotAvailable,
		ckafka.ErrPreferredLeaderNotAvailable, ckafka.ErrEligibleLeadersNotAvailable,
		ckafka.ErrUnstableOffsetCommit, ckafka.ErrThrottlingQuotaExceeded:
		return true
	}
	return false
}

// isRetriable reports whether err says that the same call may succeed later.
func isRetriable(err error) bool {
	e, ok := errors.AsType[*kafka.Error](err)
	return ok && e.Retriable
}

// membershipLost reports whether err says that the group has removed this member, or rebalances: its
// partitions may be others'.
func membershipLost(err error) bool {
	var e *kafka.Error
	if !errors.As(err, &e) {
		return false
	}
	switch ckafka.ErrorCode(e.Code) {
	case ckafka.ErrIllegalGeneration, ckafka.ErrUnknownMemberID, ckafka.ErrRebalanceInProgress, ckafka.ErrStaleMemberEpoch:
		return true
	}
	return false
}

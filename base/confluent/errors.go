//go:build cgo

package confluent

import (
	"context"
	"errors"
	"fmt"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kavro/kavro/base"
)

// convert turns an error of confluent-kafka-go into a *base.Error that belongs
// to no partition. Other errors are returned as they are.
func convert(err error) error { return convertAt(err, "", -1) }

// convertAt is convert for an error of one partition; partition is -1 for an
// error of the topic.
func convertAt(err error, topic string, partition int32) error {
	var ke kafka.Error
	if !errors.As(err, &ke) {
		return err
	}
	return &base.Error{
		Code:      int16(ke.Code()),
		Topic:     topic,
		Partition: partition,
		Retriable: !ke.IsFatal() && !ke.TxnRequiresAbort() && (ke.IsRetriable() || retriable(ke.Code())),
		Fatal:     ke.IsFatal(),
		AbortTxn:  ke.TxnRequiresAbort(),
		Err:       ke,
	}
}

// convertTxn turns an error of a transactional call, which carries flags of its
// own, into a *base.Error.
func convertTxn(err error) error {
	var ke kafka.Error
	if !errors.As(err, &ke) {
		return err
	}
	e := convert(err).(*base.Error)
	e.Retriable = ke.IsRetriable()
	return e
}

// local is an error of our own with one of librdkafka's codes.
func local(code kafka.ErrorCode, topic string, partition int32, format string, args ...any) *base.Error {
	return &base.Error{
		Code: int16(code), Topic: topic, Partition: partition,
		Retriable: retriable(code), Err: fmt.Errorf(format, args...),
	}
}

// interrupted is what a call returns whose context ended while librdkafka goes
// on with it: the same call, made again, resumes it.
func interrupted(ctx context.Context) error {
	return local(kafka.ErrTimedOut, "", -1, "goes on in the background: %w", ctx.Err())
}

// retriable reports whether a call that failed with code may succeed later:
// the protocol's errors marked so ("Error Codes" in the Kafka protocol guide),
// and librdkafka's own of the same kind.
func retriable(code kafka.ErrorCode) bool {
	switch code {
	case kafka.ErrTimedOut, kafka.ErrTimedOutQueue, kafka.ErrMsgTimedOut, kafka.ErrQueueFull,
		kafka.ErrTransport, kafka.ErrAllBrokersDown, kafka.ErrResolve, kafka.ErrWaitCoord, kafka.ErrWaitCache,
		kafka.ErrPrevInProgress, kafka.ErrRetry:
		return true
	case kafka.ErrInvalidMsg, // CORRUPT_MESSAGE
		kafka.ErrUnknownTopicOrPart, kafka.ErrUnknownTopicID,
		kafka.ErrLeaderNotAvailable, kafka.ErrNotLeaderForPartition, kafka.ErrReplicaNotAvailable,
		kafka.ErrRequestTimedOut, kafka.ErrNetworkException,
		kafka.ErrCoordinatorLoadInProgress, kafka.ErrCoordinatorNotAvailable, kafka.ErrNotCoordinator,
		kafka.ErrNotEnoughReplicas, kafka.ErrNotEnoughReplicasAfterAppend,
		kafka.ErrNotController, kafka.ErrConcurrentTransactions, kafka.ErrKafkaStorageError,
		kafka.ErrFetchSessionIDNotFound, kafka.ErrInvalidFetchSessionEpoch, kafka.ErrListenerNotFound,
		kafka.ErrFencedLeaderEpoch, kafka.ErrUnknownLeaderEpoch, kafka.ErrOffsetNotAvailable,
		kafka.ErrPreferredLeaderNotAvailable, kafka.ErrEligibleLeadersNotAvailable,
		kafka.ErrUnstableOffsetCommit, kafka.ErrThrottlingQuotaExceeded:
		return true
	}
	return false
}

// isRetriable reports whether err says that the same call may succeed later.
func isRetriable(err error) bool {
	e, ok := errors.AsType[*base.Error](err)
	return ok && e.Retriable
}

// membershipLost reports whether err says that this member no longer is what
// the group takes it for: its partitions were given to others.
func membershipLost(err error) bool {
	var e *base.Error
	if !errors.As(err, &e) {
		return false
	}
	switch kafka.ErrorCode(e.Code) {
	case kafka.ErrIllegalGeneration, kafka.ErrUnknownMemberID, kafka.ErrRebalanceInProgress, kafka.ErrStaleMemberEpoch:
		return true
	}
	return false
}

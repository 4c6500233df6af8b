package franz

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kavro/kavro/kafka"
)

// The error codes of librdkafka's own that this package uses (rdkafka.h,
// rd_kafka_resp_err_t).
const (
	codeFail            int16 = -196 // errors without a code of their own
	codeTransport       int16 = -195
	codeMsgTimedOut     int16 = -192
	codeUnknownPart     int16 = -190
	codeAllBrokersDown  int16 = -187
	codeInvalidArg      int16 = -186
	codeTimedOut        int16 = -185
	codeConflict        int16 = -173
	codeState           int16 = -172
	codeAuthentication  int16 = -169
	codePurgeQueue      int16 = -152
	codeMaxPollExceeded int16 = -147
	codeFenced          int16 = -144
	codeAutoOffsetReset int16 = -140
	codeLogTruncation   int16 = -139
)

// local is an error that no broker reported.
func local(code int16, format string, args ...any) *kafka.Error {
	return &kafka.Error{Code: code, Partition: -1, Err: fmt.Errorf(format, args...)}
}

// at returns err with topic and partition, if it is a *kafka.Error.
func at(err error, tp kafka.TopicPartition) error {
	e, ok := errors.AsType[*kafka.Error](err)
	if !ok {
		return err
	}
	located := *e
	located.Topic, located.Partition = tp.Topic, tp.Partition
	return &located
}

// convert makes a *kafka.Error of an error of kgo's. It returns kafka.ErrClosed for kgo's
// ErrClientClosed, and errors of contexts and *kafka.Errors as they are.
func convert(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*kafka.Error](err); ok {
		return e
	}
	switch {
	case errors.Is(err, kafka.ErrClosed), errors.Is(err, kgo.ErrClientClosed):
		return kafka.ErrClosed
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}

	e := &kafka.Error{Code: codeFail, Partition: -1, Err: err}
	switch {
	case errors.Is(err, kgo.ErrRecordTimeout):
		e.Code, e.Retriable = codeMsgTimedOut, true
		return e
	case errors.Is(err, kgo.ErrAborting):
		e.Code = codePurgeQueue
		return e
	}
	if ke, ok := errors.AsType[*kerr.Error](err); ok {
		fromBroker(e, ke)
		return e
	}
	if loss, ok := errors.AsType[*kgo.ErrDataLoss](err); ok {
		e.Code, e.Topic, e.Partition = codeLogTruncation, loss.Topic, loss.Partition
		return e
	}
	if errors.Is(err, kgo.ErrRecordRetries) {
		e.Code, e.Retriable = codeMsgTimedOut, true
		return e
	}
	if isTransport(err) {
		e.Code, e.Retriable = codeTransport, true
	}
	return e
}

// fromBroker fills e from an error that a broker reported.
func fromBroker(e *kafka.Error, ke *kerr.Error) {
	e.Code, e.Retriable = ke.Code, ke.Retriable
	switch ke {
	case kerr.ProducerFenced, kerr.InvalidProducerEpoch:
		// Another producer of the same transactional id has taken over.
		// librdkafka reports both with a code of its own.
		e.Code, e.Fatal, e.Retriable = codeFenced, true, false
	case kerr.FencedInstanceID, kerr.TransactionalIDAuthorizationFailed, kerr.InvalidTransactionTimeout:
		e.Fatal, e.Retriable = true, false
	case kerr.TransactionAbortable, kerr.OperationNotAttempted,
		kerr.InvalidProducerIDMapping, kerr.UnknownProducerID, kerr.OutOfOrderSequenceNumber:
		e.AbortTxn = true
	}
}

// isTransport reports whether err is about a connection, not about a request.
func isTransport(err error) bool {
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	if _, ok := errors.AsType[*handshakeError](err); ok {
		return true
	}
	if strings.Contains(err.Error(), "invalid large response size") && strings.HasSuffix(err.Error(), "?") {
		return true // kgo's error for a port that speaks HTTP or TLS
	}
	_, ok := errors.AsType[*kgo.ErrFirstReadEOF](err)
	return ok || errors.Is(err, net.ErrClosed) || kgo.IsRetryableBrokerErr(err)
}

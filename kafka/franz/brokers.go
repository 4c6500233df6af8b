package franz

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kavro/kavro/internal/clienterr"
	"github.com/kavro/kavro/kafka"
)

// brokerEvents reports what librdkafka reports of connections: each that could not
// be made, and that none is left.
type brokerEvents struct {
	errs *clienterr.Tracker

	mu     sync.Mutex
	open   map[net.Conn]struct{}
	hungUp map[string]bool // brokers that have ended a connection instead of answering to the credentials
	fresh  map[int32]bool  // brokers that have answered nothing but the handshake since they were connected to
}

// OnBrokerRead is called by kgo for every answer, and for what comes instead of one. An
// answer to the handshake (ApiVersions, SASL) does not yet say that this client may use
// the broker: where it lacks SASL, the broker answers to ApiVersions, and hangs up next.
func (b *brokerEvents) OnBrokerRead(meta kgo.BrokerMetadata, key int16, _ int, _, _ time.Duration, err error) {
	switch kmsg.Key(key) {
	case kmsg.ApiVersions, kmsg.SASLHandshake:
		return
	case kmsg.SASLAuthenticate:
		if err != nil {
			b.mu.Lock()
			defer b.mu.Unlock()
			if b.hungUp == nil {
				b.hungUp = map[string]bool{}
			}
			b.hungUp[address(meta)] = true
		}
		return
	}
	b.mu.Lock()
	fresh := b.fresh[meta.NodeID]
	if fresh && err == nil {
		delete(b.fresh, meta.NodeID)
	}
	b.mu.Unlock()
	switch {
	case err == nil:
		b.errs.OK()
	case fresh && (errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET)):
		b.errs.Report(&kafka.Error{Code: codeTransport, Partition: -1, Retriable: true, Err: fmt.Errorf("broker %s ends connections before it answers: is security.protocol right, is SASL missing? (%w)", address(meta), err)})
	}
}

func address(meta kgo.BrokerMetadata) string { return fmt.Sprintf("%s:%d", meta.Host, meta.Port) }

// OnBrokerConnect is called by kgo after dialling and authenticating.
func (b *brokerEvents) OnBrokerConnect(meta kgo.BrokerMetadata, _ time.Duration, conn net.Conn, err error) {
	b.mu.Lock()
	if err == nil {
		if b.open == nil {
			b.open = map[net.Conn]struct{}{}
		}
		b.open[conn] = struct{}{}
		if b.fresh == nil {
			b.fresh = map[int32]bool{}
		}
		b.fresh[meta.NodeID] = true
	}
	down := len(b.open) == 0
	hungUp := b.hungUp[address(meta)]
	delete(b.hungUp, address(meta))
	b.mu.Unlock()

	if err == nil {
		return
	}
	if errors.Is(err, context.Canceled) { // the client is being closed, or nobody waits any more
		return
	}
	e := &kafka.Error{Code: codeTransport, Partition: -1, Retriable: true, Err: fmt.Errorf("broker %s: %w", address(meta), err)}
	if hungUp {
		e.Err = &refusedError{fmt.Errorf("broker %s has hung up instead of answering to the credentials: %w", address(meta), err)}
	}
	if isAuthentication(err) {
		e.Code, e.Retriable = codeAuthentication, false
	}
	b.errs.Report(e)
	if down {
		b.errs.Report(&kafka.Error{Code: codeAllBrokersDown, Partition: -1, Retriable: true, Err: fmt.Errorf("no broker can be reached: %w", err)})
	}
}

// OnBrokerDisconnect is called by kgo when a connection is closed, also one that
// failed to authenticate and so never was in open.
func (b *brokerEvents) OnBrokerDisconnect(_ kgo.BrokerMetadata, conn net.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.open, conn)
}

// handshakeError is a TLS handshake that failed: kafka.ErrTLS, as librdkafka's code for
// it is.
type handshakeError struct {
	addr string
	err  error
}

func (e *handshakeError) Error() string {
	return fmt.Sprintf("TLS handshake with %s: %v", e.addr, e.err)
}
func (e *handshakeError) Unwrap() error { return e.err }

func (e *handshakeError) Is(target error) bool { return target == kafka.ErrTLS }

// refusedError is a connection that ended when the broker had the credentials.
type refusedError struct{ err error }

func (e *refusedError) Error() string        { return e.err.Error() }
func (e *refusedError) Unwrap() error        { return e.err }
func (e *refusedError) Is(target error) bool { return target == kafka.ErrAuthentication }

// isAuthentication reports whether err says that credentials were refused.
func isAuthentication(err error) bool {
	return errors.Is(err, kerr.SaslAuthenticationFailed) || errors.Is(err, kerr.UnsupportedSaslMechanism) || errors.Is(err, kerr.IllegalSaslState)
}

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

// brokerEvents is a kgo hook that reports errors of connections as librdkafka does: each
// connection that could not be made, and that none is left.
type brokerEvents struct {
	errs *clienterr.Tracker

	mu     sync.Mutex
	open   map[net.Conn]struct{}
	hungUp map[string]bool // brokers that have closed a connection instead of answering to the credentials
	fresh  map[int32]bool  // brokers that have answered only to the handshake since the last connect
}

// OnBrokerRead is called by kgo for every response, and for every failure to read one. A
// response to the handshake (ApiVersions, SASL) does not mean that this client may use the
// broker: a broker that requires SASL answers to ApiVersions first, and then closes the
// connection of a client without it.
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

// OnBrokerConnect is called by kgo after it has connected and authenticated, or has failed to.
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
	if errors.Is(err, context.Canceled) { // the client is being closed, or the request was cancelled
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

// OnBrokerDisconnect is called by kgo when a connection is closed, also for one that has failed
// to authenticate and so is not in open.
func (b *brokerEvents) OnBrokerDisconnect(_ kgo.BrokerMetadata, conn net.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.open, conn)
}

// handshakeError is a TLS handshake that failed. It matches kafka.ErrTLS, as librdkafka's code
// does.
type handshakeError struct {
	addr string
	err  error
}

func (e *handshakeError) Error() string {
	return fmt.Sprintf("TLS handshake with %s: %v", e.addr, e.err)
}
func (e *handshakeError) Unwrap() error { return e.err }

func (e *handshakeError) Is(target error) bool { return target == kafka.ErrTLS }

// refusedError is a connection that the broker has closed after it had the credentials.
type refusedError struct{ err error }

func (e *refusedError) Error() string        { return e.err.Error() }
func (e *refusedError) Unwrap() error        { return e.err }
func (e *refusedError) Is(target error) bool { return target == kafka.ErrAuthentication }

// isAuthentication reports whether err says that credentials were refused.
func isAuthentication(err error) bool {
	return errors.Is(err, kerr.SaslAuthenticationFailed) || errors.Is(err, kerr.UnsupportedSaslMechanism) || errors.Is(err, kerr.IllegalSaslState)
}

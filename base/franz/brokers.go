package franz

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kavro/kavro/base"
)

// brokerEvents reports to Hooks.Error what librdkafka reports of connections:
// each that could not be made, and that none is left.
type brokerEvents struct {
	report func(error) // may be nil

	mu   sync.Mutex
	open map[net.Conn]struct{}
}

// OnBrokerConnect is called by kgo after dialling and authenticating.
func (b *brokerEvents) OnBrokerConnect(meta kgo.BrokerMetadata, _ time.Duration, conn net.Conn, err error) {
	b.mu.Lock()
	if err == nil {
		if b.open == nil {
			b.open = map[net.Conn]struct{}{}
		}
		b.open[conn] = struct{}{}
	}
	down := len(b.open) == 0
	b.mu.Unlock()

	if err == nil || b.report == nil || errors.Is(err, context.Canceled) { // cancelled: the client is being closed
		return
	}
	e := &base.Error{Code: codeTransport, Partition: -1, Retriable: true, Err: fmt.Errorf("broker %s:%d: %w", meta.Host, meta.Port, err)}
	if isAuthentication(err) {
		e.Code, e.Retriable = codeAuthentication, false
	}
	b.report(e)
	if down {
		b.report(&base.Error{Code: codeAllBrokersDown, Partition: -1, Retriable: true, Err: fmt.Errorf("no broker can be reached: %w", err)})
	}
}

// OnBrokerDisconnect is called by kgo when a connection is closed, also one that
// failed to authenticate and so never was in open.
func (b *brokerEvents) OnBrokerDisconnect(_ kgo.BrokerMetadata, conn net.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.open, conn)
}

// isAuthentication reports whether err says that credentials were refused.
func isAuthentication(err error) bool {
	return errors.Is(err, kerr.SaslAuthenticationFailed) || errors.Is(err, kerr.UnsupportedSaslMechanism) || errors.Is(err, kerr.IllegalSaslState)
}

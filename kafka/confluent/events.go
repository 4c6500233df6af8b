//go:build cgo

package confluent

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	ckafka "github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kavro/kavro/internal/clienterr"
	"github.com/kavro/kavro/kafka"
)

// events hands what a client says by itself to the hooks: errors, statistics,
// log lines, and the wish for a new token.
type events struct {
	*clienterr.Tracker // of errors
	hooks              kafka.Hooks
	client             ckafka.Handle
	ctx                context.Context // ends with the client: bounds requests for tokens
	cancel             context.CancelFunc
	tokens             sync.WaitGroup
	lines              sync.WaitGroup // of the log; the client closes their channel
}

// newEvents serves client's log lines until the client is closed.
func newEvents(client ckafka.Handle, logs <-chan ckafka.LogEvent, hooks kafka.Hooks, t *clienterr.Tracker) *events {
	e := &events{Tracker: t, hooks: hooks, client: client}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	if logs != nil {
		e.lines.Go(func() {
			for line := range logs {
				e.log(line)
			}
		})
	}
	return e
}

// meant is an error of a connection whose text says more than its code.
type classifiedError struct {
	err   ckafka.Error
	cause error
}

func (e *classifiedError) Error() string        { return e.err.Error() }
func (e *classifiedError) Unwrap() error        { return e.err }
func (e *classifiedError) Is(target error) bool { return target == e.cause }

// isForeign reports whether librdkafka takes for the size of a response, and calls too
// large, what is the beginning of another protocol: four letters ("HTTP", "SSH-", "220 "),
// or an alert of TLS.
func isForeign(ke ckafka.Error) bool {
	_, size, found := strings.Cut(ke.String(), "Invalid response size ")
	var n int32
	if _, err := fmt.Sscan(size, &n); !found || err != nil {
		return false
	}
	b := binary.BigEndian.AppendUint32(nil, uint32(n))
	return b[0] == 0x15 && b[1] == 3 || !bytes.ContainsFunc(b, func(r rune) bool { return r < ' ' || r > '~' })
}

// handle serves an event that is neither a record nor a rebalance.
func (e *events) handle(ev ckafka.Event) {
	switch ev := ev.(type) {
	case ckafka.Error:
		err := convert(ev).(*kafka.Error)
		switch {
		case ev.IsFatal():
			e.SetFatal(err)
		case isForeign(ev):
			before, _, _ := strings.Cut(ev.String(), ": increase receive.message.max.bytes")
			err.Code, err.Retriable = int16(ckafka.ErrTransport), true
			err.Err = &classifiedError{ckafka.NewError(ckafka.ErrTransport, before+": the port speaks HTTP, TLS or another protocol that is not Kafka's: is it the right one, is security.protocol right?", false), kafka.ErrUnreachable}
		case ev.Code() == ckafka.ErrAllBrokersDown:
			err.Err = fmt.Errorf("%w: nobody answers at bootstrap.servers, or with another security.protocol", ev)
		case ev.Code() == ckafka.ErrTransport && strings.Contains(ev.String(), "SASL authentication error"):
			err.Err = &classifiedError{ev, kafka.ErrAuthentication} // the broker has hung up instead of answering
		case ev.Code() == ckafka.ErrTransport && strings.Contains(ev.String(), "SSL routines"):
			err.Err = &classifiedError{ev, kafka.ErrTLS} // mostly it has a code of its own, -181
		}
		e.Report(err)
	case *ckafka.Stats:
		if e.hooks.Stats != nil {
			e.hooks.Stats([]byte(ev.String()))
		}
	case ckafka.OAuthBearerTokenRefresh:
		// Fetching one takes a request; librdkafka asks again only after it was answered.
		if e.ctx.Err() == nil {
			e.tokens.Go(e.refresh)
		}
	}
}

// refresh answers librdkafka's request for a token. After a failure it asks
// again in 10 seconds.
func (e *events) refresh() {
	if e.hooks.Token == nil { // librdkafka reports it as an error of authentication
		e.client.SetOAuthBearerTokenFailure("kafka.Hooks.Token is not set")
		return
	}
	t, err := e.hooks.Token(e.ctx)
	if e.ctx.Err() != nil {
		return // the client is being closed
	}
	if err == nil {
		err = e.client.SetOAuthBearerToken(ckafka.OAuthBearerToken{
			TokenValue: t.Value, Expiration: t.Expires, Principal: t.Principal, Extensions: t.Extensions,
		})
	}
	if err != nil {
		e.client.SetOAuthBearerTokenFailure(err.Error())
		e.Report(convert(err))
	}
}

// log hands one line on, with librdkafka's syslog level as slog's.
func (e *events) log(line ckafka.LogEvent) {
	level := slog.LevelDebug
	switch {
	case line.Level <= 3: // emergency to error
		level = slog.LevelError
	case line.Level == 4:
		level = slog.LevelWarn
	case line.Level <= 6: // notice, info
		level = slog.LevelInfo
	}
	e.hooks.Logger.Log(e.ctx, level, line.Message, "client", line.Name, "facility", line.Tag)
}

// stop ends requests for tokens. It must come before the client is closed,
// when handle is called no more.
func (e *events) stop() {
	e.cancel()
	e.tokens.Wait()
}

// wait returns when the last log line was handed on. It must come after the
// client was closed.
func (e *events) wait() { e.lines.Wait() }

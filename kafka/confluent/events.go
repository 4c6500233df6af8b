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

// events passes a client's events to the hooks: errors, statistics, log lines, and requests for
// tokens.
type events struct {
	*clienterr.Tracker // of errors
	hooks              kafka.Hooks
	client             ckafka.Handle
	ctx                context.Context // ends with the client: bounds calls of Hooks.Token
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

// classifiedError is an error of a connection with the cause that its text names.
type classifiedError struct {
	err   ckafka.Error
	cause error
}

func (e *classifiedError) Error() string        { return e.err.Error() }
func (e *classifiedError) Unwrap() error        { return e.err }
func (e *classifiedError) Is(target error) bool { return target == e.cause }

// isForeign reports whether an error for a response of invalid size means that the port speaks
// another protocol: the four bytes of the size are letters ("HTTP", "SSH-", "220 "), or the
// beginning of an alert of TLS.
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
			err.Err = &classifiedError{ev, kafka.ErrAuthentication} // the broker has closed the connection instead of answering
		case ev.Code() == ckafka.ErrTransport && strings.Contains(ev.String(), "SSL routines"):
			err.Err = &classifiedError{ev, kafka.ErrTLS} // mostly librdkafka has the code -181 for it
		}
		e.Report(err)
	case *ckafka.Stats:
		if e.hooks.Stats != nil {
			e.hooks.Stats([]byte(ev.String()))
		}
	case ckafka.OAuthBearerTokenRefresh:
		// In the background: the hook may need the network. librdkafka sends the next
		// event only after this one was answered.
		if e.ctx.Err() == nil {
			e.tokens.Go(e.refresh)
		}
	}
}

// refresh answers librdkafka's request for a token. After a failure librdkafka asks again in 10
// seconds.
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

// log writes one line to Hooks.Logger.
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

// stop ends calls of Hooks.Token. It is called before the client is closed, and after the last
// call of handle.
func (e *events) stop() {
	e.cancel()
	e.tokens.Wait()
}

// wait waits until the last log line was written. It is called after the client was closed.
func (e *events) wait() { e.lines.Wait() }

package server

import (
	"bytes"
	"context"
	"log"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/kavro/kavro/registry/memory"
)

// What is logged, each under one message, and each at most a few times a minute, with
// how many more there were ("suppressed"): a failing disk, or a client that tries
// passwords, does not fill the log. Neither passwords nor texts of schemas are logged,
// nor what is in a URL besides its endpoint.
const (
	logFailed       = "request failed"         // status 500 and more: route, status, error
	logUnauthorized = "request unauthorized"   // 401: address
	logForbidden    = "request forbidden"      // 403: user, address, route
	logOverloaded   = "request refused"        // too many at a time: reason, address
	logSlow         = "client cut off"         // too slow: reason, address
	logSpace        = "connection closed"      // to make room: address
	logHTTP         = "connection failed"      // what net/http says: handshakes, panics
	logNotRewritten = "log not rewritten"      // at start
	logDropped      = "end of the log dropped" // at start
)

// What one message may take: so many lines in so much time.
const (
	logLines = 10
	logTime  = time.Minute
)

// limitedLog logs each message a few times a minute. It is safe for concurrent use.
type limitedLog struct {
	logger *slog.Logger
	now    func() time.Time

	mu    sync.Mutex
	lines map[string]*logCount
}

type logCount struct {
	since      time.Time
	lines      int
	suppressed int
	level      slog.Level
}

func newLimitedLog(logger *slog.Logger) *limitedLog {
	return &limitedLog{logger: logger, now: time.Now, lines: map[string]*logCount{}}
}

func (l *limitedLog) log(level slog.Level, message string, args ...any) {
	if suppressed, ok := l.allow(level, message); ok {
		if suppressed > 0 {
			args = append(args, "suppressed", suppressed)
		}
		l.logger.Log(context.Background(), level, message, args...)
	}
}

// allow reports whether a message may be logged now, and how many were not since the
// last one.
func (l *limitedLog) allow(level slog.Level, message string) (suppressed int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.lines[message]
	if c == nil {
		c = &logCount{since: l.now(), level: level}
		l.lines[message] = c
	}
	if now := l.now(); now.Sub(c.since) >= logTime {
		c.since, c.lines = now, 0
	}
	if c.lines >= logLines {
		c.suppressed++
		return 0, false
	}
	c.lines++
	suppressed, c.suppressed = c.suppressed, 0
	return suppressed, true
}

// end says how many lines of each message were left out at last.
func (l *limitedLog) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for message, c := range l.lines {
		if c.suppressed > 0 {
			l.logger.Log(context.Background(), c.level, message, "suppressed", c.suppressed)
			c.suppressed = 0
		}
	}
}

// standard is a logger for net/http.
func (l *limitedLog) standard() *log.Logger { return log.New(lineLog{l}, "", 0) }

type lineLog struct{ log *limitedLog }

func (l lineLog) Write(line []byte) (int, error) {
	l.log.log(slog.LevelWarn, logHTTP, "error", string(bytes.TrimSpace(line)))
	return len(line), nil
}

// route is the endpoint of a request, without the names that the path has for it.
func route(r *http.Request) slog.Attr {
	if r.Pattern == "" {
		return slog.String("method", r.Method)
	}
	return slog.String("route", r.Method+" "+r.Pattern)
}

func address(r *http.Request) slog.Attr { return slog.String("address", addressOf(r.RemoteAddr)) }

// failed logs what a registry could not do.
func (l *limitedLog) failed(r *http.Request, status int, err error) {
	l.log(slog.LevelError, logFailed, route(r), "status", status, "error", err)
}

// started logs what is worth knowing of how a registry started.
func (l *limitedLog) started(m *memory.Registry) {
	recovery := m.Recovery()
	if recovery.Dropped > 0 {
		l.log(slog.LevelWarn, logDropped, "bytes", recovery.Dropped, "reason", recovery.Reason, "changes", recovery.Records)
	}
	if recovery.NotRewritten != "" {
		l.log(slog.LevelWarn, logNotRewritten, "reason", recovery.NotRewritten, "log", "is used as it is")
	}
}

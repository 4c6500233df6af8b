package server

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"time"
)

// intake takes requests in and gives answers out, so that clients who are slow, or
// many, keep nobody else out:
//
//	a body is read before anything else is done; it is held in memory as it comes, and
//	its bytes are counted, together and by client
//	a slot is taken when the request is complete, and given back when its answer begins
//	who sends or reads more slowly than a minimum rate is cut off
type intake struct {
	slots    *pool // requests that are worked on
	held     *pool // bytes of bodies
	maxBody  int64
	rate     int64         // bytes a second
	patience time.Duration // that a client has besides
	request  time.Duration // for a whole request
	next     http.Handler
	logs     *limitedLog
}

// slow says that a client was too slow.
var errSlow = errors.New("the body came too slowly")

// errNoSpace says that too many bytes are held.
var errNoSpace = errors.New("too many bytes of requests are held")

func (in *intake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	clients := clientsOf(r)
	body, err := in.read(w, r, clients)
	defer func() { in.held.give(clients, int64(cap(body))) }()
	if err != nil {
		in.refuse(w, r, err)
		return
	}
	if !in.slots.take(clients, 1) {
		in.logs.log(slog.LevelWarn, logOverloaded, "reason", "too many requests are worked on", address(r))
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusServiceUnavailable, http.StatusServiceUnavailable, "Too many requests at a time")
		return
	}
	out := &answering{ResponseWriter: w, in: in, started: time.Now(), address: addressOf(r.RemoteAddr), release: func() { in.slots.give(clients, 1) }}
	defer out.done()
	if body != nil {
		r.Body = heldBody{bytes.NewReader(body), body}
	}
	in.next.ServeHTTP(out, r)
}

func (in *intake) refuse(w http.ResponseWriter, r *http.Request, err error) {
	w.Header().Set("Connection", "close") // what is left of the body is not read
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(in.patience))
	switch {
	case errors.Is(err, errNoSpace):
		in.logs.log(slog.LevelWarn, logOverloaded, "reason", err, address(r))
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusServiceUnavailable, http.StatusServiceUnavailable, "Too many requests at a time")
	case errors.Is(err, errSlow):
		in.logs.log(slog.LevelWarn, logSlow, "reason", err, address(r))
		refuse(w, http.StatusRequestTimeout, http.StatusRequestTimeout, "The body came too slowly")
	case errors.As(err, new(*http.MaxBytesError)):
		refuse(w, http.StatusRequestEntityTooLarge, http.StatusRequestEntityTooLarge, "Request body is too large")
	default:
		refuse(w, http.StatusBadRequest, http.StatusBadRequest, "The body cannot be read")
	}
}

// read reads a body to its end. The capacity of what it returns is taken from in.held,
// also with an error. It is nil without a body.
func (in *intake) read(w http.ResponseWriter, r *http.Request, clients []string) (body []byte, err error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	if r.ContentLength > in.maxBody {
		return nil, &http.MaxBytesError{Limit: in.maxBody}
	}
	conn, start := http.NewResponseController(w), time.Now()
	for {
		if len(body) == cap(body) {
			if body, err = in.grow(body, r.ContentLength, clients); err != nil {
				return body, err
			}
		}
		// A handler without a connection, as in tests, has no deadlines.
		_ = conn.SetReadDeadline(in.deadline(start, len(body)))
		n, err := r.Body.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case int64(len(body)) > in.maxBody:
			return body, &http.MaxBytesError{Limit: in.maxBody}
		case err == io.EOF:
			_ = conn.SetReadDeadline(time.Time{}) // or its end would look like that of the client
			return body, nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			return body, errSlow
		case err != nil:
			return body, err
		}
	}
}

// deadline is when the next bytes must have come, after so many.
func (in *intake) deadline(start time.Time, bytes int) time.Time {
	d := in.request
	if more := float64(bytes) / float64(in.rate) * float64(time.Second); more < float64(in.request-in.patience) {
		d = in.patience + time.Duration(more) // less than that, so it is in range
	}
	return start.Add(d)
}

// grow makes room for more of a body: as much as there is, as far as is known.
func (in *intake) grow(body []byte, length int64, clients []string) ([]byte, error) {
	size := max(2*int64(cap(body)), 4<<10)
	if length > 0 && length < size {
		size = length + 1 // one more, to find the end
	}
	if in.maxBody < size {
		size = in.maxBody + 1
	}
	if !in.held.take(clients, size-int64(cap(body))) {
		return body, errNoSpace
	}
	grown := make([]byte, len(body), size)
	copy(grown, body)
	return grown, nil
}

// heldBody is a body that was read already.
type heldBody struct {
	*bytes.Reader
	all []byte
}

func (heldBody) Close() error { return nil }

// Bytes are all of the body, for who needs no copy of it.
func (b heldBody) Bytes() []byte { return b.all }

// answering gives the slot back when the answer begins, and cuts off who reads it too
// slowly.
type answering struct {
	http.ResponseWriter
	in      *intake
	started time.Time
	release func() // nil once it was called
	address string
}

// maxWrite is how much is written under one deadline, in bytes.
const maxWrite = 64 << 10

func (a *answering) done() {
	if a.release != nil {
		a.release()
		a.release = nil
	}
}

func (a *answering) WriteHeader(status int) {
	a.done()
	a.ResponseWriter.WriteHeader(status)
}

func (a *answering) Write(p []byte) (n int, err error) {
	a.done()
	conn := http.NewResponseController(a.ResponseWriter)
	for len(p) > 0 {
		part := p[:min(len(p), maxWrite)]
		_ = conn.SetWriteDeadline(a.in.deadline(time.Now(), len(part)))
		if left := a.started.Add(a.in.request); time.Until(left) < a.in.patience {
			_ = conn.SetWriteDeadline(left)
		}
		m, err := a.ResponseWriter.Write(part)
		n += m
		if errors.Is(err, os.ErrDeadlineExceeded) {
			a.in.logs.log(slog.LevelWarn, logSlow, "reason", "the answer was read too slowly", "address", a.address)
		}
		if err != nil {
			return n, err
		}
		p = p[m:]
	}
	return n, nil
}

func (a *answering) Unwrap() http.ResponseWriter { return a.ResponseWriter }

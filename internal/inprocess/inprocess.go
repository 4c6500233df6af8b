// Package inprocess carries HTTP requests to a handler of the same process.
package inprocess

import (
	"bytes"
	"io"
	"net/http"
)

// Transport sends requests to a handler without a network.
type Transport struct{ Handler http.Handler }

// RoundTrip calls the handler and collects what it writes.
func (p Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	in := req.Clone(req.Context())
	in.RequestURI = req.URL.RequestURI()
	if in.Body == nil {
		in.Body = http.NoBody
	}
	out := &collected{header: make(http.Header), status: http.StatusOK}
	if err := out.serve(p.Handler, in); err != nil {
		return nil, err
	}
	return &http.Response{
		Status:        http.StatusText(out.status),
		StatusCode:    out.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        out.header,
		Body:          io.NopCloser(&out.body),
		ContentLength: int64(out.body.Len()),
		Request:       req,
	}, nil
}

// collected is an answer being written.
type collected struct {
	header  http.Header
	body    bytes.Buffer
	status  int
	written bool
}

// serve calls the handler. As a server does, it lets the handler give up.
func (c *collected) serve(h http.Handler, req *http.Request) (err error) {
	defer func() {
		switch r := recover(); {
		case req.Context().Err() != nil:
			err = req.Context().Err()
		case r == http.ErrAbortHandler:
			err = io.ErrUnexpectedEOF
		case r != nil:
			panic(r)
		}
	}()
	h.ServeHTTP(c, req)
	return nil
}

func (c *collected) Header() http.Header { return c.header }

func (c *collected) WriteHeader(status int) {
	if !c.written && status >= 200 { // earlier ones are only announcements
		c.status, c.written = status, true
	}
}

func (c *collected) Write(b []byte) (int, error) {
	c.WriteHeader(http.StatusOK)
	return c.body.Write(b)
}

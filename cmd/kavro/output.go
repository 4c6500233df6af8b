package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// output is where a command writes to. A write that cannot go on ends with the
// command's context, and what failed is remembered: a command that was asked for a
// text and could not write it has failed.
type output struct {
	ctx context.Context
	to  io.Writer

	mu     sync.Mutex
	failed error
}

func newOutput(ctx context.Context, to io.Writer) *output { return &output{ctx: ctx, to: to} }

func (o *output) err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.failed
}

// lastWords is how long an interrupted command may take to say so.
const lastWords = 100 * time.Millisecond

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failed != nil {
		return 0, o.failed
	}
	done := make(chan error, 1)
	kept := bytes.Clone(b)
	go func() {
		_, err := o.to.Write(kept)
		done <- err
	}()
	select {
	case o.failed = <-done:
	case <-o.ctx.Done():
		select {
		case o.failed = <-done:
		case <-time.After(lastWords):
			o.failed = errInterrupted
		}
	}
	if o.failed != nil {
		return 0, o.failed
	}
	return len(b), nil
}

// format is the flag -o of commands that print: table or json.
type format string

func (f *format) String() string { return string(*f) }

func (f *format) Set(s string) error {
	if s != "table" && s != "json" {
		return fmt.Errorf("%q is neither table nor json", s)
	}
	*f = format(s)
	return nil
}

func formatFlag(f *flags) *format {
	out := format("table")
	f.Var(&out, "o", "`format`: table or json")
	return &out
}

// print writes v as JSON, or rows as a table.
func (f *format) print(w io.Writer, v any, header string, rows [][]string) error {
	if *f == "json" {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(v)
	}
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	if header != "" {
		fmt.Fprintln(t, header)
	}
	for _, r := range rows {
		fmt.Fprintln(t, strings.Join(r, "\t"))
	}
	return t.Flush()
}

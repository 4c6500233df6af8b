package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

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

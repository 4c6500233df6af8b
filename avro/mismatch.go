package avro

import (
	"fmt"
	"strings"
)

// A TypeMismatchError lists all differences between a Go type and a schema.
type TypeMismatchError struct {
	Type       string // the Go type, as it prints
	Schema     string // the schema's full name, or its type; "" from CheckType: any
	Mismatches []Mismatch
}

// A Mismatch is one difference between a Go type and a schema.
type Mismatch struct {
	Path   string // as in DecodeError, with [] for any item: lines[].price
	Reason string
}

func (e *TypeMismatchError) Error() string {
	var b strings.Builder
	if e.Schema == "" {
		fmt.Fprintf(&b, "%s fits no schema", e.Type)
	} else {
		fmt.Fprintf(&b, "%s does not fit schema %s", e.Type, e.Schema)
	}
	for i, m := range e.Mismatches {
		b.WriteString([2]string{": ", "; "}[min(i, 1)])
		if m.Path != "" {
			b.WriteString(m.Path + ": ")
		}
		b.WriteString(m.Reason)
	}
	return b.String()
}

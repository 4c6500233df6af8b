package avro

import (
	"fmt"
	"strings"
)

// A MisfitError lists everything in a Go type that does not fit a schema.
type MisfitError struct {
	Type    string // the Go type, as it prints
	Schema  string // the schema's full name, or its type
	Misfits []Misfit
}

// A Misfit is one reason why a Go type does not fit a schema.
type Misfit struct {
	Path   string // as in DecodeError, with [] for any item: lines[].price
	Reason string
}

func (e *MisfitError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s does not fit schema %s", e.Type, e.Schema)
	for i, m := range e.Misfits {
		b.WriteString([2]string{": ", "; "}[min(i, 1)])
		if m.Path != "" {
			b.WriteString(m.Path + ": ")
		}
		b.WriteString(m.Reason)
	}
	return b.String()
}

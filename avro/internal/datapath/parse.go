package datapath

import (
	"fmt"
	"strconv"
	"strings"
)

// A Step is one step of a path: a name, a key in brackets, or an item's index.
type Step struct {
	Name   string
	Quoted bool // Name was in brackets
	Index  int  // -1 for a name
}

// String is the step as a path has it.
func (s Step) String() string {
	switch {
	case s.Index >= 0:
		return Item(s.Index)
	case s.Quoted:
		return Key([]byte(s.Name))
	}
	return s.Name
}

// Parse splits a path into its steps: customer.lines[2].tags["a"]. The empty path has none.
func Parse(path string) ([]Step, error) {
	var steps []Step
	for rest := path; rest != ""; {
		if after, ok := strings.CutPrefix(rest, "["); ok {
			step, behind, err := bracket(after)
			if err != nil {
				return nil, fmt.Errorf("path %q: %w", path, err)
			}
			steps, rest = append(steps, step), behind
			continue
		}
		if len(steps) > 0 {
			after, ok := strings.CutPrefix(rest, ".")
			if !ok {
				return nil, fmt.Errorf("path %q: %q where a dot or a bracket is expected", path, rest)
			}
			rest = after
		}
		end := strings.IndexAny(rest, ".[")
		if end < 0 {
			end = len(rest)
		}
		if end == 0 {
			return nil, fmt.Errorf("path %q: a name is empty", path)
		}
		steps, rest = append(steps, Step{Name: rest[:end], Index: -1}), rest[end:]
	}
	return steps, nil
}

// bracket parses what follows an opening bracket: an index, or a quoted key.
func bracket(s string) (step Step, behind string, err error) {
	if quoted, err := strconv.QuotedPrefix(s); err == nil && quoted[0] != '\'' {
		if behind, ok := strings.CutPrefix(s[len(quoted):], "]"); ok {
			name, err := strconv.Unquote(quoted)
			return Step{Name: name, Quoted: true, Index: -1}, behind, err
		}
	}
	inner, behind, ok := strings.Cut(s, "]")
	if i, err := strconv.Atoi(inner); ok && err == nil && i >= 0 {
		return Step{Index: i}, behind, nil
	}
	return Step{}, "", fmt.Errorf("[%s is neither the index of an item, such as [2], nor a key, such as [\"a\"]", inner)
}

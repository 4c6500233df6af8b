// Package datapath puts together the paths in errors, such as lines[2].price, on the way
// out: one step by each level that returns the error, so that success pays nothing.
package datapath

import (
	"strconv"
	"strings"
)

// maxPath is how long a path grows, in bytes: deep data fail deep.
const maxPath = 500

// Join puts a step (a field's name, or an index in brackets) before a path.
// Of a very long path the inner end is kept.
func Join(step, rest string) string {
	if len(rest) > maxPath {
		if strings.HasPrefix(rest, "...") {
			return rest
		}
		step = ".."
	}
	if rest == "" || step == "" || rest[0] == '[' {
		return step + rest
	}
	return step + "." + rest
}

// Item is the step to item i of an array.
func Item(i int) string { return "[" + strconv.Itoa(i) + "]" }

// Key is the step to the value of a map's key, cut to what a person cares to read.
func Key(key []byte) string {
	const enough = 64
	if len(key) > enough {
		return "[" + strconv.Quote(string(key[:enough])+"...") + "]"
	}
	return "[" + strconv.Quote(string(key)) + "]"
}

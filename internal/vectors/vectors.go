// Package vectors holds facts about Avro and the Schema Registry that tests in
// several packages check: inputs and expected results taken from the reference
// implementations, and cases derived from the specification. README.md in this
// folder explains each file's format, and which vectors are settled.
//
// Only tests import it, so no vector reaches a user's binary.
package vectors

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
)

//go:embed *.json
var files embed.FS

// Load reads the vectors of one file, such as "resolve.json", into a slice of
// T. Numbers in fields of type any become [json.Number], since longs in the
// vectors go beyond 2^53.
//
// It panics if the file does not exist or does not fit T: both are mistakes in
// the test that calls it.
func Load[T any](file string) []T {
	text, err := files.ReadFile(file)
	if err != nil {
		panic(fmt.Sprintf("vectors: %v", err))
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var out []T
	if err := dec.Decode(&out); err != nil {
		panic(fmt.Sprintf("vectors: %s: %v", file, err))
	}
	return out
}

// Package structtag finds tags of struct fields that package reflect does not see.
package structtag

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
)

var quoted = regexp.MustCompile(`"(\\.|[^"\\])*"`)

// Fault says why a tag that is meant to have a key does not: what follows the key
// is not quoted, or the key is written otherwise, but for upper and lower case. It
// is "" where nothing is wrong.
func Fault(tag reflect.StructTag, key string) string {
	if _, ok := tag.Lookup(key); ok || tag == "" {
		return ""
	}
	rest := quoted.ReplaceAllString(string(tag), "")
	if !strings.Contains(strings.ToLower(rest), key) {
		return ""
	}
	return fmt.Sprintf("the tag %s is not read; write %s:\"name\"", tag, key)
}

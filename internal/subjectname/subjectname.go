// Package subjectname takes the names of subjects apart: context and name.
package subjectname

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Names of subjects, taken apart. A subject lives in a context, and its full
// name says which ("Schema Contexts", Confluent documentation):
//
//	orders-value           the subject orders-value of the default context "."
//	:.ctx:orders-value     the same name in the context ".ctx"
//	:.ctx:                 the context ".ctx" itself, for configuration and modes
//	:.__GLOBAL:            all contexts, for configuration and modes only
//	:*:ord                 as a prefix: subjects of any context that begin with ord
const (
	DefaultContext = "."
	GlobalContext  = ".__GLOBAL"
	AnyContext     = ":*:"
)

// Name is a subject taken apart.
type Name struct {
	Context string // "." or ".ctx"
	Name    string // "" names the context itself
}

// Split takes a subject apart.
func Split(subject string) Name {
	if !strings.HasPrefix(subject, ":.") {
		return Name{Context: DefaultContext, Name: subject}
	}
	context, name, _ := strings.Cut(subject[1:], ":")
	return Name{Context: context, Name: name}
}

// String is the full name; ":.:orders" and "orders" are one.
func (q Name) String() string { return Prefix(q.Context) + q.Name }

// Prefix is what stands before the names of a context's subjects: ""
// for the default context, ":.ctx:" for ".ctx".
func Prefix(context string) string {
	if context == DefaultContext {
		return ""
	}
	return ":" + context + ":"
}

// Full writes a subject the one way that is used as a key.
func Full(subject string) string { return Split(subject).String() }

// OfContext reads the name of a context: ".ctx", ":.ctx:" or "ctx".
func OfContext(name string) Name {
	name = strings.TrimSuffix(strings.TrimPrefix(name, ":"), ":")
	if !strings.HasPrefix(name, ".") {
		name = "." + name
	}
	return Name{Context: name}
}

// Within is subject as it is meant where it is written: a name without a
// context, in a reference or an alias, is one of the same context.
func (q Name) Within(subject string) string {
	if s := Split(subject); s.Context != DefaultContext || q.Context == DefaultContext {
		return s.String()
	}
	return Name{Context: q.Context, Name: subject}.String()
}

// MaxLen bounds the names that a registry keeps, in bytes: of subjects with their
// contexts, of aliases, groups and resources. No Kafka topic, and no URL that
// Confluent's registry reads, is that long.
const MaxLen = 4096

// Valid reports whether schemas may be registered under subject. Two
// names are reserved, and so is the context that stands for all others.
func Valid(subject string) bool {
	q := Split(subject)
	return ValidConfig(subject) && q.Context != GlobalContext
}

// ValidConfig reports whether subject may have a configuration or a mode.
func ValidConfig(subject string) bool {
	name := Split(subject).Name
	return len(subject) <= MaxLen && utf8.ValidString(subject) && name != "__GLOBAL" && name != "__EMPTY" && !strings.ContainsFunc(subject, unicode.IsControl)
}

// MatchPrefix returns a filter for subjects whose full name begins with prefix.
// It looks at one context only, the default one for "", unless prefix is ":*:"
// and more, or a context cut short (":.ct").
func MatchPrefix(prefix string) func(Name) bool {
	if rest, ok := strings.CutPrefix(prefix, AnyContext); ok {
		return func(q Name) bool { return strings.HasPrefix(q.Name, rest) }
	}
	p := Split(prefix)
	if strings.HasPrefix(prefix, ":.") && !strings.Contains(prefix[1:], ":") {
		return func(q Name) bool { return strings.HasPrefix(q.Context, p.Context) }
	}
	return func(q Name) bool { return q.Context == p.Context && strings.HasPrefix(q.Name, p.Name) }
}

// Match returns a filter for the subject of this name or, if the name
// is a context's, for all subjects in it.
func Match(subject string) func(Name) bool {
	s := Split(subject)
	return func(q Name) bool {
		if s.Name != "" || s == q {
			return s == q
		}
		return s.Context == GlobalContext || s.Context == q.Context
	}
}

package registry

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
	defaultContext = "."
	globalContext  = ".__GLOBAL"
	anyContext     = ":*:"
)

// qualified is a subject taken apart.
type qualified struct {
	context string // "." or ".ctx"
	name    string // "" names the context itself
}

func splitSubject(subject string) qualified {
	if !strings.HasPrefix(subject, ":.") {
		return qualified{context: defaultContext, name: subject}
	}
	context, name, _ := strings.Cut(subject[1:], ":")
	return qualified{context: context, name: name}
}

// String is the full name; ":.:orders" and "orders" are one.
func (q qualified) String() string { return contextPrefix(q.context) + q.name }

// contextPrefix is what stands before the names of a context's subjects: ""
// for the default context, ":.ctx:" for ".ctx".
func contextPrefix(context string) string {
	if context == defaultContext {
		return ""
	}
	return ":" + context + ":"
}

// fullName writes a subject the one way that is used as a key.
func fullName(subject string) string { return splitSubject(subject).String() }

// contextNamed reads the name of a context: ".ctx", ":.ctx:" or "ctx".
func contextNamed(name string) qualified {
	name = strings.TrimSuffix(strings.TrimPrefix(name, ":"), ":")
	if !strings.HasPrefix(name, ".") {
		name = "." + name
	}
	return qualified{context: name}
}

// within is subject as it is meant where it is written: a name without a
// context, in a reference or an alias, is one of the same context.
func (q qualified) within(subject string) string {
	if s := splitSubject(subject); s.context != defaultContext || q.context == defaultContext {
		return s.String()
	}
	return qualified{context: q.context, name: subject}.String()
}

// maxName bounds the names that a registry keeps, in bytes: of subjects with their
// contexts, of aliases, groups and resources. No Kafka topic, and no URL that
// Confluent's registry reads, is that long.
const maxName = 4096

// validSubject reports whether schemas may be registered under subject. Two
// names are reserved, and so is the context that stands for all others.
func validSubject(subject string) bool {
	q := splitSubject(subject)
	return validConfigSubject(subject) && q.context != globalContext
}

// validConfigSubject reports whether subject may have a configuration or a mode.
func validConfigSubject(subject string) bool {
	name := splitSubject(subject).name
	return len(subject) <= maxName && utf8.ValidString(subject) && name != "__GLOBAL" && name != "__EMPTY" && !strings.ContainsFunc(subject, unicode.IsControl)
}

// matchPrefix returns a filter for subjects whose full name begins with prefix.
// It looks at one context only, the default one for "", unless prefix is ":*:"
// and more, or a context cut short (":.ct").
func matchPrefix(prefix string) func(qualified) bool {
	if rest, ok := strings.CutPrefix(prefix, anyContext); ok {
		return func(q qualified) bool { return strings.HasPrefix(q.name, rest) }
	}
	p := splitSubject(prefix)
	if strings.HasPrefix(prefix, ":.") && !strings.Contains(prefix[1:], ":") {
		return func(q qualified) bool { return strings.HasPrefix(q.context, p.context) }
	}
	return func(q qualified) bool { return q.context == p.context && strings.HasPrefix(q.name, p.name) }
}

// matchSubjects returns a filter for the subject of this name or, if the name
// is a context's, for all subjects in it.
func matchSubjects(subject string) func(qualified) bool {
	s := splitSubject(subject)
	return func(q qualified) bool {
		if s.name != "" || s == q {
			return s == q
		}
		return s.context == globalContext || s.context == q.context
	}
}

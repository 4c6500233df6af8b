package kafkaconf

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kavro/kavro/kafka"
)

// View is a configuration by librdkafka's own names of its keys. It keeps the names that the user wrote,
// for errors.
type View struct {
	conf    kafka.Config
	written map[string]string // the keys as they are written, by main name
	errs    []error
}

// NewView reads conf and does not change it. Values that a configuration cannot hold, and two names of one
// key with different values, are errors of the view.
func NewView(conf kafka.Config) *View {
	v := &View{conf: conf, written: make(map[string]string)}
	for _, key := range conf.Keys() {
		if IsForeign(key) {
			continue // see CheckForeign
		}
		text, err := conf.String(key, "")
		if err != nil {
			v.keep(err)
			continue
		}
		main := Main(key)
		first, twice := v.written[main]
		switch {
		case !twice || isBlank(v.text(first)):
			v.written[main] = key
		case !isBlank(text) && !same(text, v.text(first)):
			v.keep(contradiction(key, text, first, v.text(first)))
		}
	}
	return v
}

func isBlank(text string) bool { return strings.TrimSpace(text) == "" }

// same compares values as librdkafka does: without regard to case and spaces
// around them.
func same(a, b string) bool { return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b)) }

// contradiction is the error for two names of one key with different values: the order of a map would
// decide which one counts. Secrets are not shown.
func contradiction(key, text, first, other string) error {
	reason := fmt.Sprintf("%q contradicts %s, another name of the same key, which is %q", text, first, other)
	if isSecret(key) {
		reason = "contradicts " + first + ", another name of the same key"
	}
	return &kafka.ConfigError{Key: key, Reason: reason}
}

func (v *View) text(key string) string {
	text, _ := v.conf.String(key, "")
	return text
}

// Fail adds an error about a key, by the name that the user wrote, or by main if it is not set.
func (v *View) Fail(main, reason string) {
	v.keep(&kafka.ConfigError{Key: v.Name(main), Reason: reason})
}

func (v *View) keep(err error) {
	if err != nil {
		v.errs = append(v.errs, err)
	}
}

// Failed reports whether there is an error about a key. key is the name that the user wrote.
func (v *View) Failed(key string) bool {
	return slices.ContainsFunc(v.errs, func(err error) bool {
		e, ok := errors.AsType[*kafka.ConfigError](err)
		return ok && e.Key == key
	})
}

// Err returns all errors as one.
func (v *View) Err() error { return Join(v.errs...) }

// Name returns the name under which the user wrote a key, else main.
func (v *View) Name(main string) string {
	if key, ok := v.written[main]; ok {
		return key
	}
	return main
}

// Given reports whether a key is set, by any of its names, and is not blank.
func (v *View) Given(main string) bool { return !isBlank(v.text(v.Name(main))) }

// Changed reports whether a key is set to another value than its default.
func (v *View) Changed(main string) bool {
	k, _ := Find(main)
	text := v.text(v.Name(main))
	return v.Given(main) && !same(text, k.Default)
}

// Get returns the text of a key without spaces around it, or its default.
func (v *View) Get(main string) string {
	if v.Given(main) {
		return strings.TrimSpace(v.text(v.Name(main)))
	}
	k, _ := Find(main)
	return k.Default
}

package registry

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kavro/kavro/kafka"
)

// Settings is what the registry's keys of a configuration amount to.
type Settings struct {
	URLs    string   // schema.registry.url; "" if it is not set
	Options []Option // for New
	Keys    []string // those of the configuration that are the registry's, sorted; the others are somebody else's
}

// New makes a client with these settings, and opts after them.
func (s *Settings) New(opts ...Option) (*Client, error) {
	if s.URLs == "" {
		return nil, &kafka.ConfigError{Key: urlKey, Reason: "is not set"}
	}
	return New(s.URLs, slices.Concat(s.Options, opts)...)
}

const (
	urlKey    = "schema.registry.url"
	namespace = "schema.registry."
)

// FromConfig reads the keys of conf that are about the registry, by the names
// that Confluent's clients for Java, Python and Go have for them: see
// [ConfigKeys]. Each may be written with "schema.registry." in front, and is then
// preferred to the one without. conf is not changed, and may hold the keys of
// others, which are passed over.
//
// The error is a [*kafka.ConfigError], or several joined: for a value that cannot
// be read, for keys that contradict each other, for what cannot be honoured, and
// for a key that begins like the registry's and is none.
func FromConfig(conf map[string]any) (*Settings, error) {
	r := &configReader{conf: maps.Clone(conf), given: make(map[string]string)}
	delete(r.conf, "") // what a key that is not given is looked up by
	s := &Settings{}
	for _, key := range kafka.Config(conf).Keys() {
		name, ours := r.ourName(key)
		if !ours {
			continue
		}
		s.Keys = append(s.Keys, key)
		if old, twice := r.given[name]; !twice || len(key) > len(old) {
			r.given[name] = key
		}
	}
	r.read()
	told := make(map[string]bool)
	r.errs = slices.DeleteFunc(r.errs, func(err error) bool { // a value is read where it is wanted, perhaps twice
		again := told[err.Error()]
		told[err.Error()] = true
		return again
	})
	if err := errors.Join(r.errs...); err != nil {
		return nil, err
	}
	s.URLs, s.Options = r.urls, r.options
	return s, nil
}

// IsConfigKey reports whether key is one that [FromConfig] reads, or refuses, as
// the registry's: the others are somebody else's.
func IsConfigKey(key string) bool {
	r := &configReader{}
	_, ours := r.ourName(key)
	return ours
}

// configReader reads one configuration.
type configReader struct {
	conf    kafka.Config
	given   map[string]string // canonical names, and the keys as they are written
	errs    []error
	options []Option

	urls      string
	userInURL bool
	network   bool // the URLs are known, and none is mock://
	tls       bool // one of them begins with https://
}

// ourName says whether key is the registry's, and its name without the namespace.
// One that is refused, or unknown though in the registry's namespace, is an error.
func (r *configReader) ourName(key string) (name string, ours bool) {
	bare, prefixed := strings.CutPrefix(key, namespace)
	known := make([]string, 0, 128)
	for _, k := range configKeys() {
		if k.matches(key) || prefixed && k.matches(bare) {
			if k.Handling == Refused {
				r.fail(key, k.Doc)
			}
			if prefixed {
				return bare, true
			}
			return key, true
		}
		known = append(known, k.Name)
		if !strings.HasPrefix(k.Name, namespace) {
			known = append(known, namespace+k.Name)
		}
	}
	if prefixed || strings.HasPrefix(key, "basic.auth.") || strings.HasPrefix(key, "bearer.auth.") || strings.HasPrefix(key, "kavro.registry.") {
		r.errs = append(r.errs, kafka.Unknown(key, known))
		return key, true
	}
	return "", false
}

func (r *configReader) fail(key, reason string) {
	r.errs = append(r.errs, &kafka.ConfigError{Key: key, Reason: reason})
}

// has reports whether a key, without the namespace, is set.
func (r *configReader) has(name string) bool { return r.given[name] != "" }

// set reports whether a key has a value that is not empty: an empty one is a
// variable without a value, and stands for none.
func (r *configReader) set(name string) bool {
	if !r.has(name) {
		return false
	}
	v, err := r.conf.String(r.given[name], "")
	r.errs = appendError(r.errs, err)
	return v != ""
}

// text returns the value of a key, "" if it is not set.
func (r *configReader) text(name string) string {
	if !r.has(name) {
		return ""
	}
	v, err := r.conf.String(r.given[name], "")
	r.errs = appendError(r.errs, err)
	return strings.TrimSpace(v)
}

// word returns the value of a key in upper case.
func (r *configReader) word(name string) string { return strings.ToUpper(r.text(name)) }

// secret returns the value of a key as it is: spaces count.
func (r *configReader) secret(name string) string {
	v, err := r.conf.String(r.given[name], "")
	r.errs = appendError(r.errs, err)
	return v
}

func (r *configReader) bool(name string, def bool) bool {
	v, err := r.conf.Bool(r.given[name], def)
	r.errs = appendError(r.errs, err)
	return v
}

func (r *configReader) int(name string, def, least int) int {
	v, err := r.conf.Int(r.given[name], def)
	if err == nil && r.has(name) && v < least {
		r.fail(r.given[name], fmt.Sprintf("%d is too small: want %d or more", v, least))
	}
	r.errs = appendError(r.errs, err)
	return v
}

func appendError(errs []error, err error) []error {
	if err == nil {
		return errs
	}
	return append(errs, err)
}

// use adds options.
func (r *configReader) use(opts ...Option) {
	for _, o := range opts {
		r.options = append(r.options, configured{o})
	}
}

package kavro

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/internal/kafkaconf"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/pipeline"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/serde"
)

// role is what a constructor makes.
type role string

const (
	opening   role = "client"
	producing role = "producer"
	consuming role = "consumer"
	piping    role = "pipeline"
	replaying role = "replay"
	copying   role = "copy"
)

// pipes reports whether it reads and writes, in batches.
func (r role) pipes() bool { return r == piping || r == replaying || r == copying }

// settings is what the options of one constructor say.
type settings struct {
	role            role
	driver          kafka.Driver
	registry        SchemaRegistry
	registryOptions []registry.Option
	hooks           kafka.Hooks
	conf            kafka.Config // of WithConfig; nil: it was not given

	key, value, outputKey, outputValue partOptions

	observed    observers
	producer    []avroproducer.Option
	consumer    []avroconsumer.Option
	pipeline    []pipeline.Option
	closers     []func(context.Context) error
	policies    []classPolicy
	deadLetters *deadLetters // nil: WithDeadLetters was not given
	replay      pipeline.ReplayConfig
	copy        copySettings
	ordering    avroconsumer.Ordering
	workers     int
	toEnd       bool // WithToEnd
	given       map[string]bool
	errs        []error
}

// partOptions says how one half of a record is written and read.
type partOptions struct {
	own         any  // WithSerde
	avro        bool // a schema is given: scalars are Avro too
	serialize   []serde.SerializerOption
	deserialize []serde.DeserializerOption
	names       []string // of the options that are about Avro
}

func newSettings(r role) *settings { return &settings{role: r, given: map[string]bool{}} }

// applyAll applies options, and finds those that are nil.
func applyAll[O any](s *settings, opts []O, apply func(O, *settings)) {
	for i, opt := range opts {
		if isNil(opt) {
			s.errs = append(s.errs, fmt.Errorf("kavro: %s option is nil", count.Ordinal(i+1)))
			continue
		}
		apply(opt, s)
	}
}

// once remembers an option of which one can count.
func (s *settings) once(name string) {
	if s.given[name] {
		s.refuse(name, "is given twice")
	}
	s.given[name] = true
}

// need refuses a value that is nil.
func (s *settings) need(name, what string, v any) bool {
	if isNil(v) {
		s.refuse(name, "the "+what+" is nil")
		return false
	}
	return true
}

func (s *settings) refuse(name, reason string) {
	s.errs = append(s.errs, errors.New("kavro: "+name+": "+reason))
}

// joined returns everything that is wrong, as one flat list in which each is told once.
func (s *settings) joined(more ...error) error {
	return kafkaconf.Join(slices.Concat(s.errs, more)...)
}

// more appends options to list, without those that are nil.
func more[T any](s *settings, name string, list, opts []T) []T {
	for i, opt := range opts {
		if isNil(opt) {
			s.refuse(name, count.Ordinal(i+1)+" option is nil")
			continue
		}
		list = append(list, opt)
	}
	return list
}

// isNil reports whether v is nil, or an interface that holds a nil.
func isNil(v any) bool {
	if v == nil {
		return true
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Slice, reflect.Interface:
		return r.IsNil()
	}
	return false
}

// log returns the logger of warnings.
func (s *settings) log() *slog.Logger {
	if s.hooks.Logger != nil {
		return s.hooks.Logger
	}
	return slog.Default()
}

// join adds hooks.
func (s *settings) join(name string, h kafka.Hooks) {
	joined, err := s.hooks.Join(h)
	if err != nil {
		s.refuse(name, "Token is given twice: there is one source of tokens")
	}
	s.hooks = joined
}

// checkClient finds options of Open that contradict each other.
func (s *settings) checkClient() {
	if s.registry != nil && (len(s.registryOptions) > 0 || s.given["WithRegistryOptions"]) {
		s.refuse("WithRegistryOptions", "has no effect beside WithRegistry: give the options to the registry's client itself")
	}
}

// chooseDriver decides which Kafka client is used, and tells why.
func (s *settings) chooseDriver(own kafka.Config) (d kafka.Driver, how string) {
	all := drivers()
	key, err := own.String(driverKey, "")
	if err != nil {
		s.errs = append(s.errs, err)
	}
	d, how = all[0], "the default of this build"
	if key != "" {
		i := slices.IndexFunc(all, func(d kafka.Driver) bool { return d.Name() == key })
		if i < 0 {
			s.errs = append(s.errs, unknownDriver(key)) // also where the option wins
		} else {
			d, how = all[i], driverKey
		}
	}
	if s.driver != nil {
		d, how = s.driver, "WithDriver"
	}
	return d, how
}

// unknownDriver is the error for a name that no client of this build has.
func unknownDriver(name string) error {
	if name == "confluent" {
		return &kafka.ConfigError{Key: driverKey, Reason: `"confluent": librdkafka is not in this build: it needs cgo, and no build tag kavro_franz`}
	}
	return &kafka.ConfigError{
		Key: driverKey, Reason: fmt.Sprintf("%q: want confluent or franz", name),
		Nearest: kafka.Nearest(name, []string{"confluent", "franz"}),
	}
}

// warnHooks tells of hooks that are never called.
func (s *settings) warnHooks(h kafka.Hooks, conf kafka.Config) {
	if interval, _ := conf.Float("statistics.interval.ms", 0); h.Stats != nil && interval == 0 {
		s.log().Warn("kavro: Hooks.Stats is never called: statistics.interval.ms is not set")
	}
	if mechanism := kafkaconf.NewView(conf).Get("sasl.mechanisms"); h.Token != nil && !strings.EqualFold(mechanism, "OAUTHBEARER") {
		s.log().Warn("kavro: Hooks.Token is never called: sasl.mechanism is not OAUTHBEARER")
	}
}

// forRegistry returns the options of the registry client. A resolver that the program gave
// comes later and wins.
func (s *settings) forRegistry() []registry.Option {
	opts := append([]registry.Option{registry.WithResolver(memory.Resolve)}, s.registryOptions...)
	for _, o := range s.observed.registry {
		opts = append(opts, registry.WithObserver(o))
	}
	return opts
}

// overlay returns a new map of the keys of under, with those of over laid over them.
func overlay(under, over kafka.Config) kafka.Config {
	all := make(kafka.Config, len(under)+len(over))
	maps.Copy(all, under)
	maps.Copy(all, over)
	return all
}

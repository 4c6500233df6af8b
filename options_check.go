package kavro

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/kavro/kavro/avroconsumer"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/pipeline"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
	"github.com/kavro/kavro/serde"
)

// role is what a constructor makes.
type role string

const (
	producing role = "producer"
	consuming role = "consumer"
	piping    role = "pipeline"
)

// options holds serdes as any: K and V are the constructors' own.
type options struct {
	driver          string
	registry        SchemaRegistry
	registryOptions []registry.Option
	hooks           kafka.Hooks
	parts           [2]partOptions // by serde.Part
	producer        []avroproducer.Option
	consumer        []avroconsumer.Option
	pipeline        []pipeline.Option
	output          *options // of a pipeline: how it writes; nil: nothing is said

	names []string // of the options given
	errs  []error
}

type partOptions struct {
	schema       *schemas.Schema
	own          bool // a serde was given
	serializer   any
	deserializer any
	serializers  []serde.SerializerOption
	deserialize  []serde.DeserializerOption

	names []string // of the options for Avro
}

// use remembers that an option for Avro was given.
func (p *partOptions) use(name string) {
	if !slices.Contains(p.names, name) {
		p.names = append(p.names, name)
	}
}

func (o *options) apply(opts []Option) {
	for i, opt := range opts {
		if opt == nil {
			o.errs = append(o.errs, fmt.Errorf("kavro: %s option is nil", count.Ordinal(i+1)))
			continue
		}
		opt(o)
	}
}

// use remembers that an option was given.
func (o *options) use(name string) { o.names = append(o.names, name) }

// once is use for options of which one can count.
func (o *options) once(name string) {
	if slices.Contains(o.names, name) {
		o.fail(name, "is given twice")
	}
	o.use(name)
}

func (o *options) fail(name, reason string) {
	o.errs = append(o.errs, errors.New("kavro: "+name+": "+reason))
}

// add appends more to list, and remembers name.
func add[T any](o *options, name string, list, more []T) []T {
	o.use(name)
	for i, opt := range more {
		if isNil(opt) {
			o.fail(name, count.Ordinal(i+1)+" option is nil")
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

// check finds the options that have no effect on what r makes.
func (o *options) check(r role) error {
	errs := slices.Clone(o.errs)
	fail := func(name, reason string) { errs = append(errs, errors.New("kavro: "+name+": "+reason)) }
	for _, name := range distinct(o.names) {
		if fits := rolesOf(name); !slices.Contains(fits, r) {
			fail(name, "has no effect on a "+string(r)+misplaced(name, r))
		}
	}
	if o.registry != nil && len(o.registryOptions) > 0 {
		fail("RegistryOptions", "has no effect beside Registry: give the options to the registry's client itself")
	}
	if o.output != nil {
		errs = append(errs, o.output.errs...)
		for _, name := range distinct(o.output.names) {
			if !fitsOutput(name) {
				fail("Output", name+" within it has no effect: give it outside, or leave it out")
			}
		}
		if h := o.output.hooks; h.Logger != nil || h.Token != nil || h.Stats != nil || h.Error != nil {
			fail("Output", "Hooks within it has no effect: give it outside")
		}
	}
	return errors.Join(errs...)
}

// rolesOf returns what an option has an effect on.
func rolesOf(name string) []role {
	switch name {
	case "Producer":
		return []role{producing}
	case "Consumer":
		return []role{consuming}
	case "Pipeline", "Output":
		return []role{piping}
	case "KeySerializer", "ValueSerializer":
		return []role{producing}
	case "KeyDeserializer", "ValueDeserializer":
		return []role{consuming, piping}
	}
	return []role{producing, consuming, piping}
}

// misplaced says where an option belongs.
func misplaced(name string, r role) string {
	switch {
	case r == piping && (name == "KeySerializer" || name == "ValueSerializer"):
		return ": give it within Output"
	case r == piping && (name == "Producer" || name == "Consumer"):
		return ": give Pipeline"
	}
	return ""
}

func fitsOutput(name string) bool {
	switch strings.TrimPrefix(strings.TrimPrefix(name, "Key"), "Value") {
	case "Schema", "Serde", "Avro", "Serializer":
		return true
	}
	return false
}

func distinct(names []string) []string {
	var all []string
	for _, name := range names {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

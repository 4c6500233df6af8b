package franz

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kavro/kavro/internal/kafkaconf"
	"github.com/kavro/kavro/kafka"
)

// Effect says what a configuration key does in this client.
type Effect uint8

// The effects of a key.
const (
	Honoured Effect = iota // as in librdkafka
	Ignored                // checked and accepted, without effect here: it tunes librdkafka, or avroconsumer reads it
	Refused                // setting it to anything but its default is a [kafka.ConfigError]
)

// String returns "honoured", "ignored" or "refused".
func (e Effect) String() string {
	return [...]string{"honoured", "ignored", "refused"}[e]
}

// Key describes one configuration key.
type Key struct {
	Name    string
	Aliases []string // other names of the same key
	Client  string   // "C" for consumers, "P" for producers, "*" for both
	Type    string   // "string", "bool", "int", "float", "ms" or "enum"
	Default string   // as text; "" where there is none
	Range   string   // allowed values, as text; "" where all are
	Effect  Effect
	Doc     string // the effect in this package, or why it is refused
}

// Keys returns every key that this package knows, in the order of docs/configuration.md.
func Keys() []Key {
	var keys []Key
	for _, k := range table() {
		keys = append(keys, k.Key)
	}
	return keys
}

// key is a Key with the function that reads it.
type key struct {
	Key
	// read checks the value under name and stores it in s. It is called with a
	// name that is not in c to store the default.
	read func(s *settings, c kafka.Config, name string) error
}

// parse reads all of c for clients of role r. Keys of other roles are read too, so that all
// clients of a program can share one map. The error joins all that is wrong: with each key,
// then with combinations of keys.
func parse(c kafka.Config, r role) (*settings, error) {
	keys := table()
	known := map[string]*key{}
	var names []string
	for i := range keys {
		for _, name := range append([]string{keys[i].Name}, keys[i].Aliases...) {
			known[name] = &keys[i]
			names = append(names, name)
		}
	}

	s := &settings{set: map[string]bool{}, view: kafkaconf.NewView(c)}
	for i := range keys {
		if err := keys[i].read(s, nil, ""); err != nil { // the default
			return nil, err
		}
	}
	errs := []error{s.view.Err()}
	for _, name := range c.Keys() {
		k := known[name]
		switch {
		case kafkaconf.IsForeign(name):
		case k == nil:
			errs = append(errs, kafkaconf.Unknown(name, names))
		default:
			if text, err := c.String(name, ""); err == nil && text == "" && k.givenOtherwise(c, name) {
				continue
			}
			errs = append(errs, k.read(s, c, name))
			s.set[k.Name] = true
		}
	}
	s.view.CheckForeign()
	s.view.CheckSecurity()
	s.brokers = s.view.Brokers()
	errs = append(errs, s.view.Err(), s.check(r))
	if err := kafkaconf.Join(errs...); err != nil {
		return nil, err
	}
	return s, nil
}

// givenOtherwise reports whether another name of k is set.
func (k *key) givenOtherwise(c kafka.Config, name string) bool {
	for _, other := range append([]string{k.Name}, k.Aliases...) {
		if _, ok := c[other]; ok && other != name {
			return true
		}
	}
	return false
}

// The constructors of keys. client is "C", "P" or "*"; names begins with the
// name that the documentation uses.

func names(list string) (name string, aliases []string) {
	all := strings.Fields(list)
	return all[0], all[1:]
}

func str(client, list, def string, field func(*settings) *string, doc string) key {
	name, aliases := names(list)
	return key{
		Key: Key{Name: name, Aliases: aliases, Client: client, Type: "string", Default: def, Doc: doc},
		read: func(s *settings, c kafka.Config, name string) (err error) {
			*field(s), err = c.String(name, def)
			return err
		},
	}
}

func flag(client, list string, def bool, field func(*settings) *bool, doc string) key {
	name, aliases := names(list)
	return key{
		Key: Key{Name: name, Aliases: aliases, Client: client, Type: "bool", Default: fmt.Sprint(def), Range: "true, false", Doc: doc},
		read: func(s *settings, c kafka.Config, name string) (err error) {
			*field(s), err = c.Bool(name, def)
			return err
		},
	}
}

func num(client, list string, def, lowest, highest int, field func(*settings) *int, doc string) key {
	name, aliases := names(list)
	return key{
		Key: Key{Name: name, Aliases: aliases, Client: client, Type: "int", Default: fmt.Sprint(def), Range: fmt.Sprintf("%d .. %d", lowest, highest), Doc: doc},
		read: func(s *settings, c kafka.Config, name string) error {
			n, err := c.Int(name, def)
			if err != nil {
				return err
			}
			if n < lowest || n > highest {
				return &kafka.ConfigError{Key: name, Reason: fmt.Sprintf("%d is not in %d .. %d", n, lowest, highest)}
			}
			*field(s) = n
			return nil
		},
	}
}

// ms is a key in milliseconds; def, lowest and highest are in milliseconds too.
func ms(client, list string, def, lowest, highest int64, field func(*settings) *time.Duration, doc string) key {
	name, aliases := names(list)
	return key{
		Key: Key{Name: name, Aliases: aliases, Client: client, Type: "ms", Default: fmt.Sprint(def), Range: fmt.Sprintf("%d .. %d", lowest, highest), Doc: doc},
		read: func(s *settings, c kafka.Config, name string) error {
			d, err := c.Duration(name, time.Duration(def)*time.Millisecond)
			if err != nil {
				return err
			}
			if d < time.Duration(lowest)*time.Millisecond || d > time.Duration(highest)*time.Millisecond {
				return &kafka.ConfigError{Key: name, Reason: fmt.Sprintf("%v is not in %d .. %d ms", d, lowest, highest)}
			}
			*field(s) = d
			return nil
		},
	}
}

// enum is a key with a few values, compared without regard to case. values is
// written "a, b, c"; a value "c=b" means b.
func enum(client, list, def, values string, field func(*settings) *string, doc string) key {
	name, aliases := names(list)
	means := map[string]string{}
	var shown []string
	for _, v := range strings.Split(values, ", ") {
		v, same, alias := strings.Cut(v, "=")
		if !alias {
			same = v
		}
		means[strings.ToLower(v)] = same
		if v != "" {
			shown = append(shown, v)
		}
	}
	return key{
		Key: Key{Name: name, Aliases: aliases, Client: client, Type: "enum", Default: def, Range: strings.Join(shown, ", "), Doc: doc},
		read: func(s *settings, c kafka.Config, name string) error {
			text, err := c.String(name, def)
			if err != nil {
				return err
			}
			v, ok := means[strings.ToLower(strings.TrimSpace(text))]
			if !ok {
				return &kafka.ConfigError{Key: name, Reason: fmt.Sprintf("%q is not one of %s", text, strings.Join(shown, ", "))}
			}
			*field(s) = v
			return nil
		},
	}
}

// ignored is a key whose value is accepted and has no effect here.
func ignored(client, list, typ, def, doc string) key {
	name, aliases := names(list)
	k := Key{Name: name, Aliases: aliases, Client: client, Type: typ, Default: def, Effect: Ignored, Doc: doc}
	return key{Key: k, read: func(_ *settings, c kafka.Config, name string) (err error) {
		switch typ {
		case "bool":
			_, err = c.Bool(name, false)
		case "int":
			_, err = c.Int(name, 0)
		case "float":
			_, err = c.Float(name, 0)
		case "ms":
			_, err = c.Duration(name, 0)
		default:
			_, err = c.String(name, "")
		}
		return err
	}}
}

// refused is a key that may only have its default.
func refused(client, list, def, why string) key {
	name, aliases := names(list)
	k := Key{Name: name, Aliases: aliases, Client: client, Type: "string", Default: def, Effect: Refused, Doc: why}
	return key{Key: k, read: func(_ *settings, c kafka.Config, name string) error {
		text, err := c.String(name, def)
		if err != nil {
			return err
		}
		if !strings.EqualFold(strings.TrimSpace(text), def) {
			return &kafka.ConfigError{Key: name, Reason: "kafka/franz cannot honour it: " + why}
		}
		return nil
	}}
}

// splitList splits a comma-separated value and drops blanks.
func splitList(text string) []string {
	items := strings.Split(text, ",")
	for i := range items {
		items[i] = strings.TrimSpace(items[i])
	}
	return slices.DeleteFunc(items, func(s string) bool { return s == "" })
}

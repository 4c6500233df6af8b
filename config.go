package kavro

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kavro/kavro/internal/kafkaconf"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/serde"
)

// configuration is one map taken apart: what each package is told.
type configuration struct {
	whole    kafka.Config
	kafka    kafka.Config       // the Kafka client's keys
	serdes   kafka.Config       // the serializers' keys
	own      kafka.Config       // kavro.client
	registry *registry.Settings // empty if its keys are wrong
	keys     [2]serdeKeys       // what the serializers' keys say, by serde.Part
	errs     []error
}

// serdeKeys are the options that the configuration's keys amount to.
type serdeKeys struct {
	serializer   []serde.SerializerOption
	deserializer []serde.DeserializerOption
}

const driverKey = "kavro.client"

// typeKeys choose between Avro and plain bytes.
var typeKeys = []string{"key.serializer", "value.serializer", "key.deserializer", "value.deserializer"}

// split takes conf apart, and changes nothing in it.
func split(conf kafka.Config) *configuration {
	c := &configuration{
		whole: conf, kafka: maps.Clone(conf), serdes: kafka.Config{}, own: kafka.Config{}, registry: &registry.Settings{},
	}
	if c.kafka == nil {
		c.kafka = kafka.Config{}
	}
	settings, err := registry.FromConfig(conf)
	if err == nil {
		c.registry = settings
	}
	c.keep(err)
	for _, key := range conf.Keys() {
		if registry.IsConfigKey(key) {
			delete(c.kafka, key)
		}
	}
	move := func(to kafka.Config, key string) {
		if v, set := c.kafka[key]; set {
			to[key] = v
			delete(c.kafka, key)
		}
	}
	move(c.own, driverKey)
	for _, key := range serdesKeys() {
		move(c.serdes, key)
	}
	for _, key := range typeKeys {
		name, err := c.serdes.String(key, "")
		c.keep(err)
		if _, err := plainNamed(key, name); name != "" {
			c.keep(err)
		}
	}
	for _, part := range []serde.Part{serde.Key, serde.Value} {
		k := &c.keys[part]
		k.serializer, k.deserializer, err = serde.FromConfig(c.serdes, part)
		c.keep(err)
	}
	c.findMisspelt()
	return c
}

func (c *configuration) keep(err error) {
	if err != nil {
		c.errs = append(c.errs, err)
	}
}

// serdesKeys returns the names of the serializers' keys.
func serdesKeys() []string {
	keys := slices.Clone(typeKeys)
	for _, k := range serde.ConfigKeys() {
		keys = append(keys, k.Name)
	}
	return keys
}

// findMisspelt refuses keys that look like kavro's own and are not: the Kafka client
// would refuse them too, but not say what was meant.
func (c *configuration) findMisspelt() {
	ours := append(serdesKeys(), driverKey)
	for _, k := range registry.ConfigKeys() {
		ours = append(ours, k.Name)
	}
	all := slices.Concat(ours, kafkaconf.Names())
	for _, key := range c.kafka.Keys() {
		if _, known := kafkaconf.Find(key); known || kafkaconf.IsForeign(key) {
			continue
		}
		e := kafka.Unknown(key, all)
		if slices.Contains(ours, e.Nearest) || e.Nearest == "" && slices.ContainsFunc(ourPrefixes, func(p string) bool { return strings.HasPrefix(key, p) }) {
			c.keep(e)
			delete(c.kafka, key)
		}
	}
}

// ourPrefixes begin the names of keys that no Kafka client has.
var ourPrefixes = []string{"kavro.", "avro.", "auto.register", "use.", "key.", "value.", "normalize.", "latest.", "id.compat", "subject.name.", "schema.", "rule.", "specific.", "validate.", "validation."}

// checkKafka finds what is wrong with the Kafka client's keys whichever client reads
// them, and whatever for: unknown ones, those of other clients, values that cannot be
// read, contradictions, passwords that are not used.
func checkKafka(conf kafka.Config) []error {
	view := kafkaconf.NewView(conf)
	var errs []error
	for _, key := range conf.Keys() {
		k, known := kafkaconf.Find(key)
		text, err := conf.String(key, "")
		switch {
		case err != nil, kafkaconf.IsForeign(key), strings.HasPrefix(key, "go."): // told by the view, or the driver's to judge
		case !known:
			errs = append(errs, kafkaconf.Unknown(key, kafkaconf.Names()))
		case strings.TrimSpace(text) != "":
			if _, reason := k.Value(text); reason != "" {
				errs = append(errs, &kafka.ConfigError{Key: key, Reason: reason})
			}
		}
	}
	view.CheckForeign()
	view.CheckSecurity()
	return append(errs, view.Err())
}

// checkOverlay finds the keys of WithConfig that a constructor cannot honour: those of
// the Client, and those that are for another kind of client.
func (s *settings) checkOverlay(whole kafka.Config) {
	refuse := func(key, reason string) {
		s.errs = append(s.errs, &kafka.ConfigError{Key: key, Reason: reason})
	}
	for _, key := range s.conf.Keys() {
		switch {
		case key != driverKey && !registry.IsConfigKey(key), same(s.conf[key], whole[key]):
		default:
			refuse(key, "is the Client's: give it to Open")
		}
	}
	for _, key := range s.foreignKeys() {
		refuse(key, "has no effect on a "+string(s.role))
	}
}

func same(a, b any) bool {
	x, isText := kafka.Text(a)
	y, too := kafka.Text(b)
	return isText && too && x == y
}

// foreignKeys returns the keys of WithConfig that are for another kind of client only.
func (s *settings) foreignKeys() []string {
	keys := s.conf.Keys()
	if s.role.pipes() {
		return slices.DeleteFunc(keys, func(key string) bool { return !s.commits(key) })
	}
	client, other := "P", ".deserializer"
	if s.role == consuming {
		client, other = "C", ".serializer"
	}
	foreign := kafkaconf.Foreign(keys, client)
	for _, key := range keys {
		if slices.Contains(typeKeys, key) && strings.HasSuffix(key, other) || s.role == consuming && slices.Contains(serializerKeys, key) {
			foreign = append(foreign, key)
		}
	}
	slices.Sort(foreign)
	return foreign
}

// serializerKeys are the keys of serializers that deserializers do not read.
var serializerKeys = []string{"auto.register.schemas", "use.schema.id", "latest.compatibility.strict", "id.compatibility.strict", "normalize.schemas"}

// commits reports whether a key asks for periodic commits: a pipeline commits within its
// transactions.
func (s *settings) commits(key string) bool {
	switch key {
	case "enable.auto.commit", "auto.commit.enable":
		on, err := s.conf.Bool(key, false)
		return on && err == nil
	}
	return key == intervalKey
}

const intervalKey = "auto.commit.interval.ms"

// needGroup refuses to make a member of no group. Clients would say the same in words of their own.
func (w *wiring) needGroup(who string) {
	const key = "group.id"
	if id, err := w.conf.kafka.String(key, ""); err == nil && id == "" {
		w.keep(&kafka.ConfigError{Key: key, Reason: who + " needs a group: give its argument, or this key"})
		w.conf.kafka[key] = "none" // nothing is made
	}
}

// chooseGroup lays the argument of a constructor over the key group.id.
func chooseGroup(conf kafka.Config, group string) error {
	if group == "" {
		return nil
	}
	if id, err := conf.String("group.id", ""); err == nil && id != "" && id != group {
		return &kafka.ConfigError{Key: "group.id", Reason: fmt.Sprintf("%q contradicts the group that the constructor was given, %q", id, group)}
	}
	conf["group.id"] = group
	return nil
}

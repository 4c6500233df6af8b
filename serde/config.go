package serde

import (
	"fmt"
	"strings"

	"github.com/kavro/kavro/internal/kafkaconf"
	"github.com/kavro/kavro/kafka"
)

// ConfigKey documents one configuration key of the serializers.
type ConfigKey struct {
	Name    string
	Default string
	Doc     string
	// Refused says why a value other than the default cannot be honoured, and
	// Ignored why the key means nothing here; both are empty for keys that are
	// honoured.
	Refused, Ignored string
}

// Keys of the naming of subjects that hold for keys and values alike.
const (
	strategyType = "subject.name.strategy.type"
	clusterID    = "subject.name.strategy.kafka.cluster.id"
	fallbackType = "subject.name.strategy.fallback.type"
)

const strategies = "TopicNameStrategy, RecordNameStrategy, TopicRecordNameStrategy, AssociatedNameStrategy or a serde.Subject"

// ConfigKeys returns the keys that [FromConfig] reads, with the names that Confluent's serializers
// have for them. The caller owns the slice.
func ConfigKeys() []ConfigKey {
	keys := []ConfigKey{
		{Name: "auto.register.schemas", Default: "true", Doc: "register the program's schema if the subject lacks it"},
		{Name: "use.latest.version", Default: "false", Doc: "write with the subject's latest schema, changing no value, and register nothing (together with an explicit auto.register.schemas=true it is an error); read types without a schema with it"},
		{Name: "use.schema.id", Default: "-1", Doc: "write with the schema of this id"},
		{Name: "latest.compatibility.strict", Default: "true", Doc: "check that the registry's schema can read all data of the program's own; values are checked in any case"},
		{Name: "id.compatibility.strict", Default: "true", Doc: "check the same of the schema of use.schema.id"},
		{Name: "normalize.schemas", Default: "false", Doc: "let the registry normalize schemas in lookup and registration"},
		{Name: "avro.fail.on.trailing.data", Default: "true", Doc: "bytes behind a datum are an error", Refused: "trailing bytes mean that datum and schema disagree"},
		{Name: "use.schema.guid", Refused: "use use.schema.id, or read: GUIDs are understood in every frame"},
		{Name: "use.latest.with.metadata", Refused: "name a version instead"},
		{Name: "context.name.strategy", Refused: "name the context in the subject: serde.InContext"},
		{Name: "propagate.schema.tags", Default: "false", Refused: "tags are not changed by a client of kavro"},
		{Name: "schema.format", Refused: "schemas are registered as the program has them, byte for byte"},
		{Name: "avro.remove.java.properties", Default: "false", Refused: "schemas are registered as the program has them, byte for byte"},
		{Name: "rule.executors", Refused: "kavro runs no rules; a schema with an enabled one is refused"},
		{Name: "rule.actions", Refused: "kavro runs no rules; a schema with an enabled one is refused"},
		{Name: "rule.service.loader.enable", Ignored: "kavro runs no rules"},
		{Name: "rule.metrics.enable", Ignored: "kavro runs no rules"},
		{Name: "specific.avro.reader", Ignored: "the Go type decides"},
		{Name: "specific.avro.key.type", Ignored: "the Go type decides"},
		{Name: "specific.avro.value.type", Ignored: "the Go type decides"},
		{Name: "avro.use.logical.type.converters", Ignored: "the Go type decides"},
		{Name: "avro.reflection.allow.null", Ignored: "the Go type decides"},
		{Name: "schema.reflection", Ignored: "the Go type decides"},
		{Name: "validate.strict", Ignored: "values are always checked"},
		{Name: "validate.strict.allow.default", Ignored: "values are always checked"},
		{Name: "execution.environment", Ignored: "kavro runs no rules"},
		{Name: "validation.rules.execution", Default: "DISABLED", Refused: "kavro runs no rules; check values before they are produced"},
		{Name: "validation.rules.executor.class", Ignored: "kavro runs no rules"},
		{Name: "validation.rules.fail.fast", Ignored: "kavro runs no rules"},
		{Name: "preserve.source.fields", Ignored: "values are never changed"},
		{Name: "composite.old.deserializer", Refused: "names a Java class: give a serde of your own with kavro.WithSerde"},
		{Name: "composite.confluent.deserializer", Refused: "names a Java class: give a serde of your own with kavro.WithSerde"},
	}
	for _, part := range []Part{Key, Value} {
		keys = append(keys,
			ConfigKey{Name: part.String() + ".subject.name.strategy", Default: "TopicNameStrategy", Doc: strategies + ", with or without the Java package"},
			ConfigKey{Name: part.String() + ".schema.id.serializer", Default: "PrefixSchemaIdSerializer", Doc: "PrefixSchemaIdSerializer: the schema's id in front of the datum; HeaderSchemaIdSerializer: its GUID in a header"},
			ConfigKey{Name: part.String() + ".schema.id.deserializer", Default: "DualSchemaIdDeserializer", Doc: "a frame in the header, else in front of the datum", Refused: "both places are always read"},
		)
	}
	return append(keys, []ConfigKey{
		{Name: strategyType, Default: "TOPIC", Doc: "names of subjects without key.subject.name.strategy or value.subject.name.strategy (Python's name): TOPIC, RECORD, TOPIC_RECORD, ASSOCIATED"},
		{Name: clusterID, Default: "-", Doc: "AssociatedNameStrategy: the Kafka cluster of the topics; - is any"},
		{Name: fallbackType, Default: "TOPIC", Doc: "AssociatedNameStrategy: names of subjects for topics without an association: TOPIC, RECORD, TOPIC_RECORD, or NONE, an error"},
		{Name: "subject.name.strategy.cache.size", Ignored: "the registry client's cache is bounded by latest.cache.size"},
		{Name: "subject.name.strategy.cache.expiry.secs", Default: "-1", Refused: "the subject of a topic is decided once"},
		{Name: "subject.name.strategy.conf", Refused: "give what is in it as keys of their own"},
	}...)
}

// FromConfig converts the keys of conf that [ConfigKeys] lists into options for the serializer and
// the deserializer of part. It ignores other keys, and does not change conf. Later options override
// these. The error is a [*kafka.ConfigError], or several joined.
func FromConfig(conf kafka.Config, part Part) (ser []SerializerOption, des []DeserializerOption, err error) {
	r := configReader{conf: conf}
	r.checkKeys()
	if _, set := conf["auto.register.schemas"]; set {
		ser = append(ser, WithAutoRegister(r.bool("auto.register.schemas", true)))
	}
	if r.bool("use.latest.version", false) {
		ser, des = append(ser, WithLatest()), append(des, WithLatest())
	}
	strict := r.bool("latest.compatibility.strict", true)
	switch id := r.int("use.schema.id", -1); {
	case id == -1:
	case id < 1:
		r.fail("use.schema.id", fmt.Sprintf("%d: want a positive number, or -1 for none", id))
	default:
		ser, strict = append(ser, WithSchemaID(id)), r.bool("id.compatibility.strict", true)
	}
	if !strict {
		ser = append(ser, WithUncheckedLatest())
	}
	if r.bool("normalize.schemas", false) {
		ser = append(ser, WithNormalize())
	}
	if o := r.naming(part); o != nil {
		ser, des = append(ser, o), append(des, o)
	}
	if r.header(part.String() + ".schema.id.serializer") {
		ser = append(ser, WithHeaderFrame())
	}
	if len(ser) > 0 {
		ser = append(ser, asDefault())
	}
	if len(des) > 0 {
		des = append(des, asDefault())
	}
	return ser, des, kafkaconf.Join(r.errs...)
}

// checkKeys refuses the keys that cannot be honoured, and values that no key has.
func (r *configReader) checkKeys() {
	for _, k := range ConfigKeys() {
		v, set := r.conf[k.Name]
		if !set {
			continue
		}
		text, ok := kafka.Text(v)
		switch {
		case k.Refused != "" && (!ok || k.Default == "" || className(text) != k.Default):
			r.fail(k.Name, fmt.Sprintf("%v cannot be honoured: %s", v, k.Refused))
		case k.Ignored != "" && v == nil:
			_, err := r.conf.String(k.Name, "")
			r.keep(err)
		}
	}
}

// configReader reads typed values and keeps the errors.
type configReader struct {
	conf kafka.Config
	errs []error
}

func (r *configReader) bool(key string, def bool) bool {
	v, err := r.conf.Bool(key, def)
	r.keep(err)
	return v
}

func (r *configReader) int(key string, def int) int {
	v, err := r.conf.Int(key, def)
	r.keep(err)
	return v
}

func (r *configReader) keep(err error) {
	if err != nil {
		r.errs = append(r.errs, err)
	}
}

func (r *configReader) fail(key, reason string) {
	r.keep(&kafka.ConfigError{Key: key, Reason: reason})
}

// naming returns how the subjects of part are named, nil if nothing is said.
func (r *configReader) naming(part Part) Option {
	cluster, err := r.conf.String(clusterID, "-")
	r.keep(err)
	fallback := r.fallback()
	if !r.associates() {
		for _, key := range []string{clusterID, fallbackType} {
			if _, set := r.conf[key]; set {
				r.fail(key, "is for AssociatedNameStrategy, which is not the default here: set key.subject.name.strategy or value.subject.name.strategy to it")
			}
		}
	}
	switch s := r.strategy(part).(type) {
	case Subject:
		return WithSubject(s)
	case associatedStrategy:
		return WithAssociated(cluster, fallback)
	}
	return nil
}

// associates reports whether subjects of keys, or of values, are asked for.
func (r *configReader) associates() bool {
	for _, part := range []Part{Key, Value} {
		if _, ok := r.strategy(part).(associatedStrategy); ok {
			return true
		}
	}
	return false
}

// associatedStrategy stands for [WithAssociated].
type associatedStrategy struct{}

// strategy returns a Subject, an associatedStrategy, or nil if nothing is said.
func (r *configReader) strategy(part Part) any {
	key := part.String() + ".subject.name.strategy"
	v, set := r.conf[key]
	if !set {
		key = strategyType
		if v, set = r.conf[key]; !set {
			return nil
		}
	}
	switch v := v.(type) {
	case Subject:
		return v
	case func(string, Part, string) (string, error):
		return Subject(v)
	case string:
		if s := strategyNamed(className(v)); s != nil {
			return s
		}
	}
	r.fail(key, fmt.Sprintf("%v: want %s", v, strategies))
	return nil
}

// strategyNamed returns what Java's class, Python's function, or the constant of
// either means; nil if there is no such strategy.
func strategyNamed(name string) any {
	switch name {
	case "TopicNameStrategy", "TOPIC", "topic_subject_name_strategy":
		return Subject(TopicName)
	case "RecordNameStrategy", "RECORD", "record_subject_name_strategy":
		return Subject(RecordName)
	case "TopicRecordNameStrategy", "TOPIC_RECORD", "topic_record_subject_name_strategy":
		return Subject(TopicRecordName)
	case "AssociatedNameStrategy", "ASSOCIATED":
		return associatedStrategy{}
	}
	return nil
}

// fallback returns how the subjects are named that are associated with nothing.
func (r *configReader) fallback() Subject {
	text, err := r.conf.String(fallbackType, "TOPIC")
	r.keep(err)
	name := strings.ToUpper(text)
	if s, ok := strategyNamed(name).(Subject); ok {
		return s
	}
	if name != "NONE" && err == nil {
		r.fail(fallbackType, text+": want TOPIC, RECORD, TOPIC_RECORD or NONE")
	}
	return nil
}

func (r *configReader) header(key string) bool {
	text, err := r.conf.String(key, "PrefixSchemaIdSerializer")
	r.keep(err)
	switch className(text) {
	case "PrefixSchemaIdSerializer":
		return false
	case "HeaderSchemaIdSerializer":
		return true
	}
	r.fail(key, text+": want PrefixSchemaIdSerializer or HeaderSchemaIdSerializer")
	return false
}

// className is a Java class name without its package.
func className(s string) string {
	return s[strings.LastIndexByte(s, '.')+1:]
}

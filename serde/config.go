package serde

import (
	"fmt"
	"strings"

	"github.com/kavro/kavro/base"
)

// ConfigKey documents one key of the serializers' configuration.
type ConfigKey struct {
	Name    string
	Default string
	Doc     string
	// Refused says why a value other than the default cannot be honoured, and
	// Ignored why the key means nothing here; both are empty for keys that are
	// honoured.
	Refused, Ignored string
}

// ConfigKeys returns the keys that [FromConfig] knows, by the names that
// Confluent's serializers have for them. The caller owns the slice.
func ConfigKeys() []ConfigKey {
	keys := []ConfigKey{
		{Name: "auto.register.schemas", Default: "true", Doc: "register the program's schema if the subject lacks it"},
		{Name: "use.latest.version", Default: "false", Doc: "take the subject's latest schema instead of the program's own"},
		{Name: "use.schema.id", Default: "-1", Doc: "write with the schema of this id"},
		{Name: "latest.compatibility.strict", Default: "true", Doc: "check that the registry's schema can read what the program's own writes"},
		{Name: "id.compatibility.strict", Default: "true", Doc: "the same for use.schema.id"},
		{Name: "normalize.schemas", Default: "false", Doc: "let the registry normalize schemas when it looks up and registers them"},
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
	}
	for _, part := range []Part{Key, Value} {
		keys = append(keys,
			ConfigKey{Name: part.String() + ".subject.name.strategy", Default: "TopicNameStrategy", Doc: "TopicNameStrategy, RecordNameStrategy, TopicRecordNameStrategy (with or without the Java package), or a serde.Subject"},
			ConfigKey{Name: part.String() + ".schema.id.serializer", Default: "PrefixSchemaIdSerializer", Doc: "PrefixSchemaIdSerializer: the schema's id in front of the datum; HeaderSchemaIdSerializer: its GUID in a header"},
			ConfigKey{Name: part.String() + ".schema.id.deserializer", Default: "DualSchemaIdDeserializer", Doc: "a frame in the header, else in front of the datum", Refused: "both places are always read"},
		)
	}
	return keys
}

// FromConfig turns the keys of conf that [ConfigKeys] names into options for
// the serializer and the deserializer of part; others it passes over. conf is
// not changed. The error is a [*base.ConfigError].
func FromConfig(conf base.Config, part Part) (ser []SerializerOption, des []DeserializerOption, err error) {
	if err := checkKeys(conf); err != nil {
		return nil, nil, err
	}
	r := configReader{conf: conf}
	if _, set := conf["auto.register.schemas"]; set {
		ser = append(ser, WithAutoRegister(r.bool("auto.register.schemas", true)))
	}
	if r.bool("use.latest.version", false) {
		ser, des = append(ser, WithLatest()), append(des, WithLatest())
	}
	if id := r.int("use.schema.id", -1); id != -1 {
		ser = append(ser, WithSchemaID(id))
	}
	if !r.bool("latest.compatibility.strict", true) || !r.bool("id.compatibility.strict", true) {
		ser = append(ser, WithUncheckedLatest())
	}
	if r.bool("normalize.schemas", false) {
		ser = append(ser, WithNormalize())
	}
	if s := r.subject(part.String() + ".subject.name.strategy"); s != nil {
		ser, des = append(ser, WithSubject(s)), append(des, WithSubject(s))
	}
	if r.header(part.String() + ".schema.id.serializer") {
		ser = append(ser, WithHeaderFrame())
	}
	return ser, des, r.err
}

// checkKeys refuses the keys that cannot be honoured.
func checkKeys(conf base.Config) error {
	for _, k := range ConfigKeys() {
		v, set := conf[k.Name]
		if !set || k.Refused == "" {
			continue
		}
		text, ok := base.Text(v)
		if !ok || k.Default == "" || className(text) != k.Default {
			return &base.ConfigError{Key: k.Name, Reason: fmt.Sprintf("%v cannot be honoured: %s", v, k.Refused)}
		}
	}
	return nil
}

// configReader reads typed values and keeps the first error.
type configReader struct {
	conf base.Config
	err  error
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
	if r.err == nil {
		r.err = err
	}
}

func (r *configReader) subject(key string) Subject {
	v, set := r.conf[key]
	if !set {
		return nil
	}
	switch v := v.(type) {
	case Subject:
		return v
	case func(string, Part, string) (string, error):
		return v
	case string:
		switch className(v) {
		case "TopicNameStrategy", "TOPIC", "topic_subject_name_strategy":
			return TopicName
		case "RecordNameStrategy", "RECORD", "record_subject_name_strategy":
			return RecordName
		case "TopicRecordNameStrategy", "TOPIC_RECORD", "topic_record_subject_name_strategy":
			return TopicRecordName
		}
	}
	r.keep(&base.ConfigError{Key: key, Reason: fmt.Sprintf("%v: want TopicNameStrategy, RecordNameStrategy, TopicRecordNameStrategy or a serde.Subject", v)})
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
	r.keep(&base.ConfigError{Key: key, Reason: text + ": want PrefixSchemaIdSerializer or HeaderSchemaIdSerializer"})
	return false
}

// className is a Java class name without its package.
func className(s string) string {
	return s[strings.LastIndexByte(s, '.')+1:]
}

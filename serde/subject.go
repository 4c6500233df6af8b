package serde

import (
	"fmt"
	"strings"
)

// Subject says under which subject the schemas of a topic's keys or values are
// kept. record is the full name of the schema, "" if it is no named type.
//
// A subject may begin with a context, ":.ctx:orders-value": schema ids are
// looked up in that context.
type Subject func(topic string, part Part, record string) (string, error)

// TopicName is the default of the whole ecosystem: "orders-key", "orders-value".
// Every value of a topic then has one schema and its versions.
func TopicName(topic string, part Part, _ string) (string, error) {
	if topic == "" {
		return "", fmt.Errorf("subject of a %s: no topic given", part)
	}
	return topic + "-" + part.String(), nil
}

// RecordName names the subject after the schema, "shop.Order", wherever it is
// used. It is an error for types that have no name.
func RecordName(_ string, part Part, record string) (string, error) {
	if record == "" {
		return "", fmt.Errorf("subject of a %s: RecordName needs a schema with a name: a record, enum or fixed", part)
	}
	return record, nil
}

// TopicRecordName is "orders-shop.Order": several types in one topic, each with
// versions of its own there.
func TopicRecordName(topic string, part Part, record string) (string, error) {
	if record == "" {
		return "", fmt.Errorf("subject of a %s: TopicRecordName needs a schema with a name: a record, enum or fixed", part)
	}
	if topic == "" {
		return "", fmt.Errorf("subject of a %s: no topic given", part)
	}
	return topic + "-" + record, nil
}

// InContext puts the subjects of s into a registry's context, such as ".eu".
func InContext(context string, s Subject) Subject {
	prefix := ":." + strings.TrimPrefix(context, ".") + ":"
	return func(topic string, part Part, record string) (string, error) {
		subject, err := s(topic, part, record)
		if err != nil {
			return "", err
		}
		return prefix + subject, nil
	}
}

// contextOf returns the context of a subject as a prefix, ":.ctx:", or "".
func contextOf(subject string) string {
	if !strings.HasPrefix(subject, ":.") {
		return ""
	}
	end := strings.IndexByte(subject[2:], ':')
	if end < 0 {
		return ""
	}
	return subject[:2+end+1]
}

package serde

import (
	"fmt"
	"strings"
)

// Subject returns the subject of a topic's keys or values. record is the full name of the schema, ""
// if the type has no name.
//
// A subject may begin with a context, ":.ctx:orders-value". Schema ids are resolved in that context.
type Subject func(topic string, part Part, record string) (string, error)

// TopicName names the subject after the topic: "orders-key", "orders-value". It is the default of
// all clients. All values of a topic have versions of one schema.
func TopicName(topic string, part Part, _ string) (string, error) {
	if topic == "" {
		return "", fmt.Errorf("subject of a %s: no topic given", part)
	}
	return topic + "-" + part.String(), nil
}

// RecordName names the subject after the schema: "shop.Order", for all topics. Types without a name
// are an error.
func RecordName(_ string, part Part, record string) (string, error) {
	if record == "" {
		return "", fmt.Errorf("subject of a %s: RecordName needs a schema with a name: a record, enum or fixed", part)
	}
	return record, nil
}

// TopicRecordName names the subject after topic and schema: "orders-shop.Order". A topic can have
// several types, each with its own versions.
func TopicRecordName(topic string, part Part, record string) (string, error) {
	if record == "" {
		return "", fmt.Errorf("subject of a %s: TopicRecordName needs a schema with a name: a record, enum or fixed", part)
	}
	if topic == "" {
		return "", fmt.Errorf("subject of a %s: no topic given", part)
	}
	return topic + "-" + record, nil
}

// InContext puts the subjects of s into a context of the registry, such as ".eu".
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

package kavro

import (
	"slices"

	"github.com/kavro/kavro/serde"
)

// The options of serdes that most programs need. Package serde has the others.

// WithSchema gives the schema of keys or values whose type carries none: the writer's of a
// producer, the reader's of a consumer. A scalar with a schema is Avro instead of plain
// bytes. See [serde.WithSchema].
func WithSchema(s *Schema) serde.Option { return serde.WithSchema(s) }

// WithLatest takes the latest version of the subject. See [serde.WithLatest].
func WithLatest() serde.Option { return serde.WithLatest() }

// WithSubject sets how subjects are named. The default is serde.TopicName. See
// [serde.WithSubject].
func WithSubject(s serde.Subject) serde.Option { return serde.WithSubject(s) }

// WithVariant names C as one of the types that an interface type may hold, for several
// event types in one topic. s may be nil if C carries its schema. See [serde.WithVariant].
func WithVariant[C any](s *Schema) serde.Option { return serde.WithVariant[C](s) }

// WithSerde gives a serde of the program's own, whatever the configuration says: s is a
// [serde.Serializer], a [serde.Deserializer], or both, of the type that the constructor
// makes. Which of them is needed and is not there is told by the constructor. It excludes
// the other options for the same keys or values.
func WithSerde(s any) serde.Option { return ownSerde{serde.WithAvro(), s} }

// ownSerde is recognized by the constructors of this package. To those of package serde,
// it is an option that says nothing.
type ownSerde struct {
	serde.Option
	serde any
}

// add remembers that an option was given, and reports whether it is package serde's.
func (p *partOptions) add(s *settings, name string, o any) bool {
	own, ok := o.(ownSerde)
	switch {
	case !ok:
		p.avro = p.avro || serde.NamesSchema(o)
		if !slices.Contains(p.names, name) {
			p.names = append(p.names, name)
		}
		return true
	case isNil(own.serde):
		s.refuse(name, "WithSerde: the serde is nil")
	case p.own != nil:
		s.refuse(name, "WithSerde: is given twice")
	default:
		p.own = own.serde
	}
	return false
}

package schemas

// Level is how much evolution a subject allows ("Schema Evolution and
// Compatibility", Confluent documentation).
type Level uint8

// The seven levels.
const (
	None Level = iota
	Backward
	BackwardTransitive
	Forward
	ForwardTransitive
	Full
	FullTransitive
)

// Check reports whether next may follow history (oldest first) at level l.
func (l Level) Check(next *Schema, history []*Schema) error { panic("being written") }

// CanRead reports whether data written with writer can be read with reader.
func CanRead(reader, writer *Schema) error { panic("being written") }

// Reason is one thing that makes two schemas incompatible.
type Reason struct {
	Kind    ReasonKind // Java's SchemaIncompatibilityType
	Path    string     // where in the reader's schema, Java's location: "/fields/0/type"
	Message string
	Version int // 1-based position in the history given to Level.Check; 0 from CanRead
}

// ReasonKind is the kind of an incompatibility.
type ReasonKind string

// IncompatibleError says why a schema is refused.
type IncompatibleError struct {
	Level   Level
	Reasons []Reason
}

func (e *IncompatibleError) Error() string { panic("being written") }

// ParseLevel is being written.
func ParseLevel(string) (Level, error) { panic("being written") }

func (l Level) String() string { panic("being written") }

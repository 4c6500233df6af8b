package schemas

import (
	"context"
	"fmt"
	"strings"
)

// Level is a compatibility level of a subject ("Schema Evolution and Compatibility", Confluent
// documentation).
//
//	BACKWARD  the new schema reads data of the old one: upgrade readers first
//	FORWARD   the old schema reads data of the new one: upgrade writers first
//	FULL      both
//
// The old schema is the latest version, and for the transitive levels each version.
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

var levelNames = [...]string{
	None: "NONE", Backward: "BACKWARD", BackwardTransitive: "BACKWARD_TRANSITIVE", Forward: "FORWARD",
	ForwardTransitive: "FORWARD_TRANSITIVE", Full: "FULL", FullTransitive: "FULL_TRANSITIVE",
}

// String returns the level as registries write it, such as "BACKWARD_TRANSITIVE".
func (l Level) String() string {
	if int(l) < len(levelNames) {
		return levelNames[l]
	}
	return fmt.Sprintf("Level(%d)", uint8(l))
}

// ParseLevel parses the name of a level, as registries write it, in upper or lower case.
func ParseLevel(name string) (Level, error) {
	for l, n := range levelNames {
		if strings.EqualFold(n, name) {
			return Level(l), nil
		}
	}
	return 0, fmt.Errorf("schemas: no compatibility level %q: want one of %s", name, strings.Join(levelNames[:], ", "))
}

// MarshalText returns the result of [Level.String].
func (l Level) MarshalText() ([]byte, error) {
	if int(l) >= len(levelNames) {
		return nil, fmt.Errorf("schemas: no compatibility level %d", uint8(l))
	}
	return []byte(l.String()), nil
}

// UnmarshalText parses the level like [ParseLevel].
func (l *Level) UnmarshalText(text []byte) (err error) {
	*l, err = ParseLevel(string(text))
	return err
}

// Transitive reports whether the level includes all versions of the history.
func (l Level) Transitive() bool {
	return l == BackwardTransitive || l == ForwardTransitive || l == FullTransitive
}

// backward and forward report which of the two must read the other's data.
func (l Level) backward() bool {
	return l == Backward || l == BackwardTransitive || l == Full || l == FullTransitive
}

func (l Level) forward() bool {
	return l == Forward || l == ForwardTransitive || l == Full || l == FullTransitive
}

// Check reports whether next may follow history (oldest first) at level l. The error is an
// [*IncompatibleError] with all reasons against all versions that l includes, latest first. Within a
// version, reasons against reading with next precede those against reading with the old schema. The
// error is [ErrTooLarge] if all comparisons together exceed [CompareWork].
func (l Level) Check(next *Schema, history []*Schema) error {
	budget := NewBudget(CompareWork)
	oldest := 0
	if !l.Transitive() {
		oldest = max(len(history)-1, 0)
	}
	var reasons []Reason
	add := func(reader, writer *Schema, version int, oldReads bool) error {
		found, err := budget.compare(context.Background(), reader, writer)
		for _, r := range found {
			r.Version, r.OldReads = version, oldReads
			reasons = append(reasons, r)
		}
		return err
	}
	for i := len(history) - 1; i >= oldest; i-- {
		if l.forward() {
			if err := add(history[i], next, i+1, true); err != nil {
				return err
			}
		}
		if l.backward() {
			if err := add(next, history[i], i+1, false); err != nil {
				return err
			}
		}
	}
	if reasons == nil {
		return nil
	}
	return &IncompatibleError{Level: l, Reasons: reasons}
}

package memory

import (
	"fmt"

	"github.com/kavro/kavro/registry"
)

// An event is one change to what a registry holds. Those that one call makes
// are applied together, and are one record of the log: either all of them
// happened or none.
type event struct {
	Op       op             `json:"op"`
	Subject  string         `json:"subject,omitempty"` // full name; a context's for config and mode, "" for the global ones
	Version  int            `json:"version,omitempty"`
	ID       int            `json:"id,omitempty"`
	Schema   *stored        `json:"schema,omitempty"` // opPut: left out if the context knows the id
	Versions []int          `json:"versions,omitempty"`
	Config   *settings      `json:"config,omitempty"` // opConfig: nil deletes
	Mode     registry.Mode  `json:"mode,omitempty"`   // opMode: "" deletes
	Context  string         `json:"context,omitempty"`
	Assoc    *association   `json:"association,omitempty"`
	GUID     string         `json:"guid,omitempty"` // opDissociate
	MaxIDs   map[string]int `json:"maxIds,omitempty"`
	Time     int64          `json:"ts,omitempty"` // milliseconds since 1970
}

type op string

const (
	opPut         op = "put"          // a version of a subject, with its schema
	opDelete      op = "delete"       // versions, softly
	opDrop        op = "drop"         // versions, for good
	opConfig      op = "config"       // set or delete a configuration
	opMode        op = "mode"         // set or delete a mode
	opContext     op = "context"      // a context came to be
	opDropContext op = "drop-context" // and went
	opAssociate   op = "associate"    // a topic and a subject
	opDissociate  op = "dissociate"
	opMaxIDs      op = "max-ids" // ids up to these were given, if not all are still there
)

// stored is a schema as an event carries it. The meaning is kept with it so
// that starting from a log parses nothing.
type stored struct {
	Type       string               `json:"type"`
	Text       string               `json:"text"`
	References []registry.Reference `json:"references,omitempty"`
	Metadata   *registry.Metadata   `json:"metadata,omitempty"`
	RuleSet    *registry.RuleSet    `json:"ruleSet,omitempty"`
	Semantics  semanticHash         `json:"meaning"`
}

func (s *stored) definition() registry.Definition {
	return registry.Definition{Type: s.Type, Text: s.Text, References: s.References, Metadata: s.Metadata, RuleSet: s.RuleSet}
}

// apply changes s. The error says that the event cannot follow on what s holds:
// only a damaged or foreign log makes such events.
func (s *store) apply(e event) error {
	s.change++
	switch e.Op {
	case opPut:
		return s.put(e)
	case opDelete:
		for _, number := range e.Versions {
			s.deleteVersion(e.Subject, number, e.Time)
		}
	case opDrop:
		for _, number := range e.Versions {
			s.dropVersion(e.Subject, number)
		}
	case opConfig:
		setOrDelete(s.configs, e.Subject, e.Config, e.Config == nil)
	case opMode:
		setOrDelete(s.modes, e.Subject, e.Mode, e.Mode == "")
	case opContext:
		s.list(e.Context, true)
	case opDropContext:
		s.list(e.Context, false)
	case opAssociate:
		if e.Assoc == nil {
			return fmt.Errorf("event %q has no association", e.Op)
		}
		s.associate(e.Assoc)
	case opDissociate:
		s.dissociate(e.GUID)
	case opMaxIDs:
		for name, id := range e.MaxIDs {
			c := s.context(name)
			c.maxID = max(c.maxID, id)
		}
	default:
		return fmt.Errorf("event %q is not known to this version", e.Op)
	}
	return nil
}

func setOrDelete[V any](m map[string]V, key string, value V, remove bool) {
	if remove {
		delete(m, key)
		return
	}
	m[key] = value
}

package registry

import (
	"encoding/json"

	"github.com/kavro/kavro/schemas"
)

// latestVersion stands for the newest version of a subject.
const latestVersion = -1

// avroType is the type of a schema in Avro, and the default.
const avroType = "AVRO"

// Definition is what a registry stores under a version: a text, and what goes
// with it. Two definitions that differ in any of these are two schemas.
type Definition struct {
	Type       string      // "AVRO" if empty; "PROTOBUF" and "JSON" pass through unread
	Text       string      // registered byte for byte, but for comments in Avro
	References []Reference // named types defined under other subjects
	Metadata   *Metadata   // nil: none
	RuleSet    *RuleSet    // nil: none

	parsed *schemas.Schema // of Text, where DefinitionOf made it; nil: to be parsed
}

// DefinitionOf returns the definition of s in one text: byte for byte what s was parsed from,
// or with what it refers to written out. A text that s was parsed from is not parsed again.
func DefinitionOf(s *schemas.Schema) Definition {
	d := Definition{Text: s.SelfContained()}
	if d.Text == s.String() {
		d.parsed = s
	}
	return d
}

// Reference says that Name, a full name used in a text, is defined by a version
// of another subject.
type Reference struct {
	Name    string `json:"name"`
	Subject string `json:"subject"`
	Version int    `json:"version"` // -1: the latest
}

// Metadata is the part of a data contract that describes ("Data Contracts",
// Confluent documentation).
type Metadata struct {
	Tags       map[string][]string `json:"tags,omitempty"`
	Properties map[string]string   `json:"properties,omitempty"`
	Sensitive  []string            `json:"sensitive,omitempty"`
}

// RuleSet is the part of a data contract that acts. kavro runs no rules: it
// keeps them, and serde refuses to write past one that is enabled.
type RuleSet struct {
	MigrationRules []Rule `json:"migrationRules,omitempty"`
	DomainRules    []Rule `json:"domainRules,omitempty"`
	EncodingRules  []Rule `json:"encodingRules,omitempty"`
	EnableAt       string `json:"enableAt,omitempty"`
}

// Rule is one rule of a rule set.
type Rule struct {
	Name      string            `json:"name,omitempty"`
	Doc       string            `json:"doc,omitempty"`
	Kind      string            `json:"kind,omitempty"` // CONDITION or TRANSFORM
	Mode      string            `json:"mode,omitempty"` // WRITE, READ, WRITEREAD, UPGRADE, DOWNGRADE, UPDOWN
	Type      string            `json:"type,omitempty"` // CEL, CEL_FIELD, JSONATA, ENCRYPT, ...
	Tags      []string          `json:"tags,omitempty"`
	Params    map[string]string `json:"params,omitempty"`
	Expr      string            `json:"expr,omitempty"`
	OnSuccess string            `json:"onSuccess,omitempty"`
	OnFailure string            `json:"onFailure,omitempty"`
	Disabled  bool              `json:"disabled,omitempty"`
}

// SubjectSchema is a definition as a registry knows it. It is shared: read it
// only.
type SubjectSchema struct {
	Subject string // with its context, if it has one: ":.ctx:orders-value"
	Version int    // 0 if the registry did not say (some answer only an id)
	ID      int    // of the schema, unique within a context
	GUID    string // of the schema, everywhere; "" if the registry has none
	Deleted bool   // softly
	Definition
	// Schema is the parsed text with its references; nil if Type is not AVRO.
	// It was parsed leniently: a registry may hold what kavro would refuse.
	Schema *schemas.Schema
}

// Config is the configuration of a subject, or the global one. Nil and empty
// fields are not set, and setting a configuration leaves them as they are.
type Config struct {
	Level              *schemas.Level
	Normalize          *bool
	ValidateFields     *bool
	Alias              string    // the subject that this name stands for
	CompatibilityGroup string    // check only against versions with the same value of this metadata property
	DefaultMetadata    *Metadata // laid under the metadata of what is registered
	OverrideMetadata   *Metadata // laid over it
	DefaultRuleSet     *RuleSet
	OverrideRuleSet    *RuleSet
	Raw                json.RawMessage // the registry's whole answer, for what is not above; not sent
}

// SubjectVersion names one version of one subject.
type SubjectVersion struct {
	Subject string `json:"subject"`
	Version int    `json:"version"`
}

// ContextID is an id and the context in which it is one: "." or ".ctx".
type ContextID struct {
	Context string `json:"context"`
	ID      int    `json:"id"`
}

// Mode is what a subject, or the registry, lets clients do.
type Mode string

// The modes.
const (
	ReadWrite        Mode = "READWRITE"
	ReadOnly         Mode = "READONLY"
	ReadOnlyOverride Mode = "READONLY_OVERRIDE"
	Import           Mode = "IMPORT"
	Forward          Mode = "FORWARD"
)

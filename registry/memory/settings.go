package memory

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"

	"github.com/kavro/kavro/internal/subjectname"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
)

// settings is the configuration of a subject, a context, or all of a registry,
// as a registry keeps and answers it. Nil fields and empty strings are not set.
type settings struct {
	Alias               string             `json:"alias,omitempty"`
	AliasForDeks        string             `json:"aliasForDeks,omitempty"`
	Normalize           *bool              `json:"normalize,omitempty"`
	ValidateFields      *bool              `json:"validateFields,omitempty"`
	ValidateNewSchemas  *bool              `json:"validateNewSchemas,omitempty"`
	ValidateRules       *bool              `json:"validateRules,omitempty"`
	Level               string             `json:"compatibilityLevel,omitempty"` // upper case
	CompatibilityPolicy string             `json:"compatibilityPolicy,omitempty"`
	CompatibilityGroup  string             `json:"compatibilityGroup,omitempty"`
	DefaultMetadata     *registry.Metadata `json:"defaultMetadata,omitempty"`
	OverrideMetadata    *registry.Metadata `json:"overrideMetadata,omitempty"`
	DefaultRuleSet      *registry.RuleSet  `json:"defaultRuleSet,omitempty"`
	OverrideRuleSet     *registry.RuleSet  `json:"overrideRuleSet,omitempty"`
}

// settingsUpdate is a request to change settings: what is absent stays, what is
// null goes. A level goes by another name here than in settings.
type settingsUpdate struct {
	Alias               optional[string]            `json:"alias"`
	AliasForDeks        optional[string]            `json:"aliasForDeks"`
	Normalize           optional[bool]              `json:"normalize"`
	ValidateFields      optional[bool]              `json:"validateFields"`
	ValidateNewSchemas  optional[bool]              `json:"validateNewSchemas"`
	ValidateRules       optional[bool]              `json:"validateRules"`
	Level               optional[string]            `json:"compatibility"`
	CompatibilityPolicy optional[string]            `json:"compatibilityPolicy"`
	CompatibilityGroup  optional[string]            `json:"compatibilityGroup"`
	DefaultMetadata     optional[registry.Metadata] `json:"defaultMetadata"`
	OverrideMetadata    optional[registry.Metadata] `json:"overrideMetadata"`
	DefaultRuleSet      optional[registry.RuleSet]  `json:"defaultRuleSet"`
	OverrideRuleSet     optional[registry.RuleSet]  `json:"overrideRuleSet"`
}

// optional is a JSON value that may be absent, null, or there.
type optional[T any] struct {
	given bool
	value *T // nil: null
}

// Wrapped is for package exactjson.
func (o *optional[T]) Wrapped() reflect.Type { return reflect.TypeFor[T]() }

func (o *optional[T]) UnmarshalJSON(text []byte) error {
	o.given = true
	return json.Unmarshal(text, &o.value)
}

// some is a value to set; nil leaves what is there.
func some[T any](value *T) optional[T] { return optional[T]{given: value != nil, value: value} }

// someText is a text to set; "" leaves what is there.
func someText(s string) optional[string] {
	if s == "" {
		return optional[string]{}
	}
	return some(&s)
}

func (o optional[T]) over(old *T) *T {
	if !o.given {
		return old
	}
	return o.value
}

func textOver(o optional[string], old string) string {
	if !o.given {
		return old
	}
	if o.value == nil {
		return ""
	}
	return *o.value
}

// check returns u with its sets sorted and its names in upper case, or says what
// is not valid.
func (u settingsUpdate) check() (settingsUpdate, error) {
	for _, d := range []registry.Definition{
		{Text: textOver(u.Alias, ""), Metadata: u.DefaultMetadata.value, RuleSet: u.DefaultRuleSet.value},
		{Text: textOver(u.CompatibilityGroup, ""), Metadata: u.OverrideMetadata.value, RuleSet: u.OverrideRuleSet.value},
		{Text: textOver(u.AliasForDeks, "")},
	} {
		if !isText(d) {
			return u, invalid(http.StatusUnprocessableEntity, "A text in the configuration is not valid UTF-8")
		}
	}
	for _, name := range []optional[string]{u.Alias, u.AliasForDeks, u.CompatibilityGroup} {
		if text := textOver(name, ""); !subjectname.ValidConfig(text) {
			return u, errInvalidSubject(text[:min(len(text), subjectname.MaxLen)])
		}
	}
	if u.Level.value != nil {
		level, err := schemas.ParseLevel(*u.Level.value)
		if err != nil {
			return u, errInvalidLevel()
		}
		u.Level = someText(level.String())
	}
	if u.CompatibilityPolicy.value != nil {
		// A policy that does not exist is none, without an error.
		switch policy := strings.ToUpper(*u.CompatibilityPolicy.value); policy {
		case "STRICT", "LENIENT", "LOGICAL":
			u.CompatibilityPolicy.value = &policy
		default:
			u.CompatibilityPolicy.value = nil
		}
	}
	for _, set := range []*optional[registry.RuleSet]{&u.DefaultRuleSet, &u.OverrideRuleSet} {
		if err := checkRuleSet(set.value); err != nil {
			return u, err
		}
		set.value = completeRuleSet(set.value)
	}
	u.DefaultMetadata.value = completeMetadata(u.DefaultMetadata.value)
	u.OverrideMetadata.value = completeMetadata(u.OverrideMetadata.value)
	return u, nil
}

// updated is old, nil if there is none, with u laid over it.
func (u settingsUpdate) updated(old *settings) *settings {
	if old == nil {
		old = &settings{}
	}
	return &settings{
		Alias:               textOver(u.Alias, old.Alias),
		AliasForDeks:        textOver(u.AliasForDeks, old.AliasForDeks),
		Normalize:           u.Normalize.over(old.Normalize),
		ValidateFields:      u.ValidateFields.over(old.ValidateFields),
		ValidateNewSchemas:  u.ValidateNewSchemas.over(old.ValidateNewSchemas),
		ValidateRules:       u.ValidateRules.over(old.ValidateRules),
		Level:               textOver(u.Level, old.Level),
		CompatibilityPolicy: textOver(u.CompatibilityPolicy, old.CompatibilityPolicy),
		CompatibilityGroup:  textOver(u.CompatibilityGroup, old.CompatibilityGroup),
		DefaultMetadata:     u.DefaultMetadata.over(old.DefaultMetadata),
		OverrideMetadata:    u.OverrideMetadata.over(old.OverrideMetadata),
		DefaultRuleSet:      u.DefaultRuleSet.over(old.DefaultRuleSet),
		OverrideRuleSet:     u.OverrideRuleSet.over(old.OverrideRuleSet),
	}
}

// size is how much s says, in bytes.
func (s *settings) size() int {
	return sizeOf(registry.Definition{Metadata: s.DefaultMetadata, RuleSet: s.DefaultRuleSet}) +
		sizeOf(registry.Definition{Metadata: s.OverrideMetadata, RuleSet: s.OverrideRuleSet})
}

// withLevel is s with a level: its own or, if it has none, level.
func (s *settings) withLevel(level string) *settings {
	if s.Level != "" {
		return s
	}
	out := *s
	out.Level = level
	return &out
}

// under is s where it says something, and what global says of the things that
// subjects inherit.
func (s *settings) under(global *settings) *settings {
	out := *s
	inherit := func(own **bool, from *bool) {
		if *own == nil {
			*own = from
		}
	}
	inherit(&out.Normalize, global.Normalize)
	inherit(&out.ValidateFields, global.ValidateFields)
	inherit(&out.ValidateNewSchemas, global.ValidateNewSchemas)
	inherit(&out.ValidateRules, global.ValidateRules)
	if out.CompatibilityPolicy == "" {
		out.CompatibilityPolicy = global.CompatibilityPolicy
	}
	if out.CompatibilityGroup == "" {
		out.CompatibilityGroup = global.CompatibilityGroup
	}
	return &out
}

func (s *settings) normalize() bool      { return s.Normalize != nil && *s.Normalize }
func (s *settings) validateFields() bool { return s.ValidateFields != nil && *s.ValidateFields }
func (s *settings) validateNew() bool    { return s.ValidateNewSchemas == nil || *s.ValidateNewSchemas }

// fillsIn reports whether s adds to the metadata or rule set of what is registered.
func (s *settings) fillsIn() bool {
	return s.DefaultMetadata != nil || s.OverrideMetadata != nil || s.DefaultRuleSet != nil || s.OverrideRuleSet != nil
}

// config is s as callers see it.
func (s *settings) config() registry.Config {
	raw, _ := json.Marshal(s) // of strings and bools: cannot fail
	c := registry.Config{
		Normalize:          s.Normalize,
		ValidateFields:     s.ValidateFields,
		Alias:              s.Alias,
		CompatibilityGroup: s.CompatibilityGroup,
		DefaultMetadata:    s.DefaultMetadata,
		OverrideMetadata:   s.OverrideMetadata,
		DefaultRuleSet:     s.DefaultRuleSet,
		OverrideRuleSet:    s.OverrideRuleSet,
		Raw:                raw,
	}
	if level, err := schemas.ParseLevel(s.Level); err == nil {
		c.Level = &level
	}
	return c
}

// updateOf is what c asks to change.
func updateOf(c registry.Config) settingsUpdate {
	u := settingsUpdate{
		Alias:              someText(c.Alias),
		Normalize:          some(c.Normalize),
		ValidateFields:     some(c.ValidateFields),
		CompatibilityGroup: someText(c.CompatibilityGroup),
		DefaultMetadata:    some(c.DefaultMetadata),
		OverrideMetadata:   some(c.OverrideMetadata),
		DefaultRuleSet:     some(c.DefaultRuleSet),
		OverrideRuleSet:    some(c.OverrideRuleSet),
	}
	if c.Level != nil {
		u.Level = someText(c.Level.String())
	}
	return u
}

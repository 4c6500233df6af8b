package memory

import (
	"crypto/md5"
	"encoding/binary"
	"hash"
	"maps"
	"slices"

	"github.com/kavro/kavro/internal/schemaguid"
	"github.com/kavro/kavro/registry"
)

// Which schemas are one, to a registry: those whose MD5 over the printed text,
// references, metadata and rule set is the same. The same sixteen bytes are the
// GUID, so anybody who knows a definition as the registry prints it can compute
// its GUID. What is hashed, in this order and with nothing between:
//
//	text         UTF-8
//	references   name, subject, version as four bytes, big-endian
//	metadata     01, then tags (key, its values), properties (key, value), sensitive
//	rule set     01, then migration, domain and encoding rules, then enableAt
//	rule         name, doc, kind, mode, type, tags, params (key, value), expr,
//	             onSuccess, onFailure, and 01 if disabled
//
// Keys, tags and sensitive names come sorted and once each; a rule without a
// kind is a TRANSFORM, without a mode WRITEREAD.

// GUID returns the identifier that a Confluent registry gives to d, in the form
// "fc1cedf8-f2f7-82f5-ff54-61c27351efe4". d.Text must be as the registry prints
// it, and d.References as it resolved them (no version -1): what Register
// answers with, not always what was sent.
func GUID(d registry.Definition) string { return schemaguid.Format(identityOf(d)) }

func identityOf(d registry.Definition) (id [16]byte) {
	h := md5.New()
	write(h, d.Text)
	for _, r := range d.References {
		write(h, r.Name, r.Subject)
		var version [4]byte
		binary.BigEndian.PutUint32(version[:], uint32(r.Version))
		h.Write(version[:])
	}
	if d.Metadata != nil {
		h.Write([]byte{1})
		hashMetadata(h, d.Metadata)
	}
	if d.RuleSet != nil {
		h.Write([]byte{1})
		for _, rules := range [][]registry.Rule{d.RuleSet.MigrationRules, d.RuleSet.DomainRules, d.RuleSet.EncodingRules} {
			for _, r := range rules {
				hashRule(h, r)
			}
		}
		write(h, d.RuleSet.EnableAt)
	}
	h.Sum(id[:0])
	return id
}

func hashMetadata(h hash.Hash, m *registry.Metadata) {
	for _, key := range sortedNames(m.Tags) {
		write(h, key)
		write(h, sortedSet(m.Tags[key])...)
	}
	for _, key := range sortedNames(m.Properties) {
		write(h, key, m.Properties[key])
	}
	write(h, sortedSet(m.Sensitive)...)
}

func hashRule(h hash.Hash, r registry.Rule) {
	r = completeRule(r)
	write(h, r.Name, r.Doc, r.Kind, r.Mode, r.Type)
	write(h, r.Tags...)
	for _, key := range sortedNames(r.Params) {
		write(h, key, r.Params[key])
	}
	write(h, r.Expr, r.OnSuccess, r.OnFailure)
	if r.Disabled {
		h.Write([]byte{1})
	}
}

func write(h hash.Hash, parts ...string) {
	for _, s := range parts {
		h.Write([]byte(s))
	}
}

// completeRule is r as a registry keeps it: kind and mode written out, tags
// sorted.
func completeRule(r registry.Rule) registry.Rule {
	if r.Kind == "" {
		r.Kind = "TRANSFORM"
	}
	if r.Mode == "" {
		r.Mode = "WRITEREAD"
	}
	r.Tags = sortedSet(r.Tags)
	r.Params = maps.Clone(r.Params)
	return r
}

// completeRuleSet is a copy of s as a registry keeps it.
func completeRuleSet(s *registry.RuleSet) *registry.RuleSet {
	if s == nil {
		return nil
	}
	complete := func(rules []registry.Rule) []registry.Rule {
		var out []registry.Rule
		for _, r := range rules {
			out = append(out, completeRule(r))
		}
		return out
	}
	return &registry.RuleSet{
		MigrationRules: complete(s.MigrationRules),
		DomainRules:    complete(s.DomainRules),
		EncodingRules:  complete(s.EncodingRules),
		EnableAt:       s.EnableAt,
	}
}

// completeMetadata is a copy of m as a registry keeps it: sets sorted.
func completeMetadata(m *registry.Metadata) *registry.Metadata {
	if m == nil {
		return nil
	}
	out := &registry.Metadata{Properties: maps.Clone(m.Properties), Sensitive: sortedSet(m.Sensitive)}
	for key, tags := range m.Tags {
		if out.Tags == nil {
			out.Tags = make(map[string][]string, len(m.Tags))
		}
		out.Tags[key] = sortedSet(tags)
	}
	return out
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// sortedSet is a sorted copy of s without repetitions; nil if s is empty.
func sortedSet(s []string) []string {
	if len(s) == 0 {
		return nil
	}
	out := slices.Sorted(slices.Values(s))
	return slices.Compact(out)
}

package memory

import (
	"iter"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kavro/kavro/registry"
)

// Metadata and rule sets: how a registry checks them, takes them over from one
// version to the next, and compares them.

// confluentVersionProperty is where a registry writes the version into the
// metadata of who asks for one.
const confluentVersionProperty = "confluent:version"

// mergeData completes d's metadata and rule set: d's own, or else the previous
// version's, over the configured defaults and under the configured overrides.
func mergeData(conf *settings, d *registry.Definition, previous *registry.Definition) {
	if previous != nil {
		if d.Metadata == nil {
			d.Metadata = previous.Metadata
		}
		if d.RuleSet == nil {
			d.RuleSet = previous.RuleSet
		}
	}
	d.Metadata = mergeMetadata(mergeMetadata(conf.DefaultMetadata, d.Metadata), conf.OverrideMetadata)
	d.RuleSet = mergeRuleSets(mergeRuleSets(conf.DefaultRuleSet, d.RuleSet), conf.OverrideRuleSet)
}

// mergeMetadata lays over on under. Neither is changed; either may be nil.
func mergeMetadata(under, over *registry.Metadata) *registry.Metadata {
	if under == nil {
		return over
	}
	if over == nil {
		return under
	}
	return &registry.Metadata{
		Tags:       mergeMaps(under.Tags, over.Tags),
		Properties: mergeMaps(under.Properties, over.Properties),
		Sensitive:  sortedSet(slices.Concat(under.Sensitive, over.Sensitive)),
	}
}

func mergeMaps[V any](under, over map[string]V) map[string]V {
	if len(under) == 0 {
		return over
	}
	out := maps.Clone(under)
	maps.Copy(out, over)
	return out
}

// mergeRuleSets lays over on under: rules of the same name replace each other.
func mergeRuleSets(under, over *registry.RuleSet) *registry.RuleSet {
	if under == nil {
		return over
	}
	if over == nil {
		return under
	}
	out := &registry.RuleSet{
		MigrationRules: mergeRules(under.MigrationRules, over.MigrationRules),
		DomainRules:    mergeRules(under.DomainRules, over.DomainRules),
		EncodingRules:  mergeRules(under.EncodingRules, over.EncodingRules),
		EnableAt:       over.EnableAt,
	}
	if out.EnableAt == "" {
		out.EnableAt = under.EnableAt
	}
	return out
}

func mergeRules(under, over []registry.Rule) []registry.Rule {
	replaced := make(map[string]bool, len(over))
	for _, r := range over {
		replaced[r.Name] = true
	}
	kept := slices.DeleteFunc(slices.Clone(under), func(r registry.Rule) bool { return replaced[r.Name] })
	return append(kept, over...)
}

func confluentVersion(m *registry.Metadata) string {
	if m == nil {
		return ""
	}
	return m.Properties[confluentVersionProperty]
}

// sameData reports whether metadata and rule set of d are those of stored, which
// is version number of its subject. The version in the metadata does not count
// if only one of them has it, and that of d, if it is d, is right.
func sameData(d, stored registry.Definition, number int) bool {
	if !sameRuleSet(d.RuleSet, stored.RuleSet) {
		return false
	}
	asked, err1 := strconv.Atoi(confluentVersion(d.Metadata))
	_, err2 := strconv.Atoi(confluentVersion(stored.Metadata))
	switch {
	case err1 != nil && err2 == nil:
		return sameMetadata(orEmpty(d.Metadata), withoutVersion(stored.Metadata))
	case err1 == nil && err2 != nil:
		return asked == number && sameMetadata(withoutVersion(d.Metadata), orEmpty(stored.Metadata))
	}
	return sameMetadata(d.Metadata, stored.Metadata)
}

func orEmpty(m *registry.Metadata) *registry.Metadata {
	if m == nil {
		return &registry.Metadata{}
	}
	return m
}

func withoutVersion(m *registry.Metadata) *registry.Metadata {
	out := *m
	out.Properties = maps.Clone(m.Properties)
	delete(out.Properties, confluentVersionProperty)
	return &out
}

// sameMetadata compares metadata whose sets are sorted.
func sameMetadata(a, b *registry.Metadata) bool {
	if a == nil || b == nil {
		return a == b
	}
	return maps.EqualFunc(a.Tags, b.Tags, slices.Equal[[]string]) &&
		maps.Equal(a.Properties, b.Properties) && slices.Equal(a.Sensitive, b.Sensitive)
}

// sameRuleSet compares rule sets that are complete.
func sameRuleSet(a, b *registry.RuleSet) bool {
	if a == nil || b == nil {
		return a == b
	}
	same := func(a, b []registry.Rule) bool {
		return slices.EqualFunc(a, b, func(a, b registry.Rule) bool {
			if len(a.Params) == 0 && len(b.Params) == 0 {
				a.Params, b.Params = nil, nil
			}
			return reflect.DeepEqual(a, b)
		})
	}
	return a.EnableAt == b.EnableAt && same(a.MigrationRules, b.MigrationRules) &&
		same(a.DomainRules, b.DomainRules) && same(a.EncodingRules, b.EncodingRules)
}

// checkRuleSet reports what a registry does not accept in a rule set.
func checkRuleSet(s *registry.RuleSet) error {
	if s == nil {
		return nil
	}
	names := map[string]bool{}
	for _, phase := range []struct {
		rules []registry.Rule
		modes []string
		bad   string
	}{
		{s.MigrationRules, []string{"UPGRADE", "DOWNGRADE", "UPDOWN"}, "Migration rules can only be UPGRADE, DOWNGRADE, UPDOWN"},
		{s.DomainRules, []string{"WRITE", "READ", "WRITEREAD"}, "Domain rules can only be WRITE, READ, WRITEREAD"},
		{s.EncodingRules, []string{"WRITE", "READ", "WRITEREAD"}, "Encoding rules can only be WRITE, READ, WRITEREAD"},
	} {
		for _, r := range phase.rules {
			r = completeRule(r)
			if names[r.Name] {
				return errInvalidRuleSet("Found rule with duplicate name '" + r.Name + "'")
			}
			names[r.Name] = true
			if err := checkRule(r); err != nil {
				return err
			}
			if !slices.Contains(phase.modes, r.Mode) {
				return errInvalidRuleSet(phase.bad)
			}
		}
	}
	return nil
}

const maxRuleName = 256 // characters

func checkRule(r registry.Rule) error {
	letter := func(c rune) bool { return unicode.IsLetter(c) || c == '_' }
	other := func(c rune) bool { return letter(c) || unicode.IsDigit(c) || c == '-' }
	name := []rune(r.Name)
	several := func(actions string) bool {
		return strings.Contains(actions, ",") && r.Mode != "WRITEREAD" && r.Mode != "UPDOWN"
	}
	switch {
	case r.Name == "":
		return errInvalidRuleSet("Missing rule name")
	case len(name) > maxRuleName:
		return errInvalidRuleSet("Rule name too long")
	case !letter(name[0]):
		return errInvalidRuleSet("Illegal initial character in rule name: " + r.Name)
	case slices.ContainsFunc(name[1:], func(c rune) bool { return !other(c) }):
		return errInvalidRuleSet("Illegal character in rule name: " + r.Name)
	case r.Type == "":
		return errInvalidRuleSet("Missing rule type")
	case r.Kind != "CONDITION" && r.Kind != "TRANSFORM":
		return errInvalidRuleSet("Unknown rule kind: " + r.Kind)
	case several(r.OnSuccess), several(r.OnFailure):
		return errInvalidRuleSet("Multiple actions only valid with WRITEREAD and UPDOWN")
	}
	return nil
}

// allTexts yields all that a definition says, for those who count or check it.
func allTexts(d registry.Definition) iter.Seq[string] {
	return func(yield func(string) bool) {
		if !yield(d.Type) || !yield(d.Text) {
			return
		}
		for _, r := range d.References {
			if !yield(r.Name) || !yield(r.Subject) {
				return
			}
		}
		if m := d.Metadata; m != nil {
			for key, tags := range m.Tags {
				if !yield(key) || !yieldAll(tags, yield) {
					return
				}
			}
			if !yieldPairs(m.Properties, yield) || !yieldAll(m.Sensitive, yield) {
				return
			}
		}
		if d.RuleSet == nil || !yield(d.RuleSet.EnableAt) {
			return
		}
		for _, r := range slices.Concat(d.RuleSet.MigrationRules, d.RuleSet.DomainRules, d.RuleSet.EncodingRules) {
			fields := []string{r.Name, r.Doc, r.Kind, r.Mode, r.Type, r.Expr, r.OnSuccess, r.OnFailure}
			if !yieldAll(fields, yield) || !yieldAll(r.Tags, yield) || !yieldPairs(r.Params, yield) {
				return
			}
		}
	}
}

func yieldAll(list []string, yield func(string) bool) bool {
	return !slices.ContainsFunc(list, func(s string) bool { return !yield(s) })
}

func yieldPairs(m map[string]string, yield func(string) bool) bool {
	for key, value := range m {
		if !yield(key) || !yield(value) {
			return false
		}
	}
	return true
}

// isText reports whether all that d says is valid UTF-8. Nothing else can travel
// in JSON.
func isText(d registry.Definition) bool {
	for s := range allTexts(d) {
		if !utf8.ValidString(s) {
			return false
		}
	}
	return true
}

// sizeOf is how much d says, in bytes, with what is around references and rules in JSON.
func sizeOf(d registry.Definition) (n int) {
	for s := range allTexts(d) {
		n += len(s)
	}
	n += len(`{"name":,"subject":,"version":1},`) * len(d.References)
	if s := d.RuleSet; s != nil {
		n += len(`{"name":,"kind":,"mode":,"type":,"disabled":false},`) * (len(s.MigrationRules) + len(s.DomainRules) + len(s.EncodingRules))
	}
	return n
}

package serde

import "github.com/kavro/kavro/registry"

// checkRules returns a *RuleError for the first rule of set that is enabled for clients in the given
// direction ("Data Contracts", Confluent documentation: clients run a set whose enableAt is ALL,
// CLIENT or empty). Migration rules are ignored: clients run them only between pinned versions,
// which kavro resolves by Avro's schema resolution.
func checkRules(set *registry.RuleSet, write bool) error {
	if set == nil || (set.EnableAt != "" && set.EnableAt != "ALL" && set.EnableAt != "CLIENT") {
		return nil
	}
	if err := checkRuleList("domainRules", set.DomainRules, write); err != nil {
		return err
	}
	return checkRuleList("encodingRules", set.EncodingRules, write)
}

func checkRuleList(name string, rules []registry.Rule, write bool) error {
	for _, r := range rules {
		if r.Disabled || !acts(r.Mode, write) {
			continue
		}
		return &RuleError{Rule: r.Name, Type: r.Type, Mode: r.Mode, Set: name}
	}
	return nil
}

// acts reports whether a rule's mode covers the direction. An unknown or empty
// mode covers both: what cannot be understood is not passed over.
func acts(mode string, write bool) bool {
	switch mode {
	case "READ":
		return !write
	case "WRITE":
		return write
	default:
		return true
	}
}

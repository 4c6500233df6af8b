package memory

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/kavro/kavro/internal/subjectname"
	"github.com/kavro/kavro/registry"
)

// idOf reads the id in the path. What is not a number is a path that does not
// exist.
func (r *request) idOf() (int, error) {
	id, err := strconv.ParseInt(r.args[0], 10, 32)
	if err != nil {
		return 0, errNoSuchPath()
	}
	return int(id), nil
}

// querySubject is the subject that a parameter names.
func (r *request) querySubject() string { return r.inContextOfPath(r.values.Get("subject")) }

func getSchemaByID(r *request) (answer, error) {
	id, err := r.idOf()
	if err != nil {
		return answer{}, err
	}
	v, err := r.versionByID(r.Context(), r.querySubject(), id)
	if err != nil {
		return answer{}, err
	}
	plain := r.values == nil || !r.values.Has("format") && !r.values.Has("referenceFormat") && !r.flag("fetchMaxId")
	if plain && !r.settings.basic {
		return ok(v.encoded(true)), nil
	}
	a := bodyOf(v)
	a.ID = nil
	if a.Schema, err = r.formatted(v, r.values.Get("format")); err != nil {
		return answer{}, err
	}
	if r.flag("fetchMaxId") {
		a.MaxID = r.maxID(v)
	}
	r.qualifyReferences(a)
	if r.settings.basic {
		a.Subject, a.Version = "", 0
	}
	return ok(r.basic(a)), nil
}

func getTextByID(r *request) (answer, error) {
	id, err := r.idOf()
	if err != nil {
		return answer{}, err
	}
	v, err := r.versionByID(r.Context(), r.querySubject(), id)
	if err != nil {
		// The one place where an id that does not exist is an internal error.
		return answer{}, errHTTP(http.StatusInternalServerError, "Internal Server Error")
	}
	text, err := r.formatted(v, r.values.Get("format"))
	return ok([]byte(text)), err
}

func listSubjectsByID(r *request) (answer, error) {
	versions, err := versionsByID(r)
	if err != nil {
		return answer{}, err
	}
	names := []string{}
	for _, v := range versions {
		names = append(names, v.Subject)
	}
	return ok(names), nil
}

func listVersionsByID(r *request) (answer, error) {
	versions, err := versionsByID(r)
	return ok(list(versions)), err
}

func versionsByID(r *request) ([]registry.SubjectVersion, error) {
	id, err := r.idOf()
	if err != nil {
		return nil, err
	}
	c, err := r.call()
	if err != nil {
		return nil, err
	}
	return r.VersionsByID(r.Context(), r.querySubject(), id, func(to *registry.Call) { *to = c })
}

func getSchemaByGUID(r *request) (answer, error) {
	v, err := r.versionByGUID(r.Context(), r.args[0])
	if err != nil {
		return answer{}, err
	}
	a := bodyOf(v)
	a.ID, a.Subject, a.Version = nil, "", 0
	if a.Schema, err = r.formatted(v, r.values.Get("format")); err != nil {
		return answer{}, err
	}
	return ok(a), nil
}

func listIDsByGUID(r *request) (answer, error) {
	ids, err := r.IDsByGUID(r.Context(), r.args[0])
	return ok(list(ids)), err
}

func listTypes(r *request) (answer, error) {
	types, err := r.Types(r.Context())
	return ok(types), err
}

func listSchemas(r *request) (answer, error) {
	c, err := r.call()
	if err != nil {
		return answer{}, err
	}
	filter := associationFilter{parts: r.values["associationType"]}
	lifecycles := r.values["lifecycle"]
	pageAsked := c
	c.Offset, c.Limit = 0, -1 // what is left after filtering is paged
	versions, err := r.schemasWith(r.Context(), r.inContextOfPath(r.values.Get("subjectPrefix")), c)
	if err != nil {
		return answer{}, err
	}
	aliases := map[string][]string{}
	if r.flag("aliases") {
		versions, aliases = r.withAliases(versions, c)
	}
	filtered := len(filter.parts) > 0 || len(lifecycles) > 0 || r.values.Has("resourceType")
	answers := []*schemaBody{}
	pageAsked.Limit = atMost(pageAsked.Limit, maxSchemas)
	for _, v := range versions {
		if len(answers) >= max(pageAsked.Offset, 0)+pageAsked.Limit {
			break // what follows is not on the page
		}
		if err := r.Context().Err(); err != nil {
			return answer{}, err
		}
		if t := r.values.Get("ruleType"); t != "" && !hasRuleOfType(v.entry.definition.RuleSet, t) {
			continue
		}
		a := bodyOf(v)
		a.Aliases = aliases[v.subject]
		if filtered {
			filter.subject = v.subject
			all, err := r.findAssociations(r.Context(), filter)
			if err != nil {
				return answer{}, err
			}
			kept := slices.DeleteFunc(slices.Clone(all), func(a *association) bool {
				return len(lifecycles) > 0 && !slices.Contains(lifecycles, a.Lifecycle)
			})
			if len(kept) == 0 && (len(all) > 0 || !slices.Contains(lifecycles, "NONE")) {
				continue
			}
			a.Associations = kept
		}
		answers = append(answers, r.basic(a))
	}
	return ok(schemaList(page(answers, pageAsked))), nil
}

// withAliases adds the versions of the subjects that aliases among the prefix
// stand for, and says which aliases those are.
func (r *request) withAliases(versions []*version, c registry.Call) ([]*version, map[string][]string) {
	aliases := map[string][]string{}
	r.read(func(s *store) {
		matches := subjectname.MatchPrefix(r.inContextOfPath(r.values.Get("subjectPrefix")))
		for _, name := range sortedNames(s.configs) {
			if q := subjectname.Split(name); s.configs[name].Alias != "" && q.Name != "" && matches(q) {
				target := s.target(name).String()
				aliases[target] = append(aliases[target], name)
			}
		}
		for _, target := range sortedNames(aliases) {
			if matches(subjectname.Split(target)) {
				continue // there already
			}
			all := slices.DeleteFunc(slices.Clone(s.versionsOf(subjectname.Split(target))), func(v *version) bool { return !shows(c, v.deleted) })
			if c.LatestOnly && len(all) > 1 {
				all = all[len(all)-1:]
			}
			versions = append(versions, all...)
		}
	})
	return versions, aliases
}

func hasRuleOfType(s *registry.RuleSet, typ string) bool {
	if s == nil {
		return false
	}
	return slices.ContainsFunc(slices.Concat(s.MigrationRules, s.DomainRules, s.EncodingRules), func(r registry.Rule) bool { return r.Type == typ })
}

package memory

import (
	"strings"

	"github.com/kavro/kavro/internal/subjectname"
	"github.com/kavro/kavro/registry"
)

func listSubjects(r *request) (answer, error) {
	c, err := r.call()
	if err != nil {
		return answer{}, err
	}
	prefix := subjectname.AnyContext
	if r.values.Has("subjectPrefix") || r.context != "" {
		prefix = r.inContextOfPath(r.values.Get("subjectPrefix"))
	}
	names, err := r.subjectsWith(r.Context(), prefix, c)
	return ok(list(names)), err
}

func lookUpSchema(r *request) (answer, error) {
	c, err := r.call()
	if err != nil {
		return answer{}, err
	}
	var body registerRequest
	if err := readBody(r.writer, r.Request, r.settings.maxBody, &body); err != nil {
		return answer{}, err
	}
	v, err := r.lookup(r.Context(), r.subject(), body.definition(), c)
	if err != nil {
		return answer{}, err
	}
	a := lookupBody(v)
	if a.Schema, err = r.formatted(v, c.Format); err != nil {
		return answer{}, err
	}
	return ok(r.basic(a)), nil
}

func registerSchema(r *request) (answer, error) {
	c, err := r.call()
	if err != nil {
		return answer{}, err
	}
	var body registerRequest
	if err := readBody(r.writer, r.Request, r.settings.maxBody, &body); err != nil {
		return answer{}, err
	}
	reg := body.registration(c.Normalize)
	reg.force = c.Force
	v, err := r.register(r.Context(), r.subject(), reg)
	if err != nil {
		return answer{}, err
	}
	if r.settings.basic {
		return ok(map[string]int{"id": v.entry.ID}), nil
	}
	a := registerBody(v)
	if a.Schema, err = r.formatted(v, c.Format); err != nil {
		return answer{}, err
	}
	return ok(a), nil
}

func deleteSubject(r *request) (answer, error) {
	numbers, err := r.DeleteSubject(r.Context(), r.subject(), when(r.flag("permanent"), registry.Permanent()))
	return ok(list(numbers)), err
}

// when is opt if it is asked for.
func when(asked bool, opt registry.CallOption) registry.CallOption {
	if !asked {
		return nil
	}
	return opt
}

func getLatestWithMetadata(r *request) (answer, error) {
	c, err := r.call()
	if err != nil {
		return answer{}, err
	}
	properties := map[string]string{}
	keys, values := r.values["key"], r.values["value"]
	for i := range min(len(keys), len(values)) {
		properties[keys[i]] = values[i]
	}
	v, err := r.latestWithMetadata(r.Context(), r.subject(), properties, c.Deleted)
	if err != nil {
		return answer{}, err
	}
	a := bodyOf(v)
	if a.Schema, err = r.formatted(v, c.Format); err != nil {
		return answer{}, err
	}
	return ok(r.basic(a)), nil
}

func listVersions(r *request) (answer, error) {
	c, err := r.call()
	if err != nil {
		return answer{}, err
	}
	if r.flag("deletedAsNegative") {
		return listVersionsSigned(r, c)
	}
	numbers, err := r.Versions(r.Context(), r.subject(), func(to *registry.Call) { *to = c })
	return ok(list(numbers)), err
}

// listVersionsSigned lists all versions, softly deleted ones below zero.
func listVersionsSigned(r *request, c registry.Call) (answer, error) {
	if _, err := r.Versions(r.Context(), r.subject(), func(to *registry.Call) { *to = c }); err != nil {
		return answer{}, err // the subject must exist as far as c looks
	}
	var numbers []int
	r.read(func(s *store) {
		for _, v := range s.versionsOf(s.target(r.subject())) {
			n := v.number
			if v.deleted {
				n = -n
			}
			numbers = append(numbers, n)
		}
	})
	return ok(list(page(numbers, c))), nil
}

// version returns the version that the path names.
func (r *request) version(deleted bool) (*version, error) {
	number, err := versionNumber(r.args[1])
	if err != nil {
		return nil, err
	}
	return r.versionOf(r.Context(), r.subject(), number, deleted)
}

func getVersion(r *request) (answer, error) {
	v, err := r.version(r.flag("deleted"))
	if err != nil {
		return answer{}, err
	}
	format := r.values.Get("format")
	if format == "" && !r.values.Has("referenceFormat") && !r.settings.basic {
		return ok(v.encoded(false)), nil
	}
	a := bodyOf(v)
	if a.Schema, err = r.formatted(v, format); err != nil {
		return answer{}, err
	}
	r.qualifyReferences(a)
	return ok(r.basic(a)), nil
}

// encoded returns the answer about v, made once; with or without its id.
func (v *version) encoded(byID bool) []byte {
	to := &v.answer
	if byID {
		to = &v.answerByID
	}
	if text := to.Load(); text != nil {
		return *text
	}
	a := bodyOf(v)
	if byID {
		a.ID = nil
	}
	text := encode(a)
	to.Store(&text)
	return text
}

func getVersionText(r *request) (answer, error) {
	v, err := r.version(r.flag("deleted"))
	if err != nil {
		return answer{}, err
	}
	text, err := r.formatted(v, r.values.Get("format"))
	return ok([]byte(text)), err
}

// formatted is the text of v in another format; what is not known is the text as
// it was registered. The error says that the call has ended or would take too much.
func (r *request) formatted(v *version, format string) (string, error) {
	if format == formatResolved {
		w := r.work(r.Context())
		defer w.end()
		parsed := v.entry.parsed.Load()
		var err error
		if parsed == nil {
			parsed, err = r.schemaOf(w, v.entry)
		}
		switch {
		case w.stops(err):
			return "", err
		case parsed != nil:
			return parsed.PrintResolved(), nil
		}
	}
	return v.entry.definition.Text, nil
}

// qualifyReferences writes the context into references, if it is asked for.
func (r *request) qualifyReferences(a *schemaBody) {
	q := subjectname.Split(a.Subject)
	if r.values.Get("referenceFormat") != "qualified" || q.Context == subjectname.DefaultContext {
		return
	}
	refs := make([]registry.Reference, len(a.References))
	for i, ref := range a.References {
		refs[i] = registry.Reference{Name: ref.Name, Subject: q.Within(ref.Subject), Version: ref.Version}
	}
	a.References = refs
}

// basic is a without what basic registries do not say.
func (r *request) basic(a *schemaBody) *schemaBody {
	if r.settings.basic {
		a.GUID, a.Time, a.Deleted, a.Metadata, a.RuleSet = "", 0, nil, nil, nil
		a.Type = strings.TrimPrefix(a.Type, typeAvro)
	}
	return a
}

func deleteVersion(r *request) (answer, error) {
	number, err := versionNumber(r.args[1])
	if err != nil {
		return answer{}, err
	}
	number, err = r.deleteVersion(r.Context(), r.subject(), number, r.flag("permanent"))
	return ok(number), err
}

func listReferrers(r *request) (answer, error) {
	c, err := r.call()
	if err != nil {
		return answer{}, err
	}
	number, err := versionNumber(r.args[1])
	if err != nil {
		return answer{}, err
	}
	c.Limit = atMost(c.Limit, maxSchemas)
	ids, err := r.ReferencedBy(r.Context(), r.subject(), number, func(to *registry.Call) { *to = c })
	return ok(list(ids)), err
}

// maxSchemas is how many schemas one answer lists.
const maxSchemas = 1000

// atMost is the limit that is asked for, if it is one.
func atMost(asked, most int) int {
	if asked <= 0 || asked > most {
		return most
	}
	return asked
}

package memory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kavro/kavro/internal/subjectname"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
)

// CheckCompatibility reports whether d could be registered under subject, as far
// as the level that is configured goes: against the versions that it asks for, or
// against one version with [registry.Against]. A subject that does not exist has nothing
// to be incompatible with. Options: [registry.Normalize], [registry.Against].
//
// The error is a [*schemas.IncompatibleError] with the reasons, of which Version
// is the subject's, or an [*registry.InvalidError] for a schema that cannot be read, or a
// [*registry.NotFoundError] with code 40402 if the version does not exist.
func (m *Registry) CheckCompatibility(ctx context.Context, subject string, d registry.Definition, opts ...registry.CallOption) error {
	c := registry.NewCall(opts)
	checked, err := m.checkCompatibility(ctx, subject, newRegistration(d, c), c.Against)
	if err != nil || len(checked.messages) == 0 {
		return err
	}
	if checked.reasons == nil {
		return conflict(40901, "%s", checked.list())
	}
	return checked.reasons
}

// checkCompatibility checks r against one version, 0 for those that the level
// asks for.
func (m *Registry) checkCompatibility(ctx context.Context, subject string, r registration, against int) (checked check, err error) {
	if err := ctx.Err(); err != nil {
		return check{}, err
	}
	if against < latestNumber {
		return check{}, errInvalidVersion(strconv.Itoa(against))
	}
	if sizeOf(r.Definition) > m.conf.maxText {
		return check{}, errSchemaTooLarge()
	}
	if noText(r.Definition) {
		return check{}, errInvalidSchema("Empty schema", nil)
	}
	var q subjectname.Name
	var history []*version
	var conf *settings
	var mode registry.Mode
	m.read(func(s *store) {
		q = s.target(subject)
		conf, mode = m.settingsFor(s, q), s.modeFor(q)
		if against == 0 {
			history = slices.Clone(s.versionsOf(q))
		} else if v := s.at(q.String(), against, false); v != nil {
			history = []*version{v}
		} else if against != latestNumber {
			err = errVersionNotFound(q.String(), against)
		}
	})
	if err != nil {
		return check{}, err
	}
	importing := mode == registry.Import || mode == registry.Forward
	w := m.work(ctx)
	defer w.end()
	c, err := m.parse(w, q, r.Definition, r.id < 0 && conf.validateNew(), !importing && (r.normalize || conf.normalize()))
	if err != nil {
		return check{}, err
	}
	return m.check(w, conf, c, history)
}

// check is what a comparison found.
type check struct {
	messages []string                   // the server's; none: compatible
	reasons  *schemas.IncompatibleError // nil if the messages are not about schemas
}

// list is the messages as the server writes a list.
func (c check) list() string { return "[" + strings.Join(c.messages, ", ") + "]" }

// check compares c with the versions of history that are not deleted, as conf
// asks. The first that does not fit, newest first, is the one that is reported.
func (m *Registry) check(w *work, conf *settings, c *candidate, history []*version) (check, error) {
	level, err := schemas.ParseLevel(conf.Level)
	if err != nil {
		level = m.conf.level
	}
	var out check
	if conf.validateFields() {
		out.messages = reservedFields(c, history)
	}
	pair, err := m.checkLevel(w, level, conf.CompatibilityGroup, c, history)
	if err != nil {
		return check{}, err
	}
	out.messages = append(out.messages, pair.messages...)
	out.reasons = pair.reasons
	if len(out.messages) > 0 {
		out.messages = append(out.messages, fmt.Sprintf("{validateFields: '%t', compatibility: '%s'}", conf.validateFields(), level))
	}
	return out, nil
}

func metadataProperty(m *registry.Metadata, name string) (value string, ok bool) {
	if m == nil {
		return "", false
	}
	value, ok = m.Properties[name]
	return value, ok
}

// checkLevel compares c with the newest version or, if the level is transitive,
// with each from the newest on. A group narrows that to the versions that have
// the same value of this property.
func (m *Registry) checkLevel(w *work, level schemas.Level, group string, c *candidate, history []*version) (check, error) {
	if level == schemas.None {
		return check{}, nil
	}
	transitive := level == schemas.BackwardTransitive || level == schemas.ForwardTransitive || level == schemas.FullTransitive
	for _, v := range slices.Backward(history) {
		if v.deleted || group != "" && !sameProperty(c.Metadata, v.entry.definition.Metadata, group) {
			continue
		}
		found, err := m.checkPair(w, level, c, v)
		if err != nil || len(found.messages) > 0 || !transitive {
			return found, err
		}
	}
	return check{}, nil
}

func sameProperty(a, b *registry.Metadata, name string) bool {
	its, has := metadataProperty(a, name)
	other, hasOther := metadataProperty(b, name)
	return its == other && has == hasOther
}

// checkPair compares c with one version.
func (m *Registry) checkPair(w *work, level schemas.Level, c *candidate, v *version) (check, error) {
	if c.Type != v.entry.definition.Type {
		return check{messages: []string{"Incompatible because of different schema type"}}, nil
	}
	if c.Type != typeAvro {
		return check{}, nil // kept unread
	}
	key := pairing{schema: c.schema, with: v, level: level}
	if found, ok := w.found.pairs[key]; ok {
		return found, nil
	}
	old, err := m.schemaOf(w, v.entry)
	if w.stops(err) {
		return check{}, err
	}
	if err != nil {
		return check{messages: []string{fmt.Sprintf("Unexpected exception during compatibility check: version %d cannot be read", v.number)}}, nil
	}
	found, err := w.comparePair(level, c, v, old)
	if err == nil {
		w.found.pairs[key] = found
	}
	return found, err
}

// comparePair compares c with old, the schema of v. The error says that the call has
// ended or would take too much.
func (w *work) comparePair(level schemas.Level, c *candidate, v *version, old *schemas.Schema) (check, error) {
	if len(c.Text)+len(v.entry.definition.Text) > lightCompare {
		if err := w.waitForSlot(); err != nil {
			return check{}, err
		}
	}
	out := check{}
	all := &schemas.IncompatibleError{Level: level}
	add := func(reader, writer *schemas.Schema, readerWord, writerWord string) (found bool, err error) {
		err = w.compare.CanRead(w.ctx, reader, writer)
		incompatible, ok := errors.AsType[*schemas.IncompatibleError](err)
		switch {
		case err == nil:
			return false, nil
		case w.ctx.Err() != nil:
			return false, w.ctx.Err()
		case !ok && w.held:
			return false, errPlanAgain
		case !ok:
			out.messages = append(out.messages, "Unexpected exception during compatibility check: "+err.Error())
			return true, nil
		}
		for _, r := range incompatible.Reasons {
			out.messages = append(out.messages, differenceText(r, readerWord, writerWord))
			r.Version = v.number
			all.Reasons = append(all.Reasons, r)
		}
		return true, nil
	}
	backward, forward := directions(level)
	named := false // which version it is, is said once and for the last direction only
	if forward {
		found, err := add(old, c.schema, "old", "new")
		if err != nil {
			return check{}, err
		}
		named = found && !backward
	}
	if backward {
		found, err := add(c.schema, old, "new", "old")
		if err != nil {
			return check{}, err
		}
		named = named || found
	}
	if named {
		out.messages = append(out.messages, fmt.Sprintf("{oldSchemaVersion: %d}", v.number), oldSchemaText(v.entry.definition.Text))
	}
	if len(all.Reasons) > 0 {
		out.reasons = all
	}
	return out, nil
}

func directions(l schemas.Level) (backward, forward bool) {
	switch l {
	case schemas.Backward, schemas.BackwardTransitive:
		return true, false
	case schemas.Forward, schemas.ForwardTransitive:
		return false, true
	case schemas.Full, schemas.FullTransitive:
		return true, true
	}
	return false, false
}

// maxOldSchema bounds how much of an old schema a message quotes, in bytes.
const maxOldSchema = 10 * 1024

func oldSchemaText(text string) string {
	if len(text) > maxOldSchema {
		return "{oldSchema: <truncated> '" + text[:maxOldSchema] + "...'}"
	}
	return "{oldSchema: '" + text + "'}"
}

// differenceText is a reason in the server's words.
func differenceText(r schemas.Reason, reader, writer string) string {
	var description string
	switch r.Kind {
	case "FIXED_SIZE_MISMATCH":
		description = fmt.Sprintf("The size of FIXED type field at path '%s' in the %s schema does not match with the %s schema", r.Path, reader, writer)
	case "TYPE_MISMATCH":
		description = fmt.Sprintf("The type (path '%s') of a field in the %s schema does not match with the %s schema", r.Path, reader, writer)
	case "NAME_MISMATCH":
		description = fmt.Sprintf("The name of the schema has changed (path '%s')", r.Path)
	case "MISSING_ENUM_SYMBOLS":
		description = fmt.Sprintf("The %s schema is missing enum symbols '%s' at path '%s' in the %s schema", reader, r.Message, r.Path, writer)
	case "MISSING_UNION_BRANCH":
		description = fmt.Sprintf("The %s schema is missing a type inside a union field at path '%s' in the %s schema", reader, r.Path, writer)
	case "READER_FIELD_MISSING_DEFAULT_VALUE":
		description = fmt.Sprintf("The field '%s' at path '%s' in the %s schema has no default value and is missing in the %s schema", r.Message, r.Path, reader, writer)
	}
	return fmt.Sprintf("{errorType:'%s', description:'%s', additionalInfo:'%s'}", r.Kind, description, r.Message)
}

// reservedFields checks the names that metadata reserves: none is taken back,
// and no top-level field has one.
func reservedFields(c *candidate, history []*version) []string {
	var messages []string
	more := 0
	add := func(message string) {
		if len(messages) < maxReservedMessages {
			messages = append(messages, message)
		} else {
			more++
		}
	}
	reserved := reservedNames(c.Metadata)
	if last := latestOf(history); last != nil {
		for _, name := range reservedNames(last.entry.definition.Metadata) {
			if _, found := slices.BinarySearch(reserved, name); !found {
				add("The new schema has reserved field " + name + " removed from its metadata which is present in the old schema's metadata.")
			}
		}
	}
	if c.schema != nil {
		for _, f := range c.schema.Root().Fields() {
			if _, found := slices.BinarySearch(reserved, f.Name()); found {
				add("The new schema has field that conflicts with the reserved field " + f.Name() + ".")
			}
		}
	}
	if more > 0 {
		messages = append(messages, fmt.Sprintf("And %d more of these.", more))
	}
	return messages
}

// maxReservedMessages bounds an answer: a name takes two bytes of a request.
const maxReservedMessages = 1000

// reservedNames are sorted.
func reservedNames(m *registry.Metadata) []string {
	list, _ := metadataProperty(m, "confluent:reserved")
	var names []string
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return sortedSet(names)
}

package memory

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/kavro/kavro/internal/subjectname"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
)

// Where a setting comes from, most particular first:
//
//	of a subject of a context   the subject's, the context's, that of :.__GLOBAL:, the default
//	of any other subject        the subject's, the global one, that of :.__GLOBAL:, the default
//
// A configuration that does not name a level has the default one, not that of the
// next in line.

// configIn returns what is configured for a subject, without looking further. It
// is nil if nothing is; the global configuration always is something.
func (m *Registry) configIn(s *store, subject subjectname.Name) *settings {
	own := m.defaultSettings()
	if conf := s.configs[subject.String()]; conf != nil {
		return conf.withLevel(own.Level)
	}
	if subject.String() == "" || subject.Context == subjectname.GlobalContext {
		return own
	}
	return nil
}

// settingsFor returns what holds for a subject.
func (m *Registry) settingsFor(s *store, subject subjectname.Name) *settings {
	global := m.configIn(s, subjectname.Name{Context: subjectname.DefaultContext})
	if subject.String() != "" {
		if own := m.configIn(s, subject); own != nil {
			return own.under(global)
		}
	}
	for _, next := range wider(subject) {
		if conf := s.configs[next]; conf != nil {
			return conf.withLevel(m.conf.level.String())
		}
	}
	return m.defaultSettings()
}

// wider returns the keys of the settings that stand behind those of subject.
func wider(subject subjectname.Name) []string {
	return []string{subjectname.Prefix(subject.Context), subjectname.Prefix(subjectname.GlobalContext)}
}

func (m *Registry) defaultSettings() *settings { return &settings{Level: m.conf.level.String()} }

// modeFor returns the mode that holds for a subject.
func (s *store) modeFor(subject subjectname.Name) registry.Mode {
	for _, key := range append([]string{subject.String()}, wider(subject)...) {
		if mode, ok := s.modes[key]; ok {
			return mode
		}
	}
	return registry.ReadWrite
}

func (s *store) readOnly(subject subjectname.Name) bool { return readOnly(s.modeFor(subject)) }

func readOnly(m registry.Mode) bool { return m == registry.ReadOnly || m == registry.ReadOnlyOverride }

func errReadOnly(subject subjectname.Name) error {
	return errNotPermitted("Subject %s in context %s is in read-only mode", subject, subjectname.Prefix(subject.Context))
}

// Config returns the configuration of subject, of a context (":.ctx:"), or the
// global one (""). Option: [registry.DefaultToGlobal]. The error is a [*registry.NotFoundError] with
// code 40408 if subject has none.
func (m *Registry) Config(ctx context.Context, subject string, opts ...registry.CallOption) (registry.Config, error) {
	conf, err := m.configOf(ctx, subject, registry.NewCall(opts).Global)
	if err != nil {
		return registry.Config{}, err
	}
	return conf.config(), nil
}

func (m *Registry) configOf(ctx context.Context, subject string, global bool) (conf *settings, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	q := subjectname.Split(subject)
	m.read(func(s *store) {
		if global {
			conf = m.settingsFor(s, q)
		} else if conf = m.configIn(s, q); conf == nil {
			err = errConfigNotFound(q.String())
		}
	})
	return conf, err
}

// SetConfig changes the configuration of subject, of a context (":.ctx:"), or the
// global one (""). What c leaves out stays as it is.
//
// The error is an [*registry.InvalidError], with code 42203 for a level that does not
// exist, 42205 in a read-only mode, 42208 for a name that no subject can have and
// 42210 for a rule set that is not valid.
func (m *Registry) SetConfig(ctx context.Context, subject string, c registry.Config) error {
	_, err := m.updateConfig(ctx, subject, updateOf(c))
	return err
}

// updateConfig returns the settings after the change.
func (m *Registry) updateConfig(ctx context.Context, subject string, u settingsUpdate) (*settings, error) {
	u, err := u.check()
	if err != nil {
		return nil, err
	}
	if !subjectname.ValidConfig(subject) {
		return nil, errInvalidSubject(subject)
	}
	end, err := m.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	q := subjectname.Split(subject)
	if m.state.readOnly(q) {
		return nil, errReadOnly(q)
	}
	conf := u.updated(m.state.configs[q.String()])
	if conf.size() > m.conf.maxText {
		return nil, errConfigTooLarge(m.conf.maxText) // what is registered takes it over
	}
	return conf, m.commit(event{Op: opConfig, Subject: q.String(), Config: conf})
}

// DeleteConfig removes the configuration of subject, of a context (":.ctx:"), or
// the global one (""). The error is a [*registry.NotFoundError] with code 40401 if subject
// has none, or an [*registry.InvalidError] with code 42205 in a read-only mode.
func (m *Registry) DeleteConfig(ctx context.Context, subject string) error {
	_, err := m.removeConfig(ctx, subject)
	return err
}

// removeConfig returns the settings that it removed.
func (m *Registry) removeConfig(ctx context.Context, subject string) (*settings, error) {
	end, err := m.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	q := subjectname.Split(subject)
	old := m.configIn(m.state, q)
	if old == nil {
		return nil, errSubjectNotFound(q.String())
	}
	if m.state.readOnly(q) {
		return nil, errReadOnly(q)
	}
	if m.state.configs[q.String()] == nil {
		return old, nil
	}
	return old, m.commit(event{Op: opConfig, Subject: q.String()})
}

// Compatibility returns the level that holds for subject: its own, or that of its
// context, or the global one, which is also that of "".
func (m *Registry) Compatibility(ctx context.Context, subject string) (schemas.Level, error) {
	conf, err := m.configOf(ctx, subject, true)
	if err != nil {
		return 0, err
	}
	return schemas.ParseLevel(conf.Level)
}

// SetCompatibility sets the level of subject, of a context (":.ctx:"), or the
// global one (""). Errors are those of SetConfig.
func (m *Registry) SetCompatibility(ctx context.Context, subject string, l schemas.Level) error {
	return m.SetConfig(ctx, subject, registry.Config{Level: &l})
}

// Mode returns the mode of subject, of a context (":.ctx:"), or the global one
// (""). Option: [registry.DefaultToGlobal]. The error is a [*registry.NotFoundError] with code 40409
// if subject has none.
func (m *Registry) Mode(ctx context.Context, subject string, opts ...registry.CallOption) (mode registry.Mode, err error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	q := subjectname.Split(subject)
	m.read(func(s *store) {
		if registry.NewCall(opts).Global {
			mode = s.modeFor(q)
		} else if mode = s.modeIn(q); mode == "" {
			err = errModeNotFound(q.String())
		}
	})
	return mode, err
}

// modeIn returns the mode of a subject itself, "" if it has none; all have one.
func (s *store) modeIn(subject subjectname.Name) registry.Mode {
	if mode, ok := s.modes[subject.String()]; ok {
		return mode
	}
	if subject.String() == "" || subject.Context == subjectname.GlobalContext {
		return registry.ReadWrite
	}
	return ""
}

// SetMode sets the mode of subject, of a context (":.ctx:"), or the global one
// (""). [registry.Import] needs subjects that hold nothing, unless [registry.Force] is given: what
// was softly deleted before is then forgotten.
//
// The error is an [*registry.InvalidError], with code 42204 for a mode that does not exist,
// 42205 if the subjects are not empty, 42206 if something refers to a version that
// would be forgotten and 42208 for a name that no subject can have.
func (m *Registry) SetMode(ctx context.Context, subject string, mode registry.Mode, opts ...registry.CallOption) error {
	if !subjectname.ValidConfig(subject) {
		return errInvalidSubject(subject)
	}
	mode = registry.Mode(strings.ToUpper(string(mode)))
	if !slices.Contains([]registry.Mode{registry.ReadWrite, registry.ReadOnly, registry.ReadOnlyOverride, registry.Import, registry.Forward}, mode) {
		return errInvalidMode()
	}
	q := subjectname.Split(subject)
	if mode == registry.Forward && (q.Context != subjectname.GlobalContext || q.Name != "") {
		return errForwardNotGlobal()
	}
	end, err := m.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	var events []event
	if mode == registry.Import && m.state.modeFor(q) != registry.Import && !registry.NewCall(opts).Force {
		if events, err = m.emptyFor(q); err != nil {
			return err
		}
	}
	return m.commit(append(events, event{Op: opMode, Subject: q.String(), Mode: mode})...)
}

// emptyFor returns the events that forget what was softly deleted of the subjects
// that q stands for. It fails if they hold anything else.
func (m *Registry) emptyFor(q subjectname.Name) ([]event, error) {
	s := m.state
	matches := subjectname.Match(q.String())
	if q.String() == "" {
		matches = func(subjectname.Name) bool { return true } // the global mode is about all
	}
	var events []event
	for _, name := range slices.Sorted(maps.Keys(s.subjects)) {
		sub := s.subjects[name]
		if !matches(sub.name) {
			continue
		}
		if sub.live > 0 {
			return nil, errNotPermitted("Cannot import since found existing subjects")
		}
		var numbers []int
		for _, v := range sub.versions {
			if s.isReferenced(name, v.number, true) {
				return nil, errReferenced(name, v.number)
			}
			numbers = append(numbers, v.number)
		}
		events = append(events, event{Op: opDrop, Subject: name, Versions: numbers})
	}
	return events, nil
}

// DeleteMode removes the mode of subject, of a context (":.ctx:"), or the global
// one (""). The error is a [*registry.NotFoundError] with code 40401 if subject has none.
func (m *Registry) DeleteMode(ctx context.Context, subject string) error {
	_, err := m.removeMode(ctx, subject, false)
	return err
}

// removeMode returns the mode that it removed, "" if there was none. If it is
// recursive, the modes of all subjects in a context go as well.
func (m *Registry) removeMode(ctx context.Context, subject string, recursive bool) (registry.Mode, error) {
	end, err := m.begin(ctx)
	if err != nil {
		return "", err
	}
	defer end()
	q := subjectname.Split(subject)
	old := m.state.modeIn(q)
	if old == "" && !recursive {
		return "", errSubjectNotFound(q.String())
	}
	var events []event
	for _, key := range slices.Sorted(maps.Keys(m.state.modes)) {
		its := subjectname.Split(key)
		if key == q.String() || recursive && q.Name == "" && its.Context == q.Context {
			events = append(events, event{Op: opMode, Subject: key})
		}
	}
	return old, m.commit(events...)
}

package registry

import (
	"context"
	"maps"
	"slices"
	"strings"

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
func (m *Memory) configIn(s *store, subject qualified) *settings {
	own := m.defaultSettings()
	if conf := s.configs[subject.String()]; conf != nil {
		return conf.withLevel(own.Level)
	}
	if subject.String() == "" || subject.context == globalContext {
		return own
	}
	return nil
}

// settingsFor returns what holds for a subject.
func (m *Memory) settingsFor(s *store, subject qualified) *settings {
	global := m.configIn(s, qualified{context: defaultContext})
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
func wider(subject qualified) []string {
	return []string{contextPrefix(subject.context), contextPrefix(globalContext)}
}

func (m *Memory) defaultSettings() *settings { return &settings{Level: m.conf.level.String()} }

// modeFor returns the mode that holds for a subject.
func (s *store) modeFor(subject qualified) Mode {
	for _, key := range append([]string{subject.String()}, wider(subject)...) {
		if mode, ok := s.modes[key]; ok {
			return mode
		}
	}
	return ReadWrite
}

func (s *store) readOnly(subject qualified) bool { return readOnly(s.modeFor(subject)) }

func readOnly(m Mode) bool { return m == ReadOnly || m == ReadOnlyOverride }

func errReadOnly(subject qualified) error {
	return errNotPermitted("Subject %s in context %s is in read-only mode", subject, contextPrefix(subject.context))
}

// Config returns the configuration of subject, of a context (":.ctx:"), or the
// global one (""). Option: [DefaultToGlobal]. The error is a [*NotFoundError] with
// code 40408 if subject has none.
func (m *Memory) Config(ctx context.Context, subject string, opts ...CallOption) (Config, error) {
	conf, err := m.configOf(ctx, subject, newCall(opts).global)
	if err != nil {
		return Config{}, err
	}
	return conf.config(), nil
}

func (m *Memory) configOf(ctx context.Context, subject string, global bool) (conf *settings, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	q := splitSubject(subject)
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
// The error is an [*InvalidError], with code 42203 for a level that does not
// exist, 42205 in a read-only mode, 42208 for a name that no subject can have and
// 42210 for a rule set that is not valid.
func (m *Memory) SetConfig(ctx context.Context, subject string, c Config) error {
	_, err := m.updateConfig(ctx, subject, updateOf(c))
	return err
}

// updateConfig returns the settings after the change.
func (m *Memory) updateConfig(ctx context.Context, subject string, u settingsUpdate) (*settings, error) {
	u, err := u.check()
	if err != nil {
		return nil, err
	}
	if !validConfigSubject(subject) {
		return nil, errInvalidSubject(subject)
	}
	end, err := m.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	q := splitSubject(subject)
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
// the global one (""). The error is a [*NotFoundError] with code 40401 if subject
// has none, or an [*InvalidError] with code 42205 in a read-only mode.
func (m *Memory) DeleteConfig(ctx context.Context, subject string) error {
	_, err := m.removeConfig(ctx, subject)
	return err
}

// removeConfig returns the settings that it removed.
func (m *Memory) removeConfig(ctx context.Context, subject string) (*settings, error) {
	end, err := m.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	q := splitSubject(subject)
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
func (m *Memory) Compatibility(ctx context.Context, subject string) (schemas.Level, error) {
	conf, err := m.configOf(ctx, subject, true)
	if err != nil {
		return 0, err
	}
	return schemas.ParseLevel(conf.Level)
}

// SetCompatibility sets the level of subject, of a context (":.ctx:"), or the
// global one (""). Errors are those of SetConfig.
func (m *Memory) SetCompatibility(ctx context.Context, subject string, l schemas.Level) error {
	return m.SetConfig(ctx, subject, Config{Level: &l})
}

// Mode returns the mode of subject, of a context (":.ctx:"), or the global one
// (""). Option: [DefaultToGlobal]. The error is a [*NotFoundError] with code 40409
// if subject has none.
func (m *Memory) Mode(ctx context.Context, subject string, opts ...CallOption) (mode Mode, err error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	q := splitSubject(subject)
	m.read(func(s *store) {
		if newCall(opts).global {
			mode = s.modeFor(q)
		} else if mode = s.modeIn(q); mode == "" {
			err = errModeNotFound(q.String())
		}
	})
	return mode, err
}

// modeIn returns the mode of a subject itself, "" if it has none; all have one.
func (s *store) modeIn(subject qualified) Mode {
	if mode, ok := s.modes[subject.String()]; ok {
		return mode
	}
	if subject.String() == "" || subject.context == globalContext {
		return ReadWrite
	}
	return ""
}

// SetMode sets the mode of subject, of a context (":.ctx:"), or the global one
// (""). [Import] needs subjects that hold nothing, unless [Force] is given: what
// was softly deleted before is then forgotten.
//
// The error is an [*InvalidError], with code 42204 for a mode that does not exist,
// 42205 if the subjects are not empty, 42206 if something refers to a version that
// would be forgotten and 42208 for a name that no subject can have.
func (m *Memory) SetMode(ctx context.Context, subject string, mode Mode, opts ...CallOption) error {
	if !validConfigSubject(subject) {
		return errInvalidSubject(subject)
	}
	mode = Mode(strings.ToUpper(string(mode)))
	if !slices.Contains([]Mode{ReadWrite, ReadOnly, ReadOnlyOverride, Import, Forward}, mode) {
		return errInvalidMode()
	}
	q := splitSubject(subject)
	if mode == Forward && (q.context != globalContext || q.name != "") {
		return errForwardNotGlobal()
	}
	end, err := m.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	var events []event
	if mode == Import && m.state.modeFor(q) != Import && !newCall(opts).force {
		if events, err = m.emptyFor(q); err != nil {
			return err
		}
	}
	return m.commit(append(events, event{Op: opMode, Subject: q.String(), Mode: mode})...)
}

// emptyFor returns the events that forget what was softly deleted of the subjects
// that q stands for. It fails if they hold anything else.
func (m *Memory) emptyFor(q qualified) ([]event, error) {
	s := m.state
	matches := matchSubjects(q.String())
	if q.String() == "" {
		matches = func(qualified) bool { return true } // the global mode is about all
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
// one (""). The error is a [*NotFoundError] with code 40401 if subject has none.
func (m *Memory) DeleteMode(ctx context.Context, subject string) error {
	_, err := m.removeMode(ctx, subject, false)
	return err
}

// removeMode returns the mode that it removed, "" if there was none. If it is
// recursive, the modes of all subjects in a context go as well.
func (m *Memory) removeMode(ctx context.Context, subject string, recursive bool) (Mode, error) {
	end, err := m.begin(ctx)
	if err != nil {
		return "", err
	}
	defer end()
	q := splitSubject(subject)
	old := m.state.modeIn(q)
	if old == "" && !recursive {
		return "", errSubjectNotFound(q.String())
	}
	var events []event
	for _, key := range slices.Sorted(maps.Keys(m.state.modes)) {
		its := splitSubject(key)
		if key == q.String() || recursive && q.name == "" && its.context == q.context {
			events = append(events, event{Op: opMode, Subject: key})
		}
	}
	return old, m.commit(events...)
}

package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/kavro/kavro/internal/exactjson"
	"github.com/kavro/kavro/internal/oneline"
	"github.com/kavro/kavro/internal/schemaguid"
	"github.com/kavro/kavro/internal/subjectname"
	"github.com/kavro/kavro/registry/transport"
	"github.com/kavro/kavro/schemas"
)

// An answer is believed only after it was checked, wherever it comes from: the
// network, a file of the cache directory, a seed. What is checked is what would
// do harm later: an id is written in front of every record, a version is referred
// to, a level decides what may be registered.
//
//	id, version      1 to 2147483647, and the one that was asked for
//	subject          the one that was asked for, in the context that the request or
//	                 the client's URL names: ids are those of a context. By id, a name
//	                 without a context may be found in any. Some registries leave the
//	                 context out, and an alias, which the registry is asked for, stands
//	                 for another subject
//	GUID             well-formed, and the one that was asked for
//	schema           there, and to be parsed if it is Avro
//	references       each with name, subject and version, none to the version itself
//	keys             in their exact case, and none twice
//	lists            of the right things, none twice; versions ascending
//	levels, modes    known
//	changes          confirmed by more than a status

// answeredID is an id in an answer, 0 if there is none.
type answeredID int

// UnmarshalJSON refuses what is no id.
func (n *answeredID) UnmarshalJSON(text []byte) error {
	v, err := parseNumber("id", text)
	*n = answeredID(v)
	return err
}

// answeredVersion is a version in an answer, 0 if there is none.
type answeredVersion int

// UnmarshalJSON refuses what is no version.
func (n *answeredVersion) UnmarshalJSON(text []byte) error {
	v, err := parseNumber("version", text)
	*n = answeredVersion(v)
	return err
}

func parseNumber(what string, text []byte) (int, error) {
	if string(text) == "null" {
		return 0, nil
	}
	v, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, exactjson.Faultf("%s %s is not an integer", what, oneline.Short(oneline.Of(string(text)), 40))
	}
	if err != nil || v < 1 || v > math.MaxInt32 {
		return 0, exactjson.Faultf("%s %s is out of range, 1 to %d", what, oneline.Short(string(text), 40), math.MaxInt32)
	}
	return int(v), nil
}

// expected is what a schema was asked for by, and so what its answer has to be.
type expected struct {
	what     string // for people: "schema id 41"
	subject  string // "": any; ":.ctx:": any of that context
	anyName  bool   // of subject, only the context counts; a name without one may be in any
	home     string // the context that the client's URL names; "" if it names none
	version  int    // 0: need not be said; latestVersion: any, but said
	id       int    // 0: any
	needsID  bool
	idAlone  bool   // a schema need not be said
	guid     string // "": any
	typ      string // "": any
	deleted  bool   // may be deleted
	metadata map[string]string
}

// check reports what is wrong with a, its subject excepted.
func (e *expected) check(a *schemaAnswer) error {
	switch {
	case a.Schema == nil && !e.idAlone:
		return exactjson.Fault("it has no schema")
	case e.needsID && a.ID == 0:
		return exactjson.Fault("it has no id")
	case e.id != 0 && a.ID != 0 && int(a.ID) != e.id:
		return exactjson.Faultf("it is the schema with id %d", a.ID)
	case e.version == latestVersion && a.Version == 0:
		return exactjson.Fault("it has no version")
	case e.version > 0 && a.Version != 0 && int(a.Version) != e.version:
		return exactjson.Faultf("it is version %d", a.Version)
	case a.Deleted && !e.deleted:
		return exactjson.Fault("it is deleted")
	case !validName(a.Subject):
		return exactjson.Faultf("%q is not a subject", oneline.Short(a.Subject, 100))
	}
	if a.GUID != "" {
		guid, ok := schemaguid.Parse(a.GUID)
		if !ok {
			return exactjson.Faultf("%q is not a GUID", oneline.Short(a.GUID, 100))
		}
		if e.guid != "" && schemaguid.Format(guid) != e.guid {
			return exactjson.Faultf("it is the schema with GUID %s", a.GUID)
		}
	}
	if a.SchemaType != "" && !validType(a.SchemaType) {
		return exactjson.Faultf("%q is not a type of schema", oneline.Short(a.SchemaType, 100))
	}
	if e.typ != "" && a.SchemaType != "" && !strings.EqualFold(a.SchemaType, e.typ) {
		return exactjson.Faultf("it is of type %s, not %s", a.SchemaType, e.typ)
	}
	for _, ref := range a.References {
		if ref.Name == "" || ref.Subject == "" || !validName(ref.Subject) || !validNumber(ref.Version) && ref.Version != latestVersion {
			return exactjson.Faultf("it refers to %q as version %d of subject %q", oneline.Short(ref.Name, 100), ref.Version, oneline.Short(ref.Subject, 100))
		}
	}
	if ref, ok := e.self(a); ok {
		return exactjson.Faultf("it refers to itself, version %d of subject %s", ref.Version, oneline.Short(ref.Subject, 100))
	}
	for _, name := range sortedKeys(e.metadata) {
		if a.Metadata == nil || a.Metadata.Properties[name] != e.metadata[name] {
			return exactjson.Faultf("its metadata property %s is not %s", name, e.metadata[name])
		}
	}
	return nil
}

// self finds a reference of a to the version that a is.
func (e *expected) self(a *schemaAnswer) (Reference, bool) {
	at, version := subjectname.Split(e.subject), int(a.Version)
	if at.Context == subjectname.DefaultContext && e.home != "" {
		at.Context = e.home
	}
	if a.Subject != "" {
		at = subjectname.Split(at.Within(a.Subject))
	} else if e.anyName {
		return Reference{}, false
	}
	if version == 0 {
		version = e.version
	}
	for _, ref := range a.References {
		if version > 0 && ref.Version == version && at.Within(ref.Subject) == at.String() {
			return ref, true
		}
	}
	return Reference{}, false
}

// covers reports whether the subject of an answer is as asked for.
func (e *expected) covers(subject string) bool {
	if e.subject == "" && !e.anyName || subject == "" {
		return true
	}
	want, got := subjectname.Split(e.subject), subjectname.Split(subject)
	if !e.anyName && want.Name != got.Name {
		return false
	}
	switch {
	case got.Context == subjectname.DefaultContext: // some leave the context out
		return true
	case want.Context != subjectname.DefaultContext:
		return want.Context == got.Context
	case e.home != "":
		return e.home == got.Context
	}
	return e.anyName && want.Name != ""
}

// elsewhere reports whether the subject of an answer is the one that was asked for, in
// another context, where Confluent's registry looks if there is none in the default one.
func (e *expected) elsewhere(subject string) bool {
	return subjectname.Split(e.subject).Name == subjectname.Split(subject).Name && !e.covers(subject)
}

// complete fills in what a need not repeat, since it was asked for.
func (e *expected) complete(a *schemaAnswer) {
	if a.Subject == "" && !e.anyName {
		a.Subject = e.subject
	}
	if a.Version == 0 && e.version > 0 {
		a.Version = answeredVersion(e.version)
	}
	if e.id != 0 {
		a.ID = answeredID(e.id)
	}
	if e.guid != "" {
		a.GUID = e.guid
	} else if guid, ok := schemaguid.Parse(a.GUID); ok {
		a.GUID = schemaguid.Format(guid) // as all read it
	}
	if a.SchemaType == "" {
		a.SchemaType = e.typ
	}
}

// expect says what the answer for key has to be to be believed by c.
func (c *Client) expect(key interface{ expected() *expected }) *expected {
	e := key.expected()
	e.home = c.home
	return e
}

// accept checks a, the registry's answer to what e asked for, and completes it.
// The error has no URL.
func (c *Client) accept(ctx context.Context, call transport.Call, e *expected, a *schemaAnswer) error {
	if err := e.check(a); err != nil {
		return err
	}
	if !e.covers(a.Subject) {
		alias, err := c.aliasOf(ctx, call, e.subject)
		if err != nil {
			return err
		}
		through := *e
		if through.subject = alias; alias == "" || !through.covers(a.Subject) {
			if e.elsewhere(a.Subject) {
				return exactjson.Faultf("it is of subject %s, in another context: name the context, in the subject or in the registry's URL", a.Subject)
			}
			return exactjson.Faultf("it is of subject %s, and %s is no alias of that", a.Subject, e.subject)
		}
	}
	e.complete(a)
	return nil
}

// acceptStored checks the content of a file, which no alias can be asked for: it
// says which it was kept under.
func (e *expected) acceptStored(s *storedAnswer) error {
	a := &s.Answer
	if err := e.check(a); err != nil {
		return err
	}
	if !e.covers(a.Subject) && a.Subject != s.Alias {
		return exactjson.Faultf("it is of subject %s", a.Subject)
	}
	e.complete(a)
	return nil
}

// stored is an answer as it is kept, after it was accepted.
func (e *expected) stored(kind, key string, a *schemaAnswer) *storedAnswer {
	s := &storedAnswer{Kind: kind, Key: key, Where: e.subject, At: time.Now(), Answer: *a}
	if !e.covers(a.Subject) {
		s.Alias = a.Subject
	}
	return s
}

// aliasOf is the subject that the registry has subject stand for, "" if there is
// none.
func (c *Client) aliasOf(ctx context.Context, call transport.Call, subject string) (string, error) {
	if subjectname.Split(subject).Name == "" {
		return "", nil
	}
	conf, err := c.config(ctx, call, subject, Call{})
	switch {
	case unavailable(err):
		return "", err
	case err != nil || conf.Alias == "": // also where the configuration may not be read
		return "", nil
	}
	return subjectname.Split(subject).Within(conf.Alias), nil
}

// validText reports whether a body in JSON says what its strings are, byte for byte:
// encoding/json puts U+FFFD for bytes that are no UTF-8 and for half a surrogate pair.
func validText(body []byte) bool {
	if !utf8.Valid(body) {
		return false
	}
	high := false // the last thing was the first half of a pair
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' || i+1 == len(body) {
			if high {
				return false
			}
			continue
		}
		i++
		unit := uint64(0)
		if body[i] == 'u' && i+4 < len(body) {
			unit, _ = strconv.ParseUint(string(body[i+1:i+5]), 16, 16) // what is none, encoding/json refuses
			i += 4
		}
		low := unit >= 0xdc00 && unit <= 0xdfff
		if low != high {
			return false
		}
		high = unit >= 0xd800 && unit <= 0xdbff
	}
	return !high
}

// validNumber reports whether n can be a version of a subject, or an id.
func validNumber(n int) bool { return n >= 1 && n <= math.MaxInt32 }

// validName reports whether a name can be a subject's. "" can: registries have
// allowed it.
func validName(name string) bool {
	return utf8.ValidString(name) && !strings.ContainsFunc(name, unicode.IsControl)
}

// validType reports whether typ can name a type of schema: registries may have
// more than the three that are usual.
func validType(typ string) bool {
	return !strings.ContainsFunc(typ, func(r rune) bool {
		return !(r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_')
	})
}

// An answerReader decodes the body of an answer. Its error is an answerFault, or
// what JSON says of a body that is none of a registry's.
type answerReader func(body []byte) error

// readList reads a list, of which check looks at each item: an answer of many
// items that are none is given up at the first. null is an empty list.
func readList[T any](out *[]T, check func(item T) error) answerReader {
	return func(body []byte) error {
		body, err := exactjson.Keys(body, exactjson.KeysOf(reflect.TypeFor[[]T]()))
		if err != nil {
			return err
		}
		d := json.NewDecoder(bytes.NewReader(body))
		switch open, err := d.Token(); {
		case err != nil:
			return err
		case open == nil:
			*out = nil
			return atEnd(d)
		case open != json.Delim('['):
			return errors.New("not a list")
		}
		list := []T{}
		for d.More() {
			var item *T
			err := d.Decode(&item)
			if err == nil && item == nil {
				err = exactjson.Fault("null")
			}
			if err == nil {
				err = check(*item)
			}
			if fault := exactjson.Fault(""); errors.As(err, &fault) {
				return exactjson.Faultf("item %d: %s", len(list), fault)
			} else if err != nil {
				return err
			}
			list = append(list, *item)
		}
		if _, err := d.Token(); err != nil {
			return err
		}
		*out = list
		return atEnd(d)
	}
}

// atEnd reports an error if there is more than one value in a body.
func atEnd(d *json.Decoder) error {
	if _, err := d.Token(); err != io.EOF {
		return errors.New("more than one value")
	}
	return nil
}

// once is a check that no item comes twice.
func once[T any, K comparable](key func(T) K, check func(T) error) func(T) error {
	seen := make(map[K]bool)
	return func(item T) error {
		if err := check(item); err != nil {
			return err
		}
		if k := key(item); seen[k] {
			return exactjson.Faultf("%v comes twice", k)
		} else {
			seen[k] = true
		}
		return nil
	}
}

func same[T any](item T) T { return item }

// readNumbers reads a list of ids or of versions.
func readNumbers[N answeredID | answeredVersion](out *[]int) answerReader {
	return func(body []byte) error {
		var list []N
		if err := readList(&list, once(same[N], func(N) error { return nil }))(body); err != nil || list == nil {
			*out = nil
			return err
		}
		*out = make([]int, len(list))
		for i, n := range list {
			(*out)[i] = int(n)
		}
		return nil
	}
}

// readNames reads a list of names.
func readNames(what string, out *[]string) answerReader {
	return readList(out, once(same[string], func(name string) error {
		if !validName(name) || name == "" && what != "subject" {
			return exactjson.Faultf("%q is not the name of a %s", oneline.Short(name, 100), what)
		}
		return nil
	}))
}

// readObject reads an object and then checks it.
func readObject[T any](out *T, check func() error) answerReader {
	return func(body []byte) error {
		if trimmed := bytes.TrimSpace(body); len(trimmed) == 0 || trimmed[0] != '{' {
			return errors.New("not an object")
		}
		if err := exactjson.Decode(body, out); err != nil {
			return err
		}
		return check()
	}
}

// readSchema reads a schema, which is checked once it is known what was asked for.
func readSchema(out *schemaAnswer) answerReader {
	return func(body []byte) error { return exactjson.Decode(body, out) }
}

// readAny confirms a change: a registry answers something in JSON, a proxy's page
// for those who are to log in does not.
func readAny(body []byte) error {
	if !json.Valid(body) {
		return errors.New("not JSON")
	}
	return nil
}

// readVersion confirms that one version was deleted, -1 any.
func readVersion(version int) answerReader {
	return func(body []byte) error {
		if err := readAny(body); err != nil {
			return err
		}
		n, err := parseNumber("version", bytes.TrimSpace(body))
		if err != nil {
			return err
		}
		if n == 0 || version > 0 && n != version {
			return exactjson.Faultf("it is about version %d", n)
		}
		return nil
	}
}

// knownMode reports whether mode is one that registries have.
func knownMode(mode Mode) bool {
	switch mode {
	case ReadWrite, ReadOnly, ReadOnlyOverride, Import, Forward:
		return true
	}
	return false
}

// readMode reads a mode; want is that which was set, "" any.
func readMode(out *modeValue, want Mode) answerReader {
	return readObject(out, func() error {
		switch {
		case !knownMode(out.Mode):
			return exactjson.Faultf("%q is not a mode", oneline.Short(string(out.Mode), 100))
		case want != "" && out.Mode != want:
			return exactjson.Faultf("the mode is %s, not %s", out.Mode, want)
		}
		return nil
	})
}

// readConfig reads a configuration; want is the level that was set, nil if none
// was.
func readConfig(out *Config, want *schemas.Level) answerReader {
	return func(body []byte) error {
		var raw configAnswer
		if err := readObject(&raw, func() error { return nil })(body); err != nil {
			return err
		}
		// The level goes by two names: one in answers to GET and another elsewhere,
		// and not all registries agree where.
		if raw.Level == "" {
			raw.Level = raw.Other
		}
		if !validName(raw.Alias) {
			return exactjson.Faultf("%q is not a subject", oneline.Short(raw.Alias, 100))
		}
		conf := raw.config()
		if raw.Level != "" && conf.Level == nil {
			return exactjson.Faultf("%q is not a level", oneline.Short(raw.Level, 100))
		}
		if want != nil && (conf.Level == nil || *conf.Level != *want) {
			return exactjson.Faultf("the level is %q, not %s", raw.Level, *want)
		}
		conf.Raw = body
		*out = conf
		return nil
	}
}

// malformed is the error for an answer that says that all went well and is not
// what was asked for: a proxy's page, more often than not, so it may be better
// later. cause is an answerFault, or an error of JSON.
func (c *Client) malformed(got *transport.Answer, method, what string, cause error) error {
	reason := "not an answer of a registry"
	var fault exactjson.Fault
	if errors.As(cause, &fault) {
		reason = string(fault)
	} else if line := oneline.First(got.Body); line != "" {
		reason += ": " + line
	} else {
		reason += ": it is empty"
	}
	reason = got.Redact(reason)
	return &UnavailableError{
		Response: Response{Method: method, URL: got.URL, Status: got.Status, Message: reason},
		Err:      &MalformedResponseError{What: what, Reason: reason},
	}
}

// acceptFrom is accept, with the error as callers see it.
func (c *Client) acceptFrom(ctx context.Context, call transport.Call, got *transport.Answer, method string, e *expected, a *schemaAnswer) error {
	err := c.accept(ctx, call, e, a)
	var fault exactjson.Fault
	if !errors.As(err, &fault) {
		return err
	}
	out := c.malformed(got, method, e.what, fault)
	if malformed, ok := errors.AsType[*MalformedResponseError](out); ok {
		malformed.elsewhere = e.elsewhere(a.Subject)
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

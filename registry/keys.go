package registry

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/kavro/kavro/internal/subjectname"
)

// What answers are kept under.

// subjectKey writes a subject the one way that is used in keys. Nearly all are
// written so already: that they are costs no allocation.
func subjectKey(subject string) string {
	if context, _, ok := strings.Cut(strings.TrimPrefix(subject, ":"), ":"); !strings.HasPrefix(subject, ":.") || ok && context != subjectname.DefaultContext {
		return subject
	}
	return subjectname.Full(subject)
}

// idKey is an id, and a subject that says where it is one.
type idKey struct {
	subject string // "" or ":.ctx:" for a context without a subject
	id      int
}

// String is for people: "schema id 41", "schema id 41 in context .ctx".
func (k idKey) String() string {
	s := "schema id " + strconv.Itoa(k.id)
	if context := subjectname.Split(k.subject).Context; context != subjectname.DefaultContext {
		s += " in context " + context
	}
	return s
}

// expected is what an answer has to be.
func (k idKey) expected() *expected {
	return &expected{what: k.String(), subject: k.subject, anyName: true, id: k.id, deleted: true}
}

func (k idKey) full() string { return fmt.Sprintf("%q %d", k.subject, k.id) }

// versionKey is a version of a subject. A deleted one is told apart: it is not
// an answer to those who did not ask for deleted ones.
type versionKey struct {
	subject string
	version int
	deleted bool // may be deleted
	format  string
}

// String is for people: "version 3 of subject orders-value".
func (k versionKey) String() string { return versionName(k.subject, k.version) }

// expected is what an answer has to be.
func (k versionKey) expected() *expected {
	return &expected{what: k.String(), subject: k.subject, version: k.version, needsID: true, deleted: k.deleted}
}

func (k versionKey) full() string {
	return fmt.Sprintf("%q %d %t %q", k.subject, k.version, k.deleted, k.format)
}

func versionName(subject string, version int) string {
	if version == latestVersion {
		return "the latest version of subject " + subject
	}
	return fmt.Sprintf("version %d of subject %s", version, subject)
}

// definitionKey is a definition under a subject, with all that makes one differ
// from another.
type definitionKey struct {
	subject    string
	typ        string // "AVRO", never ""
	text       string
	extra      string // references, metadata and rule set as JSON; "" if there are none
	normalized bool
	deleted    bool // may be deleted
}

func newDefinitionKey(subject string, d Definition, c Call) definitionKey {
	k := definitionKey{subject: subject, typ: d.Type, text: d.Text, normalized: c.Normalize, deleted: c.Deleted}
	if k.typ == "" {
		k.typ = avroType
	}
	if len(d.References) > 0 || d.Metadata != nil || d.RuleSet != nil {
		extra, _ := json.Marshal(struct {
			R []Reference
			M *Metadata
			S *RuleSet
		}{d.References, d.Metadata, d.RuleSet}) // none of these types can fail
		k.extra = string(extra)
	}
	return k
}

// String is for people: the text is not repeated.
func (k definitionKey) String() string { return "this schema under subject " + k.subject }

// expected is what an answer has to be.
func (k definitionKey) expected() *expected {
	return &expected{what: k.String(), subject: k.subject, needsID: true, idAlone: true, typ: k.typ, deleted: k.deleted}
}

func (k definitionKey) full() string {
	return fmt.Sprintf("%q %q %q %q %t %t", k.subject, k.typ, k.text, k.extra, k.normalized, k.deleted)
}

// latestKey is a subject, and what the latest version of it is to have.
type latestKey struct {
	subject  string
	metadata string // the properties, as a URL query; "" for any version
	deleted  bool
}

// String is for people.
func (k latestKey) String() string {
	if k.metadata == "" {
		return "subject " + k.subject
	}
	return "a version of subject " + k.subject + " with metadata " + strings.ReplaceAll(k.metadata, "&", " ")
}

// expected is what an answer has to be.
func (k latestKey) expected() *expected {
	e := &expected{what: k.String(), subject: k.subject, version: latestVersion, needsID: true, deleted: k.deleted}
	if q, err := url.ParseQuery(k.metadata); err == nil && len(q["key"]) == len(q["value"]) {
		e.metadata = make(map[string]string, len(q["key"]))
		for i, name := range q["key"] {
			e.metadata[name] = q["value"][i]
		}
	}
	return e
}

func (k latestKey) full() string { return fmt.Sprintf("%q %q %t", k.subject, k.metadata, k.deleted) }

// associationKey is one half of the records of a topic.
type associationKey struct {
	cluster, topic, part string
}

// String is for people.
func (k associationKey) String() string {
	return "a subject for the " + k.part + "s of topic " + k.topic
}

func (k associationKey) full() string { return fmt.Sprintf("%q %q %q", k.cluster, k.topic, k.part) }

// guidName is a GUID for people.
func guidName(guid string) string { return "schema " + guid }

// expectedGUID is what an answer has to be.
func expectedGUID(guid string) *expected {
	return &expected{what: guidName(guid), guid: guid, deleted: true}
}

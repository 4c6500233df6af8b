package memory

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/kavro/kavro/registry"
)

// What travels in bodies, besides what types.go has.

// registerRequest is a definition, to be registered, looked up or checked.
type registerRequest struct {
	Version    int                  `json:"version"`
	ID         *int                 `json:"id"`
	Type       string               `json:"schemaType"`
	References []registry.Reference `json:"references"`
	Metadata   *registry.Metadata   `json:"metadata"`
	RuleSet    *registry.RuleSet    `json:"ruleSet"`
	Schema     string               `json:"schema"`
}

func (r *registerRequest) definition() registry.Definition {
	return withDefaults(registry.Definition{Type: r.Type, Text: r.Schema, References: r.References, Metadata: r.Metadata, RuleSet: r.RuleSet})
}

func (r *registerRequest) registration(normalize bool) registration {
	reg := registration{Definition: r.definition(), id: -1, version: r.Version, normalize: normalize}
	if r.ID != nil {
		reg.id = max(*r.ID, -1)
	}
	return reg
}

// schemaBody is a schema, with as much around it as the question was about.
type schemaBody struct {
	Subject      string               `json:"subject,omitempty"`
	Version      int                  `json:"version,omitempty"`
	ID           *int                 `json:"id,omitempty"`
	GUID         string               `json:"guid,omitempty"`
	Type         string               `json:"schemaType,omitempty"`
	References   []registry.Reference `json:"references,omitempty"`
	Metadata     *registry.Metadata   `json:"metadata,omitempty"`
	RuleSet      *registry.RuleSet    `json:"ruleSet,omitempty"`
	Schema       string               `json:"schema"`
	MaxID        int                  `json:"maxId,omitempty"`
	Time         int64                `json:"ts,omitempty"`
	Deleted      *bool                `json:"deleted,omitempty"`
	Aliases      []string             `json:"aliases,omitempty"`
	Associations []*association       `json:"associations,omitempty"`
}

// bodyOf is a version as GET shows it.
func bodyOf(v *version) *schemaBody {
	a := registerBody(v)
	a.Subject, a.Time, a.Deleted = v.subject, v.time, &v.deleted
	return a
}

// lookupBody is a version as a lookup shows it.
func lookupBody(v *version) *schemaBody {
	a := registerBody(v)
	a.Subject = v.subject
	return a
}

// registerBody is a version as registering it shows it.
func registerBody(v *version) *schemaBody {
	e := v.entry
	return &schemaBody{
		Version: v.number, ID: &e.ID, GUID: e.guid, Type: e.definition.Type, References: e.definition.References,
		Metadata: e.definition.Metadata, RuleSet: e.definition.RuleSet, Schema: e.definition.Text,
	}
}

// errorAnswer is how a registry says no.
type errorAnswer struct {
	Code    int    `json:"error_code"`
	Message string `json:"message"`
}

// answer is what a request gets.
type answer struct {
	status int
	body   any // []byte: as it is; nil: nothing; schemaList: one by one; anything else: JSON
}

// schemaList is a list that is written one by one: together its schemas may take far
// more than there is memory for.
type schemaList []*schemaBody

func (l schemaList) write(w http.ResponseWriter) {
	separator := []byte("[")
	for _, s := range l {
		w.Write(separator)
		if _, err := w.Write(encode(s)); err != nil {
			return // the client is gone
		}
		separator = []byte(",")
	}
	if len(l) == 0 {
		w.Write(separator)
	}
	w.Write([]byte("]"))
}

func ok(body any) answer { return answer{status: http.StatusOK, body: body} }

func (a answer) write(w http.ResponseWriter, accept string) {
	body, isBytes := a.body.([]byte)
	list, isList := a.body.(schemaList)
	if !isBytes && !isList && a.body != nil {
		body = encode(a.body)
	}
	if a.body != nil {
		w.Header()["Content-Type"] = jsonHeader
		if strings.Contains(accept, "application/json") && !strings.Contains(accept, "schemaregistry") {
			w.Header()["Content-Type"] = plainHeader
		}
	}
	w.WriteHeader(a.status)
	if isList {
		list.write(w)
		return
	}
	w.Write(body) // the client is gone if this fails
}

// contentType is what registries speak ("Schema Registry API", Confluent documentation,
// "Content Types").
const contentType = "application/vnd.schemaregistry.v1+json"

// jsonHeader and plainHeader are shared by all answers: headers are only read. The
// second is for those who ask for plain JSON.
var (
	jsonHeader  = []string{contentType}
	plainHeader = []string{"application/json"}
)

// encode writes JSON as registries do: on one line, and without escapes for HTML.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil // our own types: cannot fail
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// list is a list that is written as [] if it is empty.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

// httpError is an answer that has no error of its own.
type httpError struct{ registry.Response }

func (e *httpError) Error() string { return e.Message }

func errHTTP(status int, message string) error {
	return &httpError{registry.Response{Status: status, Code: status, Message: message}}
}

func errNoSuchPath() error { return errHTTP(http.StatusNotFound, "HTTP 404 Not Found") }

// refuse is the answer for an error.
func refuse(err error) answer {
	r := registry.Response{Status: http.StatusInternalServerError, Code: http.StatusInternalServerError, Message: "Internal Server Error"}
	if found, is := errors.AsType[*registry.NotFoundError](err); is {
		r = found.Response
	} else if found, is := errors.AsType[*registry.InvalidError](err); is {
		r = found.Response
	} else if found, is := errors.AsType[*registry.ConflictError](err); is {
		r = found.Response
	} else if found, is := errors.AsType[*registry.UnavailableError](err); is {
		r = found.Response
	} else if found, is := errors.AsType[*httpError](err); is {
		r = found.Response
	} else if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		r = registry.Response{Status: http.StatusServiceUnavailable, Code: http.StatusServiceUnavailable, Message: "The request has ended"} // nobody is there to read it
	}
	return answer{status: r.Status, body: errorAnswer{Code: r.Code, Message: r.Message}}
}

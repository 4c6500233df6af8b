package memory

import (
	"cmp"
	"net/http"

	"github.com/kavro/kavro/internal/subjectname"
)

// associations answers a listing.
func associations(r *request, f associationFilter) (answer, error) {
	c, err := r.call()
	if err != nil {
		return answer{}, err
	}
	f.parts, f.lifecycle = r.values["associationType"], r.values.Get("lifecycle")
	if f.lifecycle != "" && f.lifecycle != strong && f.lifecycle != weak || !r.aboutTopics() {
		return ok([]string{}), nil
	}
	found, err := r.findAssociations(r.Context(), f)
	if err != nil {
		return answer{}, err
	}
	c.Limit = atMost(c.Limit, maxSchemas)
	return ok(list(page(found, c))), nil
}

// aboutTopics reports whether the kind of resource, if one is named, exists.
func (r *request) aboutTopics() bool {
	return cmp.Or(r.values.Get("resourceType"), topicResource) == topicResource
}

func associationsBySubject(r *request) (answer, error) {
	return associations(r, associationFilter{subject: subjectname.Full(r.subject())})
}

func associationsByResource(r *request) (answer, error) {
	return associations(r, associationFilter{resource: r.args[0]})
}

func associationsByName(r *request) (answer, error) {
	f := associationFilter{namespace: r.args[0], name: r.args[1]}
	if f.namespace == anyResource {
		f.namespace = ""
	}
	if f.name == anyResource {
		f.name = ""
	}
	return associations(r, f)
}

func createAssociation(r *request) (answer, error) { return changeAssociations(r, true) }

func putAssociation(r *request) (answer, error) { return changeAssociations(r, false) }

func changeAssociations(r *request, create bool) (answer, error) {
	var body associationRequest
	if err := readBody(r.writer, r.Request, r.settings.maxBody, &body); err != nil {
		return answer{}, err
	}
	if !create {
		if body.Resource != "" && body.Resource != r.args[0] {
			return answer{}, errInvalidAssociation("resourceId", "Resource ID in the path parameter does not match the resource ID in the request body")
		}
		body.Resource = r.args[0]
	}
	a, err := r.associate(r.Context(), r.inContextOfPath(""), body, create, r.flag("dryRun"))
	return ok(a), err
}

func deleteAssociations(r *request) (answer, error) {
	f := associationFilter{resource: r.args[0], parts: r.values["associationType"]}
	if !r.aboutTopics() {
		return answer{}, errAssociationNotFound(f.resource)
	}
	err := r.dissociate(r.Context(), f, r.flag("cascadeLifecycle"), r.flag("dryRun"))
	return answer{status: http.StatusNoContent}, err
}

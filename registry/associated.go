package registry

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/kavro/kavro/internal/exactjson"
	"github.com/kavro/kavro/internal/oneline"
	"github.com/kavro/kavro/registry/transport"
)

// Association says that a subject belongs to the keys or the values of a topic.
type Association struct {
	Subject      string `json:"subject"`
	ResourceName string `json:"resourceName"`      // the topic
	ResourceNS   string `json:"resourceNamespace"` // the Kafka cluster
	ResourceID   string `json:"resourceId"`
	Part         string `json:"associationType"` // key or value
	Lifecycle    string `json:"lifecycle"`       // STRONG or WEAK
	Frozen       bool   `json:"frozen"`
}

// Associated returns the subjects that the registry associates with the keys or
// the values of a topic; part is "key" or "value", cluster the id of a Kafka
// cluster or "" for any. There may be none: of a registry that does not know
// associations at all (404, 405 or 501, whatever the body), always. Either
// answer lives as long as one about what is latest.
func (c *Client) Associated(ctx context.Context, cluster, topic, part string) ([]Association, error) {
	if cluster == "" {
		cluster = anyCluster
	}
	return c.associations.get(ctx, associationKey{cluster, topic, part})
}

// askAssociations is one request for what associationKey says. If the registry is
// unavailable, an answer from a file will do.
func (c *Client) askAssociations(ctx context.Context, call transport.Call, key associationKey) ([]Association, time.Time, error) {
	stored := c.files.load(c.associations.name, key.full(), func(s *storedAnswer) error {
		for _, a := range s.Associations {
			if err := key.check(a); err != nil {
				return err
			}
		}
		return nil
	})
	if stored != nil {
		call.Once = true
	}
	at := time.Now()
	list, err := c.associationsNow(ctx, call, key)
	switch {
	case err == nil:
		c.write(&storedAnswer{Kind: c.associations.name, Key: key.full(), At: at, Associations: list})
		return list, at, nil
	case stored == nil || !unavailable(err) || !c.associations.usable(time.Since(stored.At)):
		return nil, at, err
	}
	c.associations.tell(EventFallback, key, time.Since(stored.At), err)
	return stored.Associations, stored.At, nil
}

// associationsNow returns a list that is not nil.
func (c *Client) associationsNow(ctx context.Context, call transport.Call, key associationKey) ([]Association, error) {
	var list []Association
	path := withQuery(apiPath("associations", "resources", key.cluster, key.topic), "resourceType", "topic", "associationType", key.part)
	_, err := c.answer(ctx, call, http.MethodGet, path, key.String(), nil, readList(&list, key.check))
	if noSuchEndpoint(err) || permanentFailure(err) || err == nil && list == nil {
		return []Association{}, nil
	}
	return list, err
}

// check reports what is wrong with an association as an answer for key. What a
// registry does not say is as asked for.
func (k associationKey) check(a Association) error {
	other := func(got, want string) bool { return got != "" && !strings.EqualFold(got, want) }
	switch {
	case a.Subject == "" || !validName(a.Subject):
		return exactjson.Faultf("%q is not a subject", oneline.Short(a.Subject, 100))
	case other(a.Part, k.part):
		return exactjson.Faultf("it is about the %ss", oneline.Short(a.Part, 100))
	case a.ResourceName != "" && a.ResourceName != k.topic:
		return exactjson.Faultf("it is about topic %s", oneline.Short(a.ResourceName, 100))
	case k.cluster != anyCluster && a.ResourceNS != "" && a.ResourceNS != k.cluster:
		return exactjson.Faultf("it is about cluster %s", oneline.Short(a.ResourceNS, 100))
	case other(a.Lifecycle, "STRONG") && other(a.Lifecycle, "WEAK"):
		return exactjson.Faultf("%q is not a lifecycle", oneline.Short(a.Lifecycle, 100))
	}
	return nil
}

// anyCluster stands for whatever Kafka cluster a topic is in.
const anyCluster = "-"

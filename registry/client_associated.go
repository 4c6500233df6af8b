package registry

import (
	"context"
	"net/http"
	"time"
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
		cluster = "-"
	}
	return c.associations.get(ctx, associationKey{cluster, topic, part})
}

// askAssociations is one request for what associationKey says. If the registry is
// unavailable, an answer from a file will do.
func (c *Client) askAssociations(ctx context.Context, key associationKey) ([]Association, time.Time, error) {
	stored := c.files.load(c.associations.name, key.full())
	if stored != nil {
		ctx = withoutRetries(ctx)
	}
	at := time.Now()
	list, err := c.associationsNow(ctx, key)
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
func (c *Client) associationsNow(ctx context.Context, key associationKey) ([]Association, error) {
	list := []Association{}
	path := withQuery(apiPath("associations", "resources", key.cluster, key.topic), "resourceType", "topic", "associationType", key.part)
	err := c.ask(ctx, http.MethodGet, path, key.String(), nil, &list)
	if noSuchEndpoint(err) || permanentFailure(err) || err == nil && list == nil {
		return []Association{}, nil
	}
	return list, err
}

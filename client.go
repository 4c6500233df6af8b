package kavro

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/serde"
)

// Client is what the producers, consumers and pipelines of one program share: a
// configuration, one registry client with its cache, observers and a logger. Each of them
// has a Kafka client of its own, which it makes and closes.
//
// All methods are safe for concurrent use.
type Client struct {
	settings *settings
	conf     *configuration // of every constructor, unless WithConfig changes it
	driver   kafka.Driver

	mu       sync.Mutex
	closed   bool
	registry *registry.Client // made when it is first needed
	admin    kafka.Admin      // likewise
	parts    []*part          // what was made and is not closed, in order
}

// part is a producer, a consumer or a pipeline of a Client.
type part struct {
	role  role
	ids   map[string]string           // transactional.id and group.instance.id, where it has them
	close func(context.Context) error // nil: it is being made
}

// SchemaRegistry is what producers and consumers ask of a registry. [registry.Client] is
// one, and so is [github.com/kavro/kavro/registry/memory.Registry].
type SchemaRegistry interface {
	serde.SchemaRegistrar
	serde.SchemaSource
}

// Open prepares a Client. It touches no network, and changes nothing in conf.
//
// The error tells everything that is wrong, joined: a [*ConfigError] for each key that is
// unknown or has a value that cannot be read, and each option that contradicts another.
// Keys that are wrong for a producer or a consumer are an error of that constructor.
func Open(conf Config, opts ...ClientOption) (*Client, error) {
	s := newSettings(opening)
	applyAll(s, opts, ClientOption.applyClient)
	s.checkClient()
	split := split(conf)
	driver, how := s.chooseDriver(split.own)
	split.errs = append(split.errs, checkKafka(split.kafka)...)
	if err := s.joined(split.errs...); err != nil {
		return nil, err
	}
	if logger := s.hooks.Logger; logger != nil {
		logger.Info("kavro: Kafka client chosen", slog.String("client", driver.Name()), slog.String("why", how))
	}
	s.warnHooks(s.hooks, split.kafka)
	if keys := split.registry.Keys; s.registry != nil && len(keys) > 0 {
		s.log().Warn("kavro: keys of the configuration that have no effect, because WithRegistry gives a registry", slog.Any("keys", keys))
	}
	return &Client{settings: s, conf: split, driver: driver}, nil
}

// made returns an error if c was not made by Open.
func (c *Client) made() error {
	switch {
	case c == nil:
		return errors.New("kavro: the client is nil: make one with Open")
	case c.settings == nil:
		return errors.New("kavro: the client is empty: make one with Open")
	}
	return nil
}

// Registry returns the registry client that all serializers and deserializers share.
// [Client.Close] closes it. It touches no network.
//
// The error is a [*ConfigError] if the configuration names no registry, and [ErrClosed]
// after Close. With [WithRegistry], it is the one given there if that is a
// registry.Client, else an error.
func (c *Client) Registry() (*registry.Client, error) {
	if err := c.made(); err != nil {
		return nil, err
	}
	if given := c.settings.registry; given != nil {
		if own, ok := given.(*registry.Client); ok {
			return own, nil
		}
		return nil, fmt.Errorf("kavro: Registry: WithRegistry gave %s", count.A(fmt.Sprintf("%T", given)))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, kafka.ErrClosed
	}
	if c.registry == nil {
		r, err := c.conf.registry.New(c.settings.forRegistry()...)
		if err != nil {
			return nil, err
		}
		c.registry = r
	}
	return c.registry, nil
}

// schemas returns the registry that serializers and deserializers ask.
func (c *Client) schemas() (SchemaRegistry, error) {
	if c.settings.registry != nil {
		return c.settings.registry, nil
	}
	r, err := c.Registry()
	if err != nil {
		return nil, err // and not an interface that holds a nil
	}
	return r, nil
}

// Ping asks a broker, and the registry if the configuration names one, whether they
// answer and take the credentials. It waits within ctx. The error joins both causes: a
// [*KafkaError], and one of package registry.
func (c *Client) Ping(ctx context.Context) error {
	if err := c.made(); err != nil {
		return err
	}
	if err := begun(ctx, "Ping"); err != nil {
		return err
	}
	var errs [2]error
	var both sync.WaitGroup
	both.Go(func() { errs[0] = c.pingBrokers(ctx) })
	both.Go(func() { errs[1] = c.pingRegistry(ctx) })
	both.Wait()
	return errors.Join(errs[:]...)
}

func (c *Client) pingBrokers(ctx context.Context) error {
	admin, err := c.admins()
	if err == nil {
		err = admin.Ping(ctx)
	}
	if err != nil {
		return fmt.Errorf("kavro: Ping: brokers: %w", err)
	}
	return nil
}

// pingRegistry asks for the types of schemas, which needs no rights on any subject. A
// registry that does not know the question answers too.
func (c *Client) pingRegistry(ctx context.Context) error {
	if c.settings.registry == nil && c.conf.registry.URLs == "" {
		return nil
	}
	r, err := c.schemas()
	if err == nil {
		if asked, ok := r.(interface {
			Types(context.Context) ([]string, error)
		}); ok {
			_, err = asked.Types(ctx)
		}
	}
	switch _, answered := errors.AsType[*registry.NotFoundError](err); {
	case err == nil || answered:
		return nil
	case strings.HasPrefix(err.Error(), "registry: "):
		return fmt.Errorf("kavro: Ping: %w", err)
	}
	return fmt.Errorf("kavro: Ping: registry: %w", err)
}

// begun returns an error if ctx had ended before a call began, which then has nothing to say of
// brokers: the context's and its cause.
func begun(ctx context.Context, call string) error {
	ended, cause := ctx.Err(), context.Cause(ctx)
	switch {
	case ended == nil:
		return nil
	case errors.Is(cause, ended):
		return fmt.Errorf("kavro: %s: %w", call, cause)
	}
	return fmt.Errorf("kavro: %s: %w: %w", call, ended, cause)
}

// CreateTopics makes topics, and waits within ctx until the brokers have made them. The
// error joins a [*KafkaError] for each topic that was not made; code 36 is a topic that
// exists.
func (c *Client) CreateTopics(ctx context.Context, topics ...NewTopic) error {
	if err := c.made(); err != nil {
		return err
	}
	if err := begun(ctx, "CreateTopics"); err != nil {
		return err
	}
	admin, err := c.admins()
	if err != nil {
		return err
	}
	return admin.CreateTopics(ctx, topics...)
}

// admins returns the admin client, made when it is first needed.
func (c *Client) admins() (kafka.Admin, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, kafka.ErrClosed
	}
	if c.admin == nil {
		a, err := c.driver.NewAdmin(c.conf.kafka, c.settings.hooks)
		if err != nil {
			return nil, err
		}
		c.admin = a
	}
	return c.admin, nil
}

// Close closes what was made from the client and is not closed yet, all at once, and then
// the registry client. ctx bounds it as it bounds the Close of each. It is idempotent; if
// something could not be closed within ctx, it may be called again. Close a consumer
// before the producer that its handler uses.
func (c *Client) Close(ctx context.Context) error {
	if err := c.made(); err != nil {
		return err
	}
	c.mu.Lock()
	c.closed = true
	parts := slices.Clone(c.parts)
	c.mu.Unlock()
	errs := make([]error, len(parts), len(parts)+1)
	var all sync.WaitGroup
	for i, p := range parts {
		if p.close != nil {
			all.Go(func() { errs[i] = p.close(ctx) })
		}
	}
	all.Wait()

	return errors.Join(append(errs, c.closeShared(ctx))...)
}

// closeShared closes what the parts share, if the client is closed and no part is left. Both
// may be closed again: what failed is tried again by the next Close.
func (c *Client) closeShared(ctx context.Context) error {
	c.mu.Lock()
	admin, r := c.admin, c.registry
	inUse := !c.closed || len(c.parts) > 0
	c.mu.Unlock()
	if inUse {
		return nil
	}
	var errs []error
	if admin != nil {
		errs = append(errs, admin.Close(ctx))
	}
	if r != nil {
		errs = append(errs, r.Close())
	}
	return errors.Join(errs...)
}

// reserve makes room for a producer, a consumer or a pipeline. It is an error if one that
// is open has the same transactional.id or group.instance.id: brokers would fence it.
func (c *Client) reserve(r role, conf kafka.Config) (*part, error) {
	p := &part{role: r, ids: map[string]string{}}
	for _, key := range []string{"transactional.id", "group.instance.id"} {
		if key == "transactional.id" && r == consuming || key == "group.instance.id" && r == producing {
			continue
		}
		if id, err := conf.String(key, ""); err == nil && id != "" { // what is no text is the driver's to refuse
			p.ids[key] = id
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, kafka.ErrClosed
	}
	for _, other := range c.parts {
		for key, id := range p.ids {
			if other.ids[key] == id {
				return nil, &kafka.ConfigError{Key: key, Reason: fmt.Sprintf("%q is that of another %s of this client, which would be fenced", id, other.role)}
			}
		}
	}
	c.parts = append(c.parts, p)
	return p, nil
}

// complete says how to close p. It is an error if the client was closed meanwhile.
func (c *Client) complete(p *part, close func(context.Context) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return kafka.ErrClosed
	}
	p.close = close
	return nil
}

// release takes p out again: it is closed, or was never made. The last one that is
// released after Close closes what is shared.
func (c *Client) release(ctx context.Context, p *part) error {
	c.mu.Lock()
	c.parts = slices.DeleteFunc(c.parts, func(o *part) bool { return o == p })
	c.mu.Unlock()
	return c.closeShared(ctx)
}

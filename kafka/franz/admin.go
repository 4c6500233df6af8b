package franz

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/kavro/kavro/internal/clienterr"
	"github.com/kavro/kavro/kafka"
)

// NewAdmin makes an admin client. It does not wait for the network. conf may hold the keys
// of producers and consumers too. The error is a [*kafka.ConfigError].
func NewAdmin(conf kafka.Config, hooks kafka.Hooks) (kafka.Admin, error) {
	s, err := parse(conf, 0)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	errs := clienterr.New(hooks)
	errs.ExpectAnswer(strings.Join(s.brokers, ","))
	opts, err := s.clientOpts(ctx, hooks, errs)
	if err != nil {
		cancel()
		return nil, err
	}
	cl, err := newClient(opts)
	if err != nil {
		cancel()
		return nil, err
	}
	return &admin{cl: cl, errs: errs, cancel: cancel}, nil
}

// admin is a kafka.Admin over one kgo.Client.
type admin struct {
	cl     *kgo.Client
	errs   *clienterr.Tracker
	cancel context.CancelFunc
	closed atomic.Bool
}

// ask runs f, which asks a broker. Its error is ErrClosed after Close, which kgo has several
// errors for, else f's with the client's last error.
func ask[T any](ctx context.Context, a *admin, f func(context.Context) (T, error)) (T, error) {
	v, err := await(ctx, f)
	if err != nil && a.closed.Load() {
		return v, kafka.ErrClosed
	}
	return v, a.errs.Explain(convert(err))
}

// Ping implements kafka.Admin. kgo asks each broker once.
func (a *admin) Ping(ctx context.Context) error {
	_, err := ask(ctx, a, func(ctx context.Context) (none struct{}, err error) { return none, a.cl.Ping(ctx) })
	return err
}

// Partitions implements kafka.Metadata.
func (a *admin) Partitions(ctx context.Context, topic string) ([]int32, error) {
	return ask(ctx, a, func(ctx context.Context) ([]int32, error) { return partitions(ctx, a.cl, topic) })
}

// CreateTopics implements kafka.Admin.
func (a *admin) CreateTopics(ctx context.Context, topics ...kafka.NewTopic) error {
	if len(topics) == 0 {
		return nil
	}
	req := kmsg.NewPtrCreateTopicsRequest()
	for _, t := range topics {
		req.Topics = append(req.Topics, creation(t))
	}
	resp, err := ask(ctx, a, func(ctx context.Context) (*kmsg.CreateTopicsResponse, error) { return req.RequestWith(ctx, a.cl) })
	if err != nil {
		return err
	}
	var errs []error
	for _, t := range resp.Topics {
		if err := kerr.TypedErrorForCode(t.ErrorCode); err != nil {
			errs = append(errs, creationError(t, err))
		}
	}
	return errors.Join(errs...)
}

// creation is t as the protocol has it: -1 leaves a number to the broker.
func creation(t kafka.NewTopic) kmsg.CreateTopicsRequestTopic {
	c := kmsg.NewCreateTopicsRequestTopic()
	c.Topic = t.Name
	c.NumPartitions, c.ReplicationFactor = cmp.Or(t.Partitions, -1), cmp.Or(t.ReplicationFactor, -1)
	for name, value := range t.Config {
		setting := kmsg.NewCreateTopicsRequestTopicConfig()
		setting.Name, setting.Value = name, kmsg.StringPtr(value)
		c.Configs = append(c.Configs, setting)
	}
	return c
}

// creationError is why a broker has not made t, in the broker's own words where it has any.
func creationError(t kmsg.CreateTopicsResponseTopic, ke *kerr.Error) error {
	e := &kafka.Error{Topic: t.Topic, Partition: -1, Err: ke}
	fromBroker(e, ke)
	if t.ErrorMessage != nil && *t.ErrorMessage != "" {
		e.Err = &brokerError{ke, *t.ErrorMessage}
	}
	return e
}

// brokerError is an error of the protocol in the words of a broker.
type brokerError struct {
	err     *kerr.Error
	message string
}

func (e *brokerError) Error() string { return e.err.Message + ": " + e.message }
func (e *brokerError) Unwrap() error { return e.err }

// Close implements kafka.Admin.
func (a *admin) Close(ctx context.Context) error {
	if a.closed.Swap(true) {
		return nil
	}
	a.errs.Close()
	a.cancel()
	released := make(chan struct{})
	go func() {
		defer close(released)
		a.cl.Close()
	}()
	awaitClosed(ctx, released)
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/kavro/kavro"
	"github.com/kavro/kavro/avroproducer"
	"github.com/kavro/kavro/integration/internal/events"
	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/registry"
)

const (
	partitions = 6
	members    = 2 // of a line's group
)

// line is one client's topic, its producer and its group. Each event has a number
// within its partition, so that a gap is a loss.
type line struct {
	*soak
	client string
	topic  string

	mu        sync.Mutex
	producer  *events.Producer
	group     []*member
	produced  [partitions]int64 // the next number
	handled   [partitions]int64 // the number after the highest that was handled
	lost      int64             // numbers that were passed over
	repeats   int64
	failed    int64 // delivery reports with an error
	producers int   // made so far
	members   int
}

type member struct {
	consumer *events.Consumer
	ended    chan struct{}
}

func newLine(ctx context.Context, s *soak, client string) (*line, error) {
	l := &line{soak: s, client: client, topic: "events-" + client}
	if err := s.broker.NewTopic(ctx, l.topic, partitions); err != nil {
		return nil, err
	}
	return l, errors.Join(l.open(), l.join(), l.join())
}

// conf is the configuration of all clients: they never give up, and come back
// soon when the broker does.
func (l *line) conf() kavro.Config {
	return kavro.Config{
		"bootstrap.servers": l.broker.Address, "schema.registry.url": l.registry.url,
		"group.id": l.topic, "auto.offset.reset": "earliest", "partition.assignment.strategy": "cooperative-sticky",
		"message.timeout.ms": int((2 * patience).Milliseconds()), "linger.ms": 5, "compression.type": "lz4",
		"reconnect.backoff.max.ms": 1000,
	}
}

// hooks count what the clients complain of.
func (l *line) hooks() kavro.Option {
	return kavro.WithHooks(kafka.Hooks{Logger: l.clients, Error: func(err error) {
		if e := (*kafka.Error)(nil); errors.As(err, &e) {
			l.did(fmt.Sprintf("%s says error %d", l.client, e.Code))
		}
	}})
}

// open makes a new producer, which knows no schema yet.
func (l *line) open() error {
	p, err := events.NewProducer(l.client, nil, l.conf(), l.hooks())
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.producer = p
	l.producers++
	return nil
}

// join adds a member to the group, which knows no schema yet.
func (l *line) join() error {
	c, err := events.NewConsumer(l.client, nil, l.conf(), []string{l.topic}, l.hooks(),
		kavro.WithConcurrency(partitions), kavro.WithAutoCommit(time.Second))
	if err != nil {
		return err
	}
	m := &member{consumer: c, ended: make(chan struct{})}
	go func() {
		defer close(m.ended)
		if err := c.Run(context.Background(), l.handle); !errors.Is(err, kafka.ErrClosed) {
			l.say("%s: a member ended: %v", l.client, err)
		}
	}()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.group = append(l.group, m)
	l.members++
	return nil
}

// leave closes the oldest member.
func (l *line) leave() {
	l.mu.Lock()
	m := l.group[0]
	l.group = l.group[1:]
	l.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := m.consumer.Close(ctx); err != nil {
		l.did(l.client + ": closing a member failed") // its last commit: what it covered is handled again
	}
	<-m.ended
}

func (l *line) handle(_ context.Context, m *events.Message) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	next := &l.handled[m.Partition]
	switch n := m.Value.N; {
	case n < *next:
		l.repeats++
	default:
		l.lost += n - *next
		*next = n + 1
	}
	return nil
}

// lag is how many records were produced and not handled.
func (l *line) lag() (n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p := range l.produced {
		n += l.produced[p] - l.handled[p]
	}
	return n
}

// produce keeps to the rate until ctx ends. What could not be sent while a part
// failed is sent when it works again.
func (l *line) produce(ctx context.Context, rate int) {
	began, sent := time.Now(), 0
	rnd := rand.New(rand.NewPCG(l.seed, 3))
	renewal := time.Now()
	for ctx.Err() == nil {
		if time.Since(renewal) > time.Minute {
			l.closeProducer()
			if err := l.open(); err != nil {
				l.say("%s: %v", l.client, err)
				return
			}
			renewal = time.Now()
		}
		due := int(time.Since(began).Seconds() * float64(rate))
		if sent >= due {
			time.Sleep(5 * time.Millisecond)
			continue
		}
		if l.send(rnd.Int32N(partitions)) {
			sent++
		} else {
			time.Sleep(100 * time.Millisecond)
		}
	}
}

const note = "a note of about a hundred bytes, which is what many events in many companies' topics are about"

// send produces the next event of a partition, and reports whether it is on its way.
func (l *line) send(partition int32) bool {
	// Not the run's context: what is begun when it ends is finished.
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	l.mu.Lock()
	n := l.produced[partition]
	l.produced[partition]++ // before it can be handled
	p := l.producer
	l.mu.Unlock()
	err := p.ProduceRecord(ctx, events.Record{Topic: l.topic, Partition: &partition, Key: fmt.Sprint(n % 1000),
		Value: events.Event{N: n, Note: note}, OnDelivery: l.report})
	if err == nil {
		return true
	}
	if unavailable := (*registry.UnavailableError)(nil); errors.As(err, &unavailable) {
		l.did("sending had to wait for the registry")
	} else {
		l.say("%s: %v", l.client, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.produced[partition]--
	return false
}

func (l *line) report(d avroproducer.Delivery) {
	if d.Err == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed++; l.failed == 1 {
		l.say("%s: %v", l.client, d.Err)
	}
}

// change replaces members now and then, until ctx ends.
func (l *line) change(ctx context.Context) {
	rnd := rand.New(rand.NewPCG(l.seed, 4))
	for l.pause(ctx, rnd, 10*time.Second, 60*time.Second) {
		l.leave()
		if err := l.join(); err != nil {
			l.say("%s: %v", l.client, err)
			return
		}
	}
}

// renew replaces all clients, and waits until the new ones work.
func (l *line) renew(ctx context.Context) {
	l.closeProducer()
	if err := l.open(); err != nil {
		l.say("%s: %v", l.client, err)
		return
	}
	for range members {
		l.leave()
		if err := l.join(); err != nil {
			l.say("%s: %v", l.client, err)
			return
		}
	}
	for p := range int32(partitions) {
		l.send(p)
	}
	for l.lag() > 0 && ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
	}
}

// closeProducer flushes and closes the producer.
func (l *line) closeProducer() {
	l.mu.Lock()
	p := l.producer
	l.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := p.Close(ctx); err != nil {
		l.say("%s: closing a producer: %v", l.client, err)
	}
}

func (l *line) close() {
	l.closeProducer()
	for len(l.group) > 0 {
		l.leave()
	}
}

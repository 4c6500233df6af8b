package memory

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/kavro/kavro/schemas"
)

// latestNumber stands for the newest version of a subject.
const latestNumber = -1

var errMemoryClosed = errors.New("registry: closed")

// Registry is a schema registry in this process: it gives ids, keeps versions,
// enforces levels, references, deletes, modes and contexts, and answers as
// Confluent's Schema Registry 8.5 does, with the same codes and messages.
// [Handler] serves it over HTTP; its methods are those of [registry.Client].
//
// What it knows of Avro is strict for new schemas and lenient for what it holds
// already. PROTOBUF and JSON schemas are kept as they come: they are not parsed,
// and no level is enforced among them.
//
// All methods are safe for concurrent use. Reading never waits for a change to be
// checked or written to disk. What the methods return is shared: read it only.
type Registry struct {
	conf   options
	parsed parsedRing
	heavy  chan struct{} // calls that take much, see work.go

	// changes is held from the last look at what a change depends on until it is made,
	// so that nothing comes between them; also while the log writes. What takes long
	// is done before (see work.go). Readers do not take it.
	changes sync.Mutex
	log     *logFile // nil: in memory only
	closed  bool     // guarded by changes

	// mu guards state. Whoever holds changes may read state without it, since
	// only they change it, and they hold mu while they do.
	mu    sync.RWMutex
	state *store
}

// An Option changes how a [Registry] works.
type Option func(*options)

type options struct {
	level   schemas.Level
	now     func() time.Time
	maxText int
	damaged bool // DropDamaged
	lazy    bool // WithoutSync
}

// WithLevel sets the compatibility level where none is configured. The default
// is [schemas.Backward].
func WithLevel(l schemas.Level) Option { return func(s *options) { s.level = l } }

// WithClock sets where times of registration come from. The default is
// [time.Now].
func WithClock(now func() time.Time) Option { return func(s *options) { s.now = now } }

// WithMaxText sets the largest schema that can be registered, in bytes, its
// references, metadata and rule set included. The default is 1 MiB, as with a Kafka
// topic for a store.
func WithMaxText(bytes int) Option { return func(s *options) { s.maxText = bytes } }

// New returns an empty registry, which forgets all when the process ends.
// [Open] returns one that does not. It panics if an option makes no sense:
// a size below 1, a nil clock, an option that is nil.
func New(opts ...Option) *Registry {
	m, err := newRegistry(opts)
	if err != nil {
		panic(err)
	}
	return m
}

func newRegistry(opts []Option) (*Registry, error) {
	conf := options{level: schemas.Backward, now: time.Now, maxText: 1 << 20}
	for i, opt := range opts {
		if opt == nil {
			return nil, fmt.Errorf("registry: option %d is nil", i+1)
		}
		opt(&conf)
	}
	if conf.maxText < 1 {
		return nil, fmt.Errorf("registry: WithMaxText: %d is below 1", conf.maxText)
	}
	if conf.now == nil {
		return nil, errors.New("registry: WithClock: the clock is nil")
	}
	return &Registry{conf: conf, state: newStore(), heavy: make(chan struct{}, max(runtime.GOMAXPROCS(0), 2))}, nil
}

// Close ends changes; reading goes on. A registry from [Open] releases its
// directory. It is safe to call Close more than once.
func (m *Registry) Close() error {
	m.changes.Lock()
	defer m.changes.Unlock()
	if m.closed {
		return nil
	}
	m.closed = true
	if m.log == nil {
		return nil
	}
	return m.log.close()
}

// commit makes events durable and then visible, all of them or none. The caller
// holds changes.
func (m *Registry) commit(events ...event) error {
	if m.closed {
		return errClosed()
	}
	if len(events) == 0 {
		return nil
	}
	if m.log != nil {
		if err := m.log.append(events); errors.Is(err, errChangeTooLarge) {
			return errRecordTooLarge(err)
		} else if err != nil {
			return errStore(err)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range events {
		if err := m.state.apply(e); err != nil {
			return errStore(err)
		}
	}
	return nil
}

// read calls f while nothing changes. f must not keep what it finds in maps or
// slices of the state; versions and schemas it may keep.
func (m *Registry) read(f func(s *store)) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	f(m.state)
}

// view is a way to look at what a registry holds: read for most, held for those who
// hold changes. Parsing and comparing, which may take long, look at it in passing
// and go on without.
type view func(f func(s *store))

// heldView calls f for those who hold changes.
func (m *Registry) heldView(f func(s *store)) { f(m.state) }

// begin starts a change: it takes the lock, unless ctx has ended.
func (m *Registry) begin(ctx context.Context) (end func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.changes.Lock()
	if err := ctx.Err(); err != nil {
		m.changes.Unlock()
		return nil, err
	}
	return m.changes.Unlock, nil
}

func (m *Registry) timestamp() int64 { return m.conf.now().UnixMilli() }

package franz

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/kavro/kavro/kafka"
)

// hangups is a listener whose connections all end while it is told so, new ones
// after they have read something: what a client sees of a broker that is killed
// just as it connects.
type hangups struct {
	net.Listener
	mu    sync.Mutex
	on    bool
	count int
	conns []net.Conn
}

func (h *hangups) Accept() (net.Conn, error) {
	c, err := h.Listener.Accept()
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.conns = append(h.conns, c)
	return &hangingUp{c, h}, nil
}

// start hangs up on everybody until stop.
func (h *hangups) start() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.on = true
	for _, c := range h.conns {
		c.Close()
	}
	h.conns = nil
}

func (h *hangups) stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.on = false
}

func (h *hangups) seen() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.count
}

type hangingUp struct {
	net.Conn
	h *hangups
}

func (c *hangingUp) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.h.mu.Lock()
	defer c.h.mu.Unlock()
	if c.h.on && n > 0 {
		c.h.count++
		// All that was sent is read, so that the client sees an end and not a reset.
		_ = c.Conn.SetReadDeadline(time.Now().Add(time.Millisecond))
		_, _ = io.Copy(io.Discard, c.Conn)
		c.Close()
		return 0, io.EOF
	}
	return n, err
}

// A broker that ends connections before its first answer is one that is going
// away: records wait for it, and so do those who read, as for any other.
func TestHangups(t *testing.T) {
	h := &hangups{}
	_, conf := misbehaving(t, kfake.ListenFn(func(network, address string) (net.Listener, error) {
		l, err := net.Listen(network, address)
		h.Listener = l
		return h, err
	}))
	conf["retry.backoff.ms"], conf["retry.backoff.max.ms"] = 1, 10
	told := make(chan error, 1)
	p, err := NewProducer(conf, kafka.Hooks{Error: func(err error) {
		select {
		case told <- err:
		default:
		}
	}})
	require.NoError(t, err)
	reported := make(chan error, 10)
	produce := func() {
		require.NoError(t, p.Produce(t.Context(), &kafka.Record{Topic: "topic", Partition: 0}, func(_ *kafka.Record, err error) { reported <- err }))
	}
	produce()
	require.NoError(t, <-reported)
	c, err := NewConsumer(conf, kafka.Hooks{})
	require.NoError(t, err)
	require.NoError(t, c.Subscribe([]string{"topic"}, nil))
	read := 0
	poll := func(ctx context.Context) {
		var b kafka.Batch
		if err := c.Poll(ctx, &b, 10); ctx.Err() == nil {
			require.NoError(t, err)
		}
		require.Empty(t, b.Errors)
		read += len(b.Records)
	}
	for read < 1 {
		poll(t.Context())
	}

	h.start()
	for range 10 {
		produce()
	}
	require.Equal(t, codeTransport, code(t, <-told))
	for h.seen() < 60 {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		poll(ctx)
		cancel()
		require.Empty(t, reported, "after %d", h.seen())
	}
	h.stop()
	for range 10 {
		require.NoError(t, <-reported)
	}
	for read < 11 {
		poll(t.Context())
	}
	require.NoError(t, c.Close(t.Context()))
	require.NoError(t, p.Close(t.Context()))
}

package kafkatest

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/kafka"
)

// foreignServer listens and calls serve for each connection. It returns the configuration to reach it.
func foreignServer(e *env, serve func(net.Conn)) kafka.Config {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	require.NoError(e, err)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			wg.Go(func() {
				defer c.Close()
				serve(c)
			})
		}
	})
	e.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return kafka.Config{"bootstrap.servers": l.Addr().String()}
}

// readSilently reads and never answers.
func readSilently(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// answerHTTP answers as an HTTP/1.1 server.
func answerHTTP(c net.Conn) {
	_, _ = c.Read(make([]byte, 1024))
	_, _ = fmt.Fprint(c, "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request")
}

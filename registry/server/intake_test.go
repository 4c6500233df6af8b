package server

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/registry/memory"
)

// serve serves a registry until the test ends.
func serve(t *testing.T, opts ...Option) (s *Server, address string) {
	s, err := New(memory.New(), opts...)
	require.NoError(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, end := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, ln) }()
	t.Cleanup(func() {
		end()
		<-done
	})
	return s, ln.Addr().String()
}

// dial connects and sends a text.
func dial(t *testing.T, address, text string) net.Conn {
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	_, err = io.WriteString(conn, text)
	require.NoError(t, err)
	return conn
}

// half is a request whose body is not complete.
func half(user, body string, length int) string {
	auth := ""
	if user != "" {
		r := http.Request{Header: http.Header{}}
		r.SetBasicAuth(user, user)
		auth = "Authorization: " + r.Header.Get("Authorization") + "\r\n"
	}
	return fmt.Sprintf("POST /subjects/x HTTP/1.1\r\nHost: r\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", auth, length, body)
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 2000 {
		if is() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	require.Fail(t, what)
}

func get(t *testing.T, address, path string) int {
	tr := &http.Transport{DisableKeepAlives: true}
	resp, err := (&http.Client{Transport: tr}).Get("http://" + address + path)
	require.NoError(t, err)
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	require.NoError(t, err)
	return resp.StatusCode
}

// Requests that are not complete take no slot, however many there are, and are cut off
// after a while.
func TestDrippingBodiesTakeNoSlot(t *testing.T) {
	s, address := serve(t, WithMaxRequests(1), WithMinRate(1000, 300*time.Millisecond))
	var conns []net.Conn
	for range 50 {
		conns = append(conns, dial(t, address, half("", "{", 1000)))
	}
	in := s.conns
	eventually(t, "all are there", func() bool { open, _ := in.counts(); return open >= 50 })
	require.Equal(t, 200, get(t, address, "/subjects"))
	for _, conn := range conns {
		answer, err := io.ReadAll(conn) // ends when the server closes
		require.NoError(t, err)
		require.Contains(t, string(answer), "408")
	}
}

// A body that comes at the minimum rate is taken, however long it takes; one that is
// slower is not.
func TestMinRate(t *testing.T) {
	in := &intake{rate: 100, patience: time.Second, request: time.Minute}
	start := time.Now()
	require.Equal(t, start.Add(time.Second), in.deadline(start, 0))
	require.Equal(t, start.Add(11*time.Second), in.deadline(start, 1000))
	require.Equal(t, start.Add(time.Minute), in.deadline(start, 1<<30))

	_, address := serve(t, WithMinRate(200, 200*time.Millisecond))
	body := `{"schema":"\"int\""}` + strings.Repeat(" ", 400)
	conn := dial(t, address, half("", "", len(body)))
	for part := range strings.SplitSeq(strings.ReplaceAll(body, "    ", "    |"), "|") {
		_, err := io.WriteString(conn, part) // 4 bytes each 5 ms
		require.NoError(t, err)
		time.Sleep(5 * time.Millisecond)
	}
	answer := make([]byte, 12)
	_, err := io.ReadFull(conn, answer)
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 404", string(answer))
}

// Bodies are counted by what they hold, not by what they say they will: together, and
// by client.
func TestBodiesAreBounded(t *testing.T) {
	const each = 1 << 20
	users, err := NewUsers(User{Name: "a", Password: "a"}, User{Name: "b", Password: "b"})
	require.NoError(t, err)
	for name, opts := range map[string][]Option{
		"together": {WithMaxBodies(8 * each), WithShare(100)},
		"by user":  {WithMaxBodies(16 * each), WithUsers(users)},
	} {
		t.Run(name, func(t *testing.T) {
			s, address := serve(t, opts...)
			in := s.in
			part := strings.Repeat(" ", each-100)
			var conns []net.Conn
			for range 4 {
				conns = append(conns, dial(t, address, half("a", part, each)))
			}
			eventually(t, "they are held", func() bool { taken, _ := in.held.counts(); return taken >= 4*(each-100) })
			for range 20 {
				conns = append(conns, dial(t, address, half("a", "", 9<<20))) // nothing of it has come
			}
			for range 20 {
				conn, err := net.Dial("tcp", address)
				require.NoError(t, err)
				conns = append(conns, conn)
				_, _ = io.WriteString(conn, half("a", part, each)) // the server may close it
			}
			eventually(t, "some are refused", func() bool { _, refused := in.held.counts(); return refused > 0 })
			taken, _ := in.held.counts()
			require.LessOrEqual(t, taken, int64(8*each))
			for _, conn := range conns {
				conn.Close()
			}
			eventually(t, "all is given back", func() bool { taken, _ := in.held.counts(); return taken == 0 })
			require.Empty(t, in.held.by)
		})
	}
}

// A body is held once, and as large as it is.
func TestBodyIsHeldOnce(t *testing.T) {
	body := bytes.Repeat([]byte(" "), 1<<20)
	copy(body, `{"schema":"\"int\""}`)
	in := &intake{held: newPool(64<<20, 100), maxBody: 10 << 20, rate: 1, patience: time.Second, request: time.Minute, slots: newPool(1, 100), logs: newLimitedLog(slog.New(slog.DiscardHandler))}
	in.next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		taken, _ := in.held.counts()
		require.EqualValues(t, len(body)+1, taken)
		held, ok := r.Body.(interface{ Bytes() []byte })
		require.True(t, ok)
		require.Equal(t, body, held.Bytes())
		w.WriteHeader(http.StatusNoContent)
	})
	w := httptest.NewRecorder()
	in.ServeHTTP(w, httptest.NewRequest("POST", "/", bytes.NewReader(body)))
	require.Equal(t, http.StatusNoContent, w.Code)
	taken, _ := in.held.counts()
	require.Zero(t, taken)
}

// Requests that are worked on are counted, together and by client; whose answer has
// begun is not one of them.
func TestMaxRequests(t *testing.T) {
	begin, answer, finish := make(chan struct{}), make(chan struct{}), make(chan struct{})
	in := &intake{
		logs: newLimitedLog(slog.New(slog.DiscardHandler)), held: newPool(64<<20, 100), slots: newPool(4, 50), maxBody: 1 << 20, rate: 1, patience: time.Second, request: time.Minute,
		next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				begin <- struct{}{}
				<-answer
				w.WriteHeader(200)
				begin <- struct{}{}
				<-finish
			}
		}),
	}
	ask := func(path, user, address string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", path, nil)
		r.RemoteAddr = address + ":1"
		if user != "" {
			r.SetBasicAuth(user, user)
		}
		w := httptest.NewRecorder()
		in.ServeHTTP(w, r)
		return w
	}
	var wg sync.WaitGroup
	slow := func(user, address string) {
		wg.Go(func() { ask("/slow", user, address) })
		<-begin
	}
	slow("a", "10.0.0.1")
	slow("a", "10.0.0.2")
	require.Equal(t, 503, ask("/", "a", "10.0.0.3").Code, "a user has a share")
	require.Equal(t, 200, ask("/", "b", "10.0.0.3").Code)
	slow("b", "10.0.0.1")
	require.Equal(t, 503, ask("/", "c", "10.0.0.1").Code, "an address has a share")
	require.Equal(t, 200, ask("/", "c", "10.0.0.3").Code)
	slow("", "fe80::1")
	w := ask("/", "c", "10.0.0.3")
	require.Equal(t, 503, w.Code, "all are taken")
	require.Equal(t, "1", w.Header().Get("Retry-After"))
	for range 4 {
		answer <- struct{}{}
		<-begin
	}
	require.Equal(t, 200, ask("/", "a", "10.0.0.1").Code, "what is being written takes no slot")
	close(finish)
	wg.Wait()
	taken, refused := in.slots.counts()
	require.Zero(t, taken)
	require.EqualValues(t, 3, refused)
}

// Who reads an answer too slowly is cut off.
func TestSlowReaders(t *testing.T) {
	in := &intake{
		logs: newLimitedLog(slog.New(slog.DiscardHandler)), held: newPool(1, 100), slots: newPool(1, 100), rate: 1 << 20, patience: 100 * time.Millisecond, request: time.Minute,
	}
	failed := make(chan error, 1)
	in.next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := w.Write(make([]byte, 64<<20))
		failed <- err
	})
	s := httptest.NewServer(in)
	defer s.Close()
	conn := dial(t, strings.TrimPrefix(s.URL, "http://"), "GET / HTTP/1.1\r\nHost: r\r\n\r\n")
	require.Error(t, <-failed)
	conn.Close()
}

// Connections that do nothing make room for others.
func TestMaxConnections(t *testing.T) {
	s, address := serve(t, WithMaxConnections(10), WithShare(100))
	var conns []net.Conn
	for range 30 {
		conns = append(conns, dial(t, address, "GET /subjects HTTP/1.1\r\nHost: ")) // half a header
	}
	eventually(t, "those that came first are closed", func() bool { _, closed := s.conns.counts(); return closed >= 20 })
	open, _ := s.conns.counts()
	require.LessOrEqual(t, open, int64(10))
	require.Equal(t, 200, get(t, address, "/subjects"), "others are answered")
	_, err := io.ReadAll(conns[0])
	if err != nil {
		require.NotErrorIs(t, err, context.DeadlineExceeded)
	}
}

// The connection to go is one that is idle, then one without a request, of those of the
// address if that has too many.
func TestSpaceForConnections(t *testing.T) {
	c := newConnections(4, 50)
	c.logs = newLimitedLog(slog.New(slog.DiscardHandler))
	conn := func(address string, state http.ConnState) net.Conn {
		n := &fakeConn{address: address}
		c.changed(n, http.StateNew)
		if state != http.StateNew {
			c.changed(n, state)
		}
		return n
	}
	closed := func(n net.Conn) bool { return n.(*fakeConn).closed }
	first := conn("10.0.0.1", http.StateNew)
	idle := conn("10.0.0.1", http.StateIdle)
	third := conn("10.0.0.1", http.StateNew)
	require.True(t, closed(idle))
	require.False(t, closed(first))
	busy := conn("10.0.0.2", http.StateActive)
	other := conn("10.0.0.2", http.StateActive)
	require.False(t, closed(third))
	fifth := conn("10.0.0.3", http.StateActive)
	require.True(t, closed(first), "the oldest without a request")
	none := conn("10.0.0.2", http.StateNew)
	require.True(t, closed(none), "its address has its share, all at work")
	require.False(t, closed(busy) || closed(other) || closed(fifth))
	for _, n := range []net.Conn{third, busy, other, fifth} {
		c.changed(n, http.StateClosed)
	}
	open, made := c.counts()
	require.Zero(t, open)
	require.EqualValues(t, 3, made)
	require.Empty(t, c.by)
}

type fakeConn struct {
	net.Conn
	address string
	closed  bool
}

func (c *fakeConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.ParseIP(c.address), Port: 1} }

func (c *fakeConn) Close() error {
	c.closed = true
	return nil
}

package server_test

import (
	"context"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/kavro/kavro/registry/memory"
	"github.com/kavro/kavro/registry/registrytest"
	"github.com/kavro/kavro/registry/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newServer(t *testing.T, opts ...server.Option) *server.Server {
	s, err := server.New(memory.New(), append([]server.Option{server.WithMetrics(&recorded{})}, opts...)...)
	require.NoError(t, err)
	return s
}

// start serves until the test ends, or end is called; ended is what Serve returns.
func start(t *testing.T, s *server.Server) (url string, end context.CancelFunc, ended <-chan error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, end := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, ln) }()
	t.Cleanup(end)
	return "http://" + ln.Addr().String(), end, done
}

// client is one whose connections end with the test.
func client(t *testing.T) *http.Client {
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// request makes a request to a handler itself; user is "name:password", or "".
func request(h http.Handler, method, target, user, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if name, password, ok := strings.Cut(user, ":"); ok {
		r.SetBasicAuth(name, password)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestServerIsTheRegistry runs the conformance suite through all that is around.
func TestServerIsTheRegistry(t *testing.T) {
	url, end, ended := start(t, newServer(t))
	c := client(t)
	registrytest.RunHTTP(t, c, url, registrytest.AllConfluent)
	c.CloseIdleConnections()
	end()
	require.NoError(t, <-ended)
}

func TestUsers(t *testing.T) {
	users, err := server.NewUsers(server.User{Name: "admin", Password: "a:b c"}, server.User{Name: "reader", Password: "r", ReadOnly: true})
	require.NoError(t, err)
	closed, open := newServer(t, server.WithUsers(users)).Handler(), newServer(t, server.WithUsers(users), server.WithOpenReads()).Handler()
	for _, h := range []http.Handler{closed, open} {
		require.Equal(t, 200, request(h, "POST", "/subjects/s/versions", "admin:a:b c", `{"schema":"\"int\""}`).Code)
	}
	const read, write = 1, 2
	for _, c := range []struct {
		method, path, body string
		kind               int
	}{
		{"GET", "/subjects", "", read},
		{"GET", "/schemas/ids/1", "", read},
		{"HEAD", "/schemas/ids/1", "", read},
		{"GET", "/metrics", "", read},
		{"POST", "/subjects/s", `{"schema":"\"int\""}`, read},
		{"POST", "/contexts/./subjects/s", `{"schema":"\"int\""}`, read},
		{"POST", "/compatibility/subjects/s/versions", `{"schema":"\"int\""}`, read},
		{"POST", "/compatibility/subjects/s/versions/latest", `{"schema":"\"int\""}`, read},
		{"POST", "/subjects/s/versions", `{"schema":"\"int\""}`, write},
		{"POST", "/contexts/.c/subjects/s/versions", `{"schema":"\"int\""}`, write},
		{"POST", "/subjects/s%2Fversions/versions", `{"schema":"\"int\""}`, write},
		{"PUT", "/config", `{"compatibility":"FULL"}`, write},
		{"PUT", "/mode/s", `{"mode":"READWRITE"}`, write},
		{"DELETE", "/mode/s", "", write},
		{"POST", "/associations", `{}`, write},
		{"DELETE", "/subjects/s", "", write},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			allowed := func(code int) bool { return code != 401 && code != 403 }
			ask := func(h http.Handler, user string) int { return request(h, c.method, c.path, user, c.body).Code }
			for _, user := range []string{"nobody:x", "admin:wrong", "admin:", ":"} {
				require.Equal(t, 401, ask(closed, user))
				require.Equal(t, 401, ask(open, user), "whoever says who they are must be right")
			}
			require.Equal(t, 401, ask(closed, ""))
			require.Equal(t, c.kind == read, allowed(ask(open, "")))
			if c.kind == read {
				require.True(t, allowed(ask(closed, "reader:r")))
			} else {
				require.Equal(t, 403, ask(closed, "reader:r"))
			}
			require.True(t, allowed(ask(closed, "admin:a:b c")))
		})
	}
	w := request(closed, "GET", "/subjects", "", "")
	require.Equal(t, `Basic realm="registry", charset="UTF-8"`, w.Header().Get("WWW-Authenticate"))
	require.JSONEq(t, `{"error_code":401,"message":"Unauthorized"}`, w.Body.String())
	require.JSONEq(t, `{"error_code":40301,"message":"This user may only read"}`, request(closed, "DELETE", "/subjects/s", "reader:r", "").Body.String())
	require.Equal(t, 200, request(closed, "GET", "/health", "", "").Code)
}

func TestReadUsers(t *testing.T) {
	users, err := server.ReadUsers(strings.NewReader("# comment\n\nadmin:a:b c\n  ro reader:r  \nro:x\n"))
	require.NoError(t, err)
	h := newServer(t, server.WithUsers(users)).Handler()
	require.Equal(t, 200, request(h, "GET", "/subjects", "admin:a:b c", "").Code)
	require.Equal(t, 200, request(h, "GET", "/subjects", "ro:x", "").Code)
	require.Equal(t, 403, request(h, "DELETE", "/subjects/s", "reader:r", "").Code)
	for text, want := range map[string]string{
		"a:b\nsecret-without-colon": "line 2: no colon",
		"a:b\na:c":                  `user "a" is there twice`,
		":secret":                   "no name",
		"a:":                        `user "a" has no password`,
		"":                          "nobody is in the file",
		"# secret\n\n":              "nobody is in the file",
	} {
		_, err := server.ReadUsers(strings.NewReader(text))
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "secret")
	}
	_, err = server.NewUsers(server.User{Name: "a:b", Password: "c"})
	require.Error(t, err)
}

// TestEndLetsRequestsFinish ends the server while a request is under way.
func TestEndLetsRequestsFinish(t *testing.T) {
	url, end, ended := start(t, newServer(t))
	body, writer := io.Pipe()
	answered := make(chan int, 1)
	var wg sync.WaitGroup
	wg.Go(func() {
		req, err := http.NewRequestWithContext(t.Context(), "POST", url+"/subjects/s/versions", body)
		if err != nil {
			t.Error(err)
			return
		}
		resp, err := client(t).Do(req)
		if err != nil {
			t.Error(err)
			answered <- 0
			return
		}
		resp.Body.Close()
		answered <- resp.StatusCode
	})
	_, err := io.WriteString(writer, `{"schema":`) // the request has begun
	require.NoError(t, err)
	waitForRequest(t, url)
	end()
	_, err = io.WriteString(writer, `"\"int\""}`)
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	require.Equal(t, 200, <-answered)
	require.NoError(t, <-ended)
	wg.Wait()
}

// waitForRequest waits until the server says that it is answering two requests:
// the one before, and this one.
func waitForRequest(t *testing.T, url string) {
	c := client(t)
	for range 1000 {
		resp, err := c.Get(url + "/metrics")
		require.NoError(t, err)
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		require.NoError(t, err)
		if strings.Contains(string(text), " 2 in flight") {
			c.CloseIdleConnections()
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("the request never began")
}

// TestEndHasItsTime ends the server while a request never ends.
func TestEndHasItsTime(t *testing.T) {
	url, end, ended := start(t, newServer(t, server.WithGrace(time.Millisecond)))
	body, writer := io.Pipe()
	var wg sync.WaitGroup
	wg.Go(func() {
		req, err := http.NewRequestWithContext(t.Context(), "POST", url+"/subjects/s/versions", body)
		if err != nil {
			t.Error(err)
			return
		}
		if resp, err := client(t).Do(req); err == nil {
			resp.Body.Close()
		}
	})
	_, err := io.WriteString(writer, `{"schema":`)
	require.NoError(t, err)
	waitForRequest(t, url)
	end()
	require.ErrorIs(t, <-ended, context.DeadlineExceeded)
	writer.Close()
	wg.Wait()
}

// TestTimeLimits sends requests that are never finished: the server closes their
// connections, and answers others meanwhile.
func TestTimeLimits(t *testing.T) {
	url, end, ended := start(t, newServer(t, server.WithTimeouts(50*time.Millisecond, 100*time.Millisecond, 50*time.Millisecond)))
	for name, sent := range map[string]string{
		"half a header": "GET /subjects HTTP/1.1\r\nHost: ",
		"half a body":   "POST /subjects/s/versions HTTP/1.1\r\nHost: r\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
		"nothing more":  "GET /health HTTP/1.1\r\nHost: r\r\n\r\n",
		"nothing":       "",
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		require.NoError(t, err)
		_, err = io.WriteString(conn, sent)
		require.NoError(t, err)
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(time.Minute)))
		answer, err := io.ReadAll(conn) // ends when the server closes
		require.NoError(t, err, name)
		require.Equal(t, name == "nothing more", strings.Contains(string(answer), " 200 OK"), "%s: %s", name, answer)
		require.Equal(t, name == "half a body", strings.Contains(string(answer), "408"), "%s: %s", name, answer)
		require.NoError(t, conn.Close())
	}
	end()
	require.NoError(t, <-ended)
}

func TestOptions(t *testing.T) {
	for name, opt := range map[string]server.Option{
		"no requests":    server.WithMaxRequests(0),
		"no bytes":       server.WithMaxBodies(0),
		"no connections": server.WithMaxConnections(0),
		"no share":       server.WithShare(0),
		"too much":       server.WithShare(101),
		"no rate":        server.WithMinRate(0, time.Second),
		"no patience":    server.WithMinRate(1, 0),
		"no time":        server.WithTimeouts(time.Second, 0, time.Second),
		"negative grace": server.WithGrace(-1),
		"open to whom":   server.WithOpenReads(),
	} {
		_, err := server.New(memory.New(), opt)
		require.Error(t, err, name)
	}
	for option, opt := range map[string]server.Option{
		"WithUsers":   server.WithUsers(nil),
		"WithTLS":     server.WithTLS(nil),
		"WithLogger":  server.WithLogger(nil),
		"WithHandler": server.WithHandler(memory.BasicAPI(), nil),
		"option 1":    nil,
		"WithMaxBody": server.WithHandler(memory.WithMaxBody(0)),
	} {
		_, err := server.New(memory.New(), opt)
		require.ErrorContains(t, err, option)
	}
	_, err := server.New(memory.New(), server.WithUsers(nil), server.WithTLS(nil))
	require.ErrorContains(t, err, "WithUsers")
	require.ErrorContains(t, err, "WithTLS")
	_, err = server.New(nil)
	require.ErrorContains(t, err, "server: New needs a registry")
	h := newServer(t, server.WithHandler(memory.WithMaxBody(10))).Handler()
	require.Equal(t, 413, request(h, "PUT", "/config", "", `{"compatibility":"FULL"}`).Code)
}

// The greatest value of an option is as good as any other: it means no limit.
func TestGreatestLimits(t *testing.T) {
	const most = math.MaxInt
	for name, opt := range map[string]server.Option{
		"WithMaxRequests":    server.WithMaxRequests(most),
		"WithMaxBodies":      server.WithMaxBodies(most),
		"WithMaxConnections": server.WithMaxConnections(most),
		"WithMinRate":        server.WithMinRate(most, most),
		"WithTimeouts":       server.WithTimeouts(most, most, most),
		"WithMaxBody":        server.WithHandler(memory.WithMaxBody(most)),
		"WithGrace":          server.WithGrace(most),
	} {
		t.Run(name, func(t *testing.T) {
			url, end, ended := start(t, newServer(t, opt, server.WithShare(100)))
			c, statuses := client(t), make(chan string)
			for range 8 {
				go func() {
					resp, err := c.Post(url+"/subjects/s/versions", "application/json", strings.NewReader(`{"schema":"\"int\""}`))
					if err != nil {
						statuses <- err.Error()
						return
					}
					resp.Body.Close()
					statuses <- resp.Status
				}()
			}
			for range 8 {
				require.Equal(t, "200 OK", <-statuses)
			}
			c.CloseIdleConnections()
			end()
			require.NoError(t, <-ended)
		})
	}
}

func TestAddressInUse(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	require.Error(t, newServer(t).ListenAndServe(t.Context(), ln.Addr().String()))
}

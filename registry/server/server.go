package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/kavro/kavro/registry/memory"
)

// Server serves a registry over HTTP. It does not own the registry: closing that
// is up to the caller, after the server has ended.
type Server struct {
	conf    settings
	handler http.Handler
	conns   *connections
	in      *intake
	logs    *limitedLog
}

// An Option changes how a [Server] works. One that is nil, or that is given nil where it needs
// something, is an error of [New]: a variable without a value must not open a registry to everybody.
type Option func(*settings)

type settings struct {
	users      *Users
	openReads  bool
	tls        *tls.Config
	handler    []memory.HandlerOption
	inFlight   int
	header     time.Duration
	request    time.Duration
	idle       time.Duration
	grace      time.Duration
	maxHeaders int
	maxBodies  int64
	maxConns   int
	share      int // percent
	rate       int64
	patience   time.Duration
	logger     *slog.Logger
	metrics    Metrics
	missing    []error // options with nothing in them
}

// need notes an option that is given nothing.
func (s *settings) need(nothing bool, option, what string) {
	if nothing {
		s.missing = append(s.missing, fmt.Errorf("server: %s: %s is nil: leave the option out instead", option, what))
	}
}

// WithUsers asks for a user and a password (basic authentication). The default is
// to let everybody do everything.
func WithUsers(users *Users) Option {
	return func(s *settings) { s.need(users == nil, "WithUsers", "the list of users"); s.users = users }
}

// WithOpenReads lets those read who do not say who they are; whoever does must have
// the right password.
func WithOpenReads() Option { return func(s *settings) { s.openReads = true } }

// WithTLS serves HTTPS. See [TLSFiles].
func WithTLS(conf *tls.Config) Option {
	return func(s *settings) { s.need(conf == nil, "WithTLS", "the configuration"); s.tls = conf }
}

// WithHandler passes options to [memory.Handler], such as the largest body.
func WithHandler(opts ...memory.HandlerOption) Option {
	return func(s *settings) {
		for i, opt := range opts {
			s.need(opt == nil, "WithHandler", fmt.Sprintf("option %d", i+1))
		}
		s.handler = append(s.handler, opts...)
	}
}

// WithMaxRequests sets how many requests are worked on at a time: one counts from when
// its body is complete until its answer begins. Those beyond get status 503 and are
// asked to come again. The default is 1,000.
func WithMaxRequests(n int) Option { return func(s *settings) { s.inFlight = n } }

// WithMaxBodies sets how many bytes of requests' bodies are held in memory at a time.
// Requests beyond get status 503 and are asked to come again. The default is 64 MiB.
func WithMaxBodies(bytes int64) Option { return func(s *settings) { s.maxBodies = bytes } }

// WithMaxConnections sets how many connections are open at a time. If one more comes,
// one that is idle is closed for it, or one that has sent no whole request yet. The
// default is 4,000.
func WithMaxConnections(n int) Option { return func(s *settings) { s.maxConns = n } }

// WithShare sets how much of the requests, bytes and connections that there may be at a
// time one user may have, and one address, in percent. The default is 50. Behind a
// proxy, where all have one address, 100 is right.
func WithShare(percent int) Option { return func(s *settings) { s.share = percent } }

// WithMinRate sets how many bytes a second a client must send of a body, and read of an
// answer, and how long it may take besides. Slower ones are cut off. The default is 4
// KiB a second and 5 seconds.
func WithMinRate(bytes int64, patience time.Duration) Option {
	return func(s *settings) { s.rate, s.patience = bytes, patience }
}

// WithTimeouts sets how long the header of a request may take, how long all of it
// and its answer, and how long a connection may be idle. The defaults are 10
// seconds, one minute, and two minutes.
func WithTimeouts(header, request, idle time.Duration) Option {
	return func(s *settings) { s.header, s.request, s.idle = header, request, idle }
}

// WithGrace sets how long requests may go on when the server ends. The default is
// 10 seconds.
func WithGrace(d time.Duration) Option { return func(s *settings) { s.grace = d } }

// WithLogger sets where failures are logged: requests that failed for the registry's
// own reasons, such as a full disk, those of nobody who may make them, clients that are
// too slow or too many, and broken connections. Each message comes at most ten times a
// minute. The default is [slog.Default].
func WithLogger(l *slog.Logger) Option {
	return func(s *settings) { s.need(l == nil, "WithLogger", "the logger"); s.logger = l }
}

// New makes a server for m. The error says which option makes no sense.
func New(m *memory.Registry, opts ...Option) (*Server, error) {
	s := settings{
		inFlight:   1000,
		header:     10 * time.Second,
		request:    time.Minute,
		idle:       2 * time.Minute,
		grace:      10 * time.Second,
		maxHeaders: 64 << 10,
		maxBodies:  64 << 20,
		maxConns:   4000,
		share:      50,
		rate:       4 << 10,
		patience:   5 * time.Second,
		logger:     slog.Default(),
	}
	for i, opt := range opts {
		if opt == nil {
			return nil, fmt.Errorf("server: option %d is nil", i+1)
		}
		opt(&s)
	}
	if len(s.missing) > 0 {
		return nil, errors.Join(s.missing...)
	}
	switch {
	case m == nil:
		return nil, errors.New("server: New needs a registry: make one with memory.New or memory.Open")
	case s.inFlight < 1:
		return nil, fmt.Errorf("server: WithMaxRequests: %d is below 1", s.inFlight)
	case s.maxBodies < 1:
		return nil, fmt.Errorf("server: WithMaxBodies: %d is below 1", s.maxBodies)
	case s.maxConns < 1:
		return nil, fmt.Errorf("server: WithMaxConnections: %d is below 1", s.maxConns)
	case s.share < 1 || s.share > 100:
		return nil, fmt.Errorf("server: WithShare: %d percent is not 1 to 100", s.share)
	case s.rate < 1 || s.patience <= 0:
		return nil, fmt.Errorf("server: WithMinRate: %d bytes a second and %s are not positive", s.rate, s.patience)
	case s.header <= 0 || s.request <= 0 || s.idle <= 0:
		return nil, errors.New("server: WithTimeouts: a time-out is not positive")
	case s.grace < 0:
		return nil, fmt.Errorf("server: WithGrace: %s is negative", s.grace)
	case s.openReads && s.users == nil:
		return nil, errors.New("server: WithOpenReads: there are no users, so everybody may do everything")
	}
	logs := newLimitedLog(s.logger)
	api := memory.Handler(m, append(slices.Clone(s.handler), memory.OnFailure(logs.failed))...)
	maxBody := maxBodyOf(api)
	if maxBody < 1 {
		return nil, fmt.Errorf("server: WithHandler: WithMaxBody: %d is below 1", maxBody)
	}
	logs.started(m)
	in := &intake{
		slots: newPool(int64(s.inFlight), s.share), held: newPool(s.maxBodies, s.share), maxBody: maxBody,
		rate: s.rate, patience: s.patience, request: s.request, next: api,
		logs: logs,
	}
	conns := newConnections(s.maxConns, s.share)
	conns.logs = logs
	var h http.Handler
	if s.metrics == nil {
		h = authenticate(s.users, s.openReads, logs, in)
	} else {
		count := newMeter(s.metrics, m, in, conns)
		h = count.wrap(authenticate(s.users, s.openReads, logs, withMetrics(count, in)))
	}
	return &Server{conf: s, handler: withHealth(m, h), conns: conns, in: in, logs: logs}, nil
}

// maxBodyOf is the largest body that a registry's handler takes, in bytes.
func maxBodyOf(h http.Handler) int64 { return h.(interface{ MaxBody() int64 }).MaxBody() }

// Handler returns all that the server serves, without TLS and time limits.
func (s *Server) Handler() http.Handler { return s.handler }

// ListenAndServe listens on an address, such as "127.0.0.1:8081", and then does
// what Serve does.
func (s *Server) ListenAndServe(ctx context.Context, address string) error {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("server: %w", err)
	}
	return s.Serve(ctx, ln)
}

// Serve answers requests on ln, which it closes, until ctx ends. Requests that are
// under way then have some time to finish. The error is nil if they did.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	srv := &http.Server{
		Handler:           s.handler,
		TLSConfig:         s.conf.tls.Clone(),
		ReadHeaderTimeout: s.conf.header,
		ReadTimeout:       s.conf.request,
		WriteTimeout:      s.conf.request,
		IdleTimeout:       s.conf.idle,
		MaxHeaderBytes:    s.conf.maxHeaders,
		ConnState:         s.conns.changed,
		ErrorLog:          s.logs.standard(),
	}
	defer s.logs.end()
	failed := make(chan error, 1)
	go func() {
		if s.conf.tls != nil {
			failed <- srv.ServeTLS(ln, "", "")
			return
		}
		failed <- srv.Serve(ln)
	}()
	select {
	case err := <-failed:
		srv.Close()
		return fmt.Errorf("server: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.conf.grace)
	defer cancel()
	err := srv.Shutdown(grace)
	if err != nil {
		srv.Close()
		err = fmt.Errorf("server: requests did not end within %s: %w", s.conf.grace, err)
	}
	<-failed // http.ErrServerClosed
	return err
}

// withHealth adds the health check, which is open to all. A registry whose log is
// damaged is up: all can be read. What is wrong is in the log and in the metrics.
func withHealth(m *memory.Registry, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/health" && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
			w.Header().Set("Content-Type", "application/json")
			switch log := m.LogState(); {
			case log.NotWritten != "":
				fmt.Fprint(w, `{"status":"UP","log":"cannot be written: no change can be made until the registry starts again"}`)
			case log.NotRewritten != "":
				fmt.Fprint(w, `{"status":"UP","log":"could not be rewritten and is used as it is"}`)
			default:
				fmt.Fprint(w, `{"status":"UP"}`)
			}
			return
		}
		next.ServeHTTP(w, r)
	})
}

// refuse answers as a registry does when it says no.
func refuse(w http.ResponseWriter, status, code int, message string) {
	w.Header().Set("Content-Type", "application/vnd.schemaregistry.v1+json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error_code":%d,"message":%q}`, code, message)
}

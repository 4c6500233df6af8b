package registry

import (
	"context"
	"crypto/tls"
	"io/fs"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"time"

	"golang.org/x/oauth2"

	"github.com/kavro/kavro/registry/transport"
)

// An Option sets up a [Client]. An option that says nothing (nil, ""), and the second of two of
// which only one can count, are errors of the constructor; observers and headers add up.
type Option interface {
	apply(*settings)
}

type option func(*settings)

func (o option) apply(s *settings) { o(s) }

// settings are the result of the options of a client.
type settings struct {
	transport    transport.Settings
	httpClient   *http.Client
	resolver     func(scope string) (http.RoundTripper, error)
	observer     Observer
	logger       *slog.Logger
	dialGiven    bool // WithTimeouts sets it
	attemptGiven bool
	given        given

	cacheSize       int           // permanent answers kept, of each kind
	latestSize      int           // subjects whose latest version is kept
	latestTTL       time.Duration // negative: for ever; 0: not kept
	latestMaxStale  time.Duration // beyond latestTTL
	missingSize     int
	missingIDs      time.Duration // 0: not kept
	missingVersions time.Duration
	missingSchemas  time.Duration

	maxSchema int // bytes of a text

	cacheDir string
	seed     fs.FS
}

// defaultSettings holds every default of the package; those of the transport are its own.
func defaultSettings() settings {
	s := settings{
		transport:       transport.Defaults(),
		logger:          slog.New(slog.DiscardHandler),
		cacheSize:       10_000,
		latestSize:      1_000,
		latestTTL:       time.Minute,
		latestMaxStale:  time.Hour,
		missingSize:     10_000,
		missingIDs:      10 * time.Second,
		missingVersions: time.Second,
		missingSchemas:  time.Second,
		maxSchema:       1 << 20,
	}
	s.transport.Name = optionName
	return s
}

// WithHTTPClient sends requests with the transport of hc, each within the
// timeout of hc if it has one. hc itself is neither changed nor closed. Its cookies
// and its handling of redirects cannot be honoured: they are errors. It excludes
// [WithRoundTripper], and [WithTLS], [WithProxy] and a timeout for connecting, which
// belong in hc.
func WithHTTPClient(hc *http.Client) Option {
	return option(func(s *settings) {
		if s.given.some("WithHTTPClient", hc) {
			s.httpClient = hc
		}
	})
}

// WithRoundTripper sends requests with rt, which is not closed. It excludes
// [WithHTTPClient], [WithTLS] and [WithProxy].
func WithRoundTripper(rt http.RoundTripper) Option {
	return option(func(s *settings) {
		if s.given.some("WithRoundTripper", rt) {
			s.transport.Base = rt
		}
	})
}

// WithResolver sets what finds the registry behind a URL mock://scope: it returns what
// carries requests to it. Without, such a URL is an error. memory.Resolve, of package
// registry/memory, finds one that this process shares under that name; it is an option,
// so that a program without such URLs links no server. Constructors of package kavro set it.
func WithResolver(resolve func(scope string) (http.RoundTripper, error)) Option {
	return option(func(s *settings) {
		if s.given.some("WithResolver", resolve) {
			s.resolver = resolve
		}
	})
}

// WithTLS sets what connections to https URLs trust and present. The
// configuration is copied. transport.LoadTLS makes one from PEM files.
func WithTLS(conf *tls.Config) Option {
	return option(func(s *settings) {
		if s.given.some("WithTLS", conf) {
			s.transport.TLS = conf
		}
	})
}

// WithProxy sends every request through the proxy at this URL (http, https or
// socks5, with user and password if it needs them). The default is what the
// environment says: HTTPS_PROXY, HTTP_PROXY and NO_PROXY.
func WithProxy(url string) Option {
	return option(func(s *settings) {
		if s.given.some("WithProxy", url) {
			s.transport.Proxy = url
		}
	})
}

// WithHeader sends one more header with each request. It may be given several
// times.
func WithHeader(name, value string) Option {
	return option(func(s *settings) {
		if s.transport.Header == nil {
			s.transport.Header = make(http.Header)
		}
		s.transport.Header.Add(name, value)
	})
}

// WithBasicAuth sends user and password, both of them, with each request. A URL that carries its
// own is sent those instead. It is an error if every URL does.
func WithBasicAuth(user, password string) Option {
	return option(func(s *settings) {
		s.given.once("WithBasicAuth")
		s.transport.Basic = &transport.BasicAuth{User: user, Password: password}
	})
}

// WithBearerToken sends a token that never changes. For tokens that expire, see
// [WithTokenFunc].
func WithBearerToken(token string) Option {
	return option(func(s *settings) {
		if s.given.some("WithBearerToken", token) {
			s.transport.Bearer = token
		}
	})
}

// WithTokenFunc sends tokens from f, which is called as [transport.TokenFunc] says.
func WithTokenFunc(f transport.TokenFunc) Option {
	return option(func(s *settings) {
		if s.given.some("WithTokenFunc", f) {
			s.transport.Token = f
		}
	})
}

// WithTokenSource sends tokens from src, which is called as a [transport.TokenFunc] is.
func WithTokenSource(src oauth2.TokenSource) Option {
	return option(func(s *settings) {
		if s.given.some("WithTokenSource", src) {
			s.transport.Token = func(context.Context) (*oauth2.Token, error) { return src.Token() }
		}
	})
}

// WithClientCredentials sends tokens that the OAuth server at tokenURL gives for a client's id
// and secret (RFC 6749, section 4.4). The server is reached through the environment's proxy and
// trusted by the system's certificates; for anything else, give a clientcredentials.Config to
// [WithTokenFunc].
func WithClientCredentials(tokenURL, id, secret string, scopes ...string) Option {
	return option(func(s *settings) {
		s.given.once("WithClientCredentials")
		s.transport.OAuth = &transport.ClientCredentials{TokenURL: tokenURL, ID: id, Secret: secret, Scopes: slices.Clone(scopes)}
	})
}

// WithRetries sets how often a request is tried again after a network error,
// 408, 429 or 5xx, and how long the pauses are: a random time of up to wait,
// doubled each time, up to maxWait, or longer if the registry asks for it
// (Retry-After). The default is 3, 250 ms and 20 s. A pause that would outlast
// the call's deadline is not made: the call ends at once instead.
//
// With several URLs, "once" means each URL that is healthy. A DELETE is
// tried again only where the first cannot have been carried out.
func WithRetries(n int, wait, maxWait time.Duration) Option {
	return option(func(s *settings) {
		s.given.once("WithRetries")
		s.transport.Retries, s.transport.RetryWait, s.transport.RetryMaxWait = n, wait, maxWait
	})
}

// WithTimeouts sets how long connecting may take, one attempt, and a whole call
// with its retries. The context of a call may end it sooner. The defaults are
// 5 s, 10 s and 30 s; 0 keeps a default.
func WithTimeouts(dial, attempt, call time.Duration) Option {
	return option(func(s *settings) {
		s.given.once("WithTimeouts")
		s.dialGiven, s.attemptGiven = s.dialGiven || dial != 0, s.attemptGiven || attempt != 0
		setIfGiven(&s.transport.DialTimeout, dial)
		setIfGiven(&s.transport.AttemptTimeout, attempt)
		setIfGiven(&s.transport.CallTimeout, call)
	})
}

// setIfGiven stores d unless it is 0. A negative one is stored, for check to refuse.
func setIfGiven(to *time.Duration, d time.Duration) {
	if d != 0 {
		*to = d
	}
}

// WithBreaker sets when requests to a URL stop being made: after this many
// failures in a row (no answer, 429, 502, 503, 504), for pause, doubled with each
// failed trial up to maxPause. While the circuit of every URL is open, calls fail at
// once with an [*UnavailableError] that wraps [ErrCircuitOpen]. The default is 5,
// 1 s and 30 s; 0 failures means never.
func WithBreaker(failures int, pause, maxPause time.Duration) Option {
	return option(func(s *settings) {
		s.given.once("WithBreaker")
		s.transport.BreakerFailures, s.transport.BreakerPause, s.transport.BreakerMaxPause = failures, pause, maxPause
	})
}

// WithRateLimit makes requests wait for each other: perSecond on average, burst
// at once. The default is no limit.
func WithRateLimit(perSecond float64, burst int) Option {
	return option(func(s *settings) {
		s.given.once("WithRateLimit")
		if !(perSecond > 0) || math.IsInf(perSecond, 1) {
			s.given.fault("WithRateLimit: %v requests a second is not positive", perSecond)
		}
		s.transport.Rate, s.transport.Burst = perSecond, burst
	})
}

// WithMaxAnswer sets the largest answer that is read, in bytes. The default is
// 64 MiB.
func WithMaxAnswer(bytes int64) Option {
	return option(func(s *settings) {
		s.given.once("WithMaxAnswer")
		s.transport.MaxAnswer = bytes
	})
}

// WithRandomURL begins with a random one of several URLs, so that many clients
// with one configuration share the load.
func WithRandomURL() Option {
	return option(func(s *settings) { s.transport.RandomURL = true })
}

// WithObserver tells o about requests, retries and caches. It may be given several
// times: each observer is told, in that order.
func WithObserver(o Observer) Option {
	return option(func(s *settings) {
		switch {
		case !s.given.something("WithObserver", o):
		case s.observer == nil:
			s.observer = o
		default:
			s.observer = observers{s.observer, o}
		}
	})
}

// WithLogger logs changes of state: a URL ejected or back, a circuit opened
// or closed, an old answer given, a cache directory that cannot be used. Errors
// that calls return are not logged. The default is no log.
func WithLogger(l *slog.Logger) Option {
	return option(func(s *settings) {
		if s.given.some("WithLogger", l) {
			s.logger = l
		}
	})
}

// WithCacheSize sets how many permanent answers are kept, of each kind: schemas
// by id, by GUID, by version, and ids by schema. The default is 10,000.
func WithCacheSize(n int) Option {
	return option(func(s *settings) {
		s.given.once("WithCacheSize")
		s.cacheSize = n
	})
}

// WithLatest sets for how long an answer about what is latest counts as new,
// and for how much longer it is still given, while one request replaces it or
// the registry is down. The default is 1 minute and 1 hour, for up to size
// (1,000) subjects. A negative ttl means for ever, 0 that each call asks.
func WithLatest(ttl, maxStale time.Duration, size int) Option {
	return option(func(s *settings) {
		s.given.once("WithLatest")
		s.latestTTL, s.latestMaxStale, s.latestSize = ttl, maxStale, size
	})
}

// WithMissing sets for how long the answer "there is no such thing" is
// believed: for schemas by id or GUID, for versions of subjects, and for
// schemas looked up; and how many such answers are kept. The default is 10 s,
// 1 s, 1 s and 10,000. What the client itself registers is seen at once.
func WithMissing(ids, versions, schemas time.Duration, size int) Option {
	return option(func(s *settings) {
		s.given.once("WithMissing")
		s.missingIDs, s.missingVersions, s.missingSchemas, s.missingSize = ids, versions, schemas, size
	})
}

// WithMaxSchema sets the largest text of a schema that is read or registered, in
// bytes. The default is 1 MiB, which is what a Kafka topic, and so a registry, stores
// by default. A parsed schema takes at most about 50 times the size of its text.
func WithMaxSchema(bytes int) Option {
	return option(func(s *settings) {
		s.given.once("WithMaxSchema")
		s.maxSchema = bytes
	})
}

// WithCacheDir keeps answers in files in this directory, which is made if it is
// missing, and uses them while the registry is unavailable: a program that ran
// before starts with the registry down. Several processes may share it; a
// damaged file counts as missing. Answers of other registry URLs are kept
// apart.
func WithCacheDir(dir string) Option {
	return option(func(s *settings) {
		if s.given.some("WithCacheDir", dir) {
			s.cacheDir = dir
		}
	})
}

// WithSeed uses the answers in fsys, which [Client.SaveSeed] wrote, while the
// registry is unavailable and the cache directory has nothing. fsys may be
// embedded in the program. A warning is logged if it holds no answers.
//
// Ids are a registry's own: a seed has to come from the registry that the
// program talks to.
func WithSeed(fsys fs.FS) Option {
	return option(func(s *settings) {
		if s.given.some("WithSeed", fsys) {
			s.seed = fsys
		}
	})
}

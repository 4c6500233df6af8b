package franz

import (
	"crypto/tls"
	"strings"
	"time"

	"github.com/kavro/kavro/internal/kafkaconf"
	"github.com/kavro/kavro/kafka"
)

// settings is a configuration that was read: every key has a value, in the types of franz-go's
// options.
type settings struct {
	set  map[string]bool // the keys that are set, by their first name
	view *kafkaconf.View // for the names that the user wrote

	// connections
	brokerList       string   // as it is written
	brokers          []string // host:port
	clientID         string
	protocol         string
	socketTimeout    time.Duration
	connectTimeout   time.Duration
	keepAlive        bool
	nagleDisable     bool
	addressFamily    string
	idleTimeout      time.Duration
	retryBackoff     time.Duration
	retryBackoffMax  time.Duration
	metadataAge      time.Duration
	metadataInterval time.Duration
	metadataFast     time.Duration
	propagation      time.Duration
	receiveMax       int
	messageMax       int
	rack             string
	autoCreate       bool
	pushMetrics      bool
	logLevel         int
	debug            string

	tls    tlsSettings
	secure *tls.Config // nil: no TLS
	sasl   saslSettings

	// producer
	acks            string
	idempotence     bool
	inflight        int
	retries         int
	linger          time.Duration
	batchSize       int
	queueMessages   int
	queueKbytes     int
	requestTimeout  time.Duration
	deliveryTimeout time.Duration
	compression     string
	level           int
	partitioner     string
	sticky          time.Duration
	transactionalID string
	txnTimeout      time.Duration

	// consumer
	group             string
	instanceID        string
	groupProtocol     string
	remoteAssignor    string
	assignors         string
	sessionTimeout    time.Duration
	heartbeat         time.Duration
	maxPollInterval   time.Duration
	offsetReset       string
	isolation         string
	partitionEOF      bool
	fetchWait         time.Duration
	fetchMin          int
	fetchMax          int
	fetchPartitionMax int
	checkCRCs         bool
	topicBlacklist    string
}

// role is the kind of client that a configuration is read for.
type role uint8

const (
	producing role = 1 << iota
	consuming
)

// check returns errors of combinations, and sets defaults that depend on other keys, as librdkafka
// does. It checks only the keys of role r: one map may serve clients of all roles.
func (s *settings) check(r role) error {
	var errs []error
	fail := func(key, reason string) {
		if name := s.name(key); !s.view.Failed(name) {
			errs = append(errs, &kafka.ConfigError{Key: name, Reason: reason})
		}
	}
	if !s.view.Given("metadata.broker.list") {
		fail("bootstrap.servers", "is required")
	} else if strings.Trim(s.brokerList, ", ") == "" {
		fail("bootstrap.servers", "names no broker")
	}
	if s.retryBackoffMax < s.retryBackoff {
		if s.set["retry.backoff.max.ms"] {
			fail("retry.backoff.max.ms", "is below retry.backoff.ms")
		}
		s.retryBackoffMax = s.retryBackoff
	}
	if !s.set["sticky.partitioning.linger.ms"] {
		s.sticky = 2 * s.linger
	}
	s.fetchMax = max(s.fetchMax, s.messageMax)
	if s.receiveMax < s.fetchMax+512 {
		if s.set["receive.message.max.bytes"] {
			fail("receive.message.max.bytes", "must be at least fetch.max.bytes + 512")
		}
		s.receiveMax = s.fetchMax + 512
	}
	if r&producing != 0 {
		s.checkIdempotence(fail)
		s.checkTransaction(fail)
		if _, reason := s.codec(); reason != "" {
			fail("compression.level", reason)
		}
	}
	if r&consuming != 0 {
		s.checkGroup(fail)
	}
	if r == producing|consuming {
		for _, required := range [][2]string{{"group.id", s.group}, {"transactional.id", s.transactionalID}} {
			if required[1] == "" {
				fail(required[0], "is required by a session")
			}
		}
	}
	if strings.HasSuffix(s.protocol, "ssl") {
		s.secure = s.tls.config(fail)
	}
	s.sasl.check(s.protocol, fail)
	return kafkaconf.Join(errs...)
}

// name is the name under which the user wrote a key.
func (s *settings) name(key string) string {
	if main := kafkaconf.Main(key); s.view.Given(main) {
		return s.view.Name(main)
	}
	return key
}

// checkIdempotence turns idempotence off where it is the default and contradicts a key that is
// set. It returns an error where both are set.
func (s *settings) checkIdempotence(fail func(key, reason string)) {
	if !s.idempotence {
		return
	}
	reason := ""
	switch {
	case s.acks != "all":
		reason = s.name("acks") + " is not all"
	case s.set["max.in.flight.requests.per.connection"] && s.inflight > 5:
		reason = s.name("max.in.flight.requests.per.connection") + " is above 5"
	case s.retries == 0:
		reason = s.name("retries") + " is 0"
	default:
		return
	}
	if s.set["enable.idempotence"] || s.transactionalID != "" {
		fail("enable.idempotence", "must be false because "+reason)
		return
	}
	s.idempotence = false
}

func (s *settings) checkTransaction(fail func(key, reason string)) {
	if s.transactionalID == "" {
		return
	}
	if !s.idempotence {
		fail("enable.idempotence", "must be true because transactional.id is set")
	}
	if s.deliveryTimeout == 0 || s.deliveryTimeout > s.txnTimeout {
		if s.set["message.timeout.ms"] {
			fail("message.timeout.ms", "must not be above transaction.timeout.ms")
		}
		s.deliveryTimeout = s.txnTimeout
	}
}

func (s *settings) checkGroup(fail func(key, reason string)) {
	if s.groupProtocol == "consumer" {
		for _, name := range []string{"session.timeout.ms", "heartbeat.interval.ms", "partition.assignment.strategy", "group.protocol.type"} {
			if s.set[name] {
				fail(name, "with group.protocol=consumer this is the broker's setting")
			}
		}
		return
	}
	if _, reason := s.balancers(); reason != "" {
		fail("partition.assignment.strategy", reason)
	}
	if s.remoteAssignor != "" {
		fail("group.remote.assignor", "needs group.protocol=consumer")
	}
	if s.maxPollInterval < s.sessionTimeout {
		fail("max.poll.interval.ms", "must be at least session.timeout.ms")
	}
	if s.heartbeat >= s.sessionTimeout {
		if s.set["heartbeat.interval.ms"] {
			fail("heartbeat.interval.ms", "must be below session.timeout.ms")
		}
		s.heartbeat = s.sessionTimeout / 3
	}
}

package franz

import (
	"time"

	"github.com/kavro/kavro/base"
)

// settings is a configuration after it was read: every key has a value, in the
// types that the options of franz-go want.
type settings struct {
	set map[string]bool // the keys (by their first name) that the user gave

	// connections
	brokers          string
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

	tls  tlsSettings
	sasl saslSettings

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

// check refuses combinations, and settles defaults that depend on other keys,
// as librdkafka does. What concerns the other kind of client is not looked at:
// one map may serve both.
func (s *settings) check(r role) error {
	if s.brokers == "" {
		return &base.ConfigError{Key: "bootstrap.servers", Reason: "is required"}
	}
	if s.retryBackoffMax < s.retryBackoff {
		if s.set["retry.backoff.max.ms"] {
			return &base.ConfigError{Key: "retry.backoff.max.ms", Reason: "is below retry.backoff.ms"}
		}
		s.retryBackoffMax = s.retryBackoff
	}
	if !s.set["sticky.partitioning.linger.ms"] {
		s.sticky = 2 * s.linger
	}
	s.fetchMax = max(s.fetchMax, s.messageMax)
	if s.receiveMax < s.fetchMax+512 {
		if s.set["receive.message.max.bytes"] {
			return &base.ConfigError{Key: "receive.message.max.bytes", Reason: "must be at least fetch.max.bytes + 512"}
		}
		s.receiveMax = s.fetchMax + 512
	}
	if r&producing != 0 {
		if err := s.checkIdempotence(); err != nil {
			return err
		}
		if err := s.checkTransaction(); err != nil {
			return err
		}
	}
	if r&consuming != 0 {
		if err := s.checkGroup(); err != nil {
			return err
		}
	}
	return s.sasl.check(s.protocol)
}

// checkIdempotence turns idempotence off where it is only the default and
// contradicts what was asked for, and refuses it where both were asked for.
func (s *settings) checkIdempotence() error {
	if !s.idempotence {
		return nil
	}
	reason := ""
	switch {
	case s.acks != "all":
		reason = "acks is not all"
	case s.set["max.in.flight.requests.per.connection"] && s.inflight > 5:
		reason = "max.in.flight.requests.per.connection is above 5"
	case s.retries == 0:
		reason = "retries is 0"
	default:
		return nil
	}
	if s.set["enable.idempotence"] || s.transactionalID != "" {
		return &base.ConfigError{Key: "enable.idempotence", Reason: "must be false because " + reason}
	}
	s.idempotence = false
	return nil
}

func (s *settings) checkTransaction() error {
	if s.transactionalID == "" {
		return nil
	}
	if !s.idempotence {
		return &base.ConfigError{Key: "enable.idempotence", Reason: "must be true because transactional.id is set"}
	}
	if s.deliveryTimeout == 0 || s.deliveryTimeout > s.txnTimeout {
		if s.set["message.timeout.ms"] {
			return &base.ConfigError{Key: "message.timeout.ms", Reason: "must not be above transaction.timeout.ms"}
		}
		s.deliveryTimeout = s.txnTimeout
	}
	return nil
}

func (s *settings) checkGroup() error {
	if s.groupProtocol == "consumer" {
		for _, name := range []string{"session.timeout.ms", "heartbeat.interval.ms", "partition.assignment.strategy", "group.protocol.type"} {
			if s.set[name] {
				return &base.ConfigError{Key: name, Reason: "with group.protocol=consumer this is the broker's setting"}
			}
		}
		return nil
	}
	if s.remoteAssignor != "" {
		return &base.ConfigError{Key: "group.remote.assignor", Reason: "needs group.protocol=consumer"}
	}
	if s.maxPollInterval < s.sessionTimeout {
		return &base.ConfigError{Key: "max.poll.interval.ms", Reason: "must be at least session.timeout.ms"}
	}
	if s.heartbeat >= s.sessionTimeout {
		if s.set["heartbeat.interval.ms"] {
			return &base.ConfigError{Key: "heartbeat.interval.ms", Reason: "must be below session.timeout.ms"}
		}
		s.heartbeat = s.sessionTimeout / 3
	}
	return nil
}

package franz

import (
	"context"
	"crypto/tls"
	"math"
	"math/rand/v2"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kavro/kavro/internal/backoff"
	"github.com/kavro/kavro/internal/clienterr"
	"github.com/kavro/kavro/kafka"
)

// checkHooks returns an error for hooks that franz-go cannot serve.
func checkHooks(hooks kafka.Hooks) error {
	if hooks.Stats != nil {
		return &kafka.ConfigError{Key: "Hooks.Stats", Reason: "franz-go keeps no librdkafka statistics; use kafka/confluent, or kgo's hooks with WrapProducer"}
	}
	return nil
}

// clientOpts are the options that all kinds of client have in common. When ctx ends, the
// client's requests end; it must be closed nevertheless.
func (s *settings) clientOpts(ctx context.Context, hooks kafka.Hooks, errs *clienterr.Tracker) ([]kgo.Opt, error) {
	if err := checkHooks(hooks); err != nil {
		return nil, err
	}
	opts := []kgo.Opt{
		kgo.WithContext(ctx),
		kgo.SeedBrokers(s.brokers...),
		kgo.ClientID(s.clientID),
		kgo.Rack(s.rack),
		kgo.Dialer(s.dialer(ctx, errs)),
		kgo.RequestTimeoutOverhead(s.socketTimeout),
		kgo.ConnIdleTimeout(s.idle()),
		kgo.RetryBackoffFn(s.backoff),
		// By default kgo takes a connection that is closed before the first response
		// for a wrong security.protocol, and fails all records, commits and fetches at
		// once. A broker that is killed as the client connects looks the same.
		// Hooks.Error is called in both cases.
		kgo.AlwaysRetryEOF(),
		kgo.MetadataMinAge(s.metadataMinAge()),
		kgo.MetadataMaxAge(s.metadataMaxAge()),
		kgo.BrokerMaxReadBytes(int32(s.receiveMax)),
		kgo.WithHooks(&brokerEvents{errs: errs}),
	}
	if hooks.Logger != nil {
		opts = append(opts, kgo.WithLogger(s.logger(hooks.Logger)))
	}
	if !s.pushMetrics {
		opts = append(opts, kgo.DisableClientMetrics())
	}
	if s.sasl.enabled(s.protocol) {
		mechanism, err := s.sasl.build(ctx, hooks.Token)
		if err != nil {
			return nil, err
		}
		opts = append(opts, kgo.SASL(mechanism))
	}
	return opts, nil
}

func (s *settings) idle() time.Duration {
	if s.idleTimeout == 0 {
		return 9 * time.Minute
	}
	return max(s.idleTimeout, 100*time.Millisecond)
}

// backoff doubles from retry.backoff.ms to retry.backoff.max.ms, with 20 % of jitter.
func (s *settings) backoff(fails int) time.Duration {
	return time.Duration(float64(backoff.Delay(fails, s.retryBackoff, s.retryBackoffMax)) * (0.8 + 0.4*rand.Float64()))
}

func (s *settings) metadataMinAge() time.Duration {
	if s.set["topic.metadata.refresh.fast.interval.ms"] {
		return s.metadataFast
	}
	return 250 * time.Millisecond
}

func (s *settings) metadataMaxAge() time.Duration {
	age := s.metadataInterval
	if age < 0 {
		age = time.Hour // the longest that franz-go takes
	}
	return max(min(age, s.metadataAge, time.Hour), s.metadataMinAge())
}

// unknownTopicTries is the number of metadata responses without a topic after which its records
// fail. franz-go counts responses where librdkafka has a time: the first eight arrive every
// 250 ms or sooner, later ones every metadataMinAge.
func (s *settings) unknownTopicTries() int {
	early := min(s.metadataMinAge(), 250*time.Millisecond)
	if s.propagation <= 8*early {
		return int(s.propagation / early)
	}
	return 8 + int((s.propagation-8*early)/s.metadataMinAge())
}

// dialer makes connections by the socket.* and ssl.* keys. It fails when client has ended. kgo connects when
// it has something to ask: only from then on can an answer be missing.
func (s *settings) dialer(client context.Context, errs *clienterr.Tracker) func(context.Context, string, string) (net.Conn, error) {
	d := &net.Dialer{Timeout: s.connectTimeout, KeepAlive: -1}
	if s.keepAlive {
		d.KeepAlive = 0 // the system's interval
	}
	network := map[string]string{"any": "tcp", "v4": "tcp4", "v6": "tcp6"}[s.addressFamily]

	return func(ctx context.Context, _, addr string) (net.Conn, error) {
		errs.Connecting()
		ctx, cancel := context.WithTimeout(ctx, s.connectTimeout)
		defer cancel()
		defer context.AfterFunc(client, cancel)()
		conn, err := d.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		if tcp, ok := conn.(*net.TCPConn); ok && !s.nagleDisable {
			_ = tcp.SetNoDelay(false) // a hint, as in librdkafka
		}
		if s.secure == nil {
			return conn, nil
		}
		c := s.secure.Clone()
		if c.ServerName, _, err = net.SplitHostPort(addr); err != nil {
			conn.Close()
			return nil, err
		}
		secured := tls.Client(conn, c)
		if err := secured.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, &handshakeError{addr, err}
		}
		return secured, nil
	}
}

// producerOpts are the options that only producers have.
func (s *settings) producerOpts() ([]kgo.Opt, error) {
	codec, _ := s.codec() // checked by check
	opts := []kgo.Opt{
		kgo.RequiredAcks(map[string]kgo.Acks{"all": kgo.AllISRAcks(), "1": kgo.LeaderAck(), "0": kgo.NoAck()}[s.acks]),
		kgo.ProducerLinger(s.linger),
		kgo.ProducerBatchMaxBytes(int32(s.messageMax)),
		kgo.ProduceRequestTimeout(s.requestTimeout),
		kgo.RecordRetries(s.retries),
		kgo.UnknownTopicRetries(s.unknownTopicTries()),
		kgo.ProducerBatchCompression(codec),
		kgo.RecordPartitioner(Partitioner(s.partitioner, s.sticky)),
		kgo.MaxBufferedRecords(math.MaxInt32), // queueQuota bounds the queue
	}
	if s.messageMax > 100<<20 {
		opts = append(opts, kgo.BrokerMaxWriteBytes(int32(min(s.messageMax+1<<20, 1<<30))))
	}
	if s.autoCreate || !s.set["allow.auto.create.topics"] {
		opts = append(opts, kgo.AllowAutoTopicCreation())
	}
	switch {
	case s.transactionalID != "":
		opts = append(opts, kgo.TransactionalID(s.transactionalID), kgo.TransactionTimeout(s.txnTimeout))
	case !s.idempotence:
		opts = append(opts, kgo.DisableIdempotentWrite(), kgo.MaxProduceRequestsInflightPerBroker(s.inflight))
	default:
		// Without this option message.timeout.ms does not apply to a batch that was
		// sent once. As with librdkafka, a record that is reported as timed out may
		// be in the log.
		opts = append(opts, kgo.AllowIdempotentProduceCancellation())
	}
	return opts, nil
}

// codec returns the compression of batches; reason is not empty if the level is out of range.
func (s *settings) codec() (c kgo.CompressionCodec, reason string) {
	highest := 12
	switch s.compression {
	case "none":
		return kgo.NoCompression(), ""
	case "gzip":
		c, highest = kgo.GzipCompression(), 9
	case "snappy":
		c, highest = kgo.SnappyCompression(), 0
	case "lz4":
		c = kgo.Lz4Compression()
	case "zstd":
		c = kgo.ZstdCompression()
	}
	if s.level > highest {
		return c, "too high for " + s.compression
	}
	if s.level >= 0 {
		c = c.WithLevel(s.level)
	}
	return c, ""
}

// consumerOpts are the options of all consumers, members of a group or not.
func (s *settings) consumerOpts() []kgo.Opt {
	reset := kgo.NewOffset().AtEnd()
	switch s.offsetReset {
	case "earliest":
		reset = kgo.NewOffset().AtStart()
	case "error":
		reset = kgo.NoResetOffset()
	}
	isolation := kgo.ReadCommitted()
	if s.isolation == "read_uncommitted" {
		isolation = kgo.ReadUncommitted()
	}
	opts := []kgo.Opt{
		kgo.ConsumeStartOffset(noneCommitted), // a marker: starts returns the offsets
		kgo.ConsumeResetOffset(reset),
		kgo.FetchIsolationLevel(isolation),
		kgo.KeepControlRecords(),
		kgo.FetchMaxWait(s.fetchWait),
		kgo.FetchMinBytes(int32(s.fetchMin)),
		kgo.FetchMaxBytes(int32(s.fetchMax)),
		kgo.FetchMaxPartitionBytes(int32(s.fetchPartitionMax)),
		kgo.WithPools(&recordPool{}),
	}
	if !s.checkCRCs {
		opts = append(opts, kgo.DisableFetchCRCValidation())
	}
	if s.autoCreate {
		opts = append(opts, kgo.AllowAutoTopicCreation())
	}
	return opts
}

// groupOpts are the options of a member of a group.
func (s *settings) groupOpts() ([]kgo.Opt, error) {
	balancers, _ := s.balancers() // checked by check
	opts := []kgo.Opt{
		kgo.ConsumerGroup(s.group),
		kgo.DisableAutoCommit(),
		kgo.RebalanceTimeout(s.maxPollInterval),
		kgo.Balancers(balancers...),
	}
	if s.groupProtocol == "consumer" {
		opts = append(opts, kgo.ServerSideBalancer())
	} else {
		opts = append(opts, kgo.SessionTimeout(s.sessionTimeout), kgo.HeartbeatInterval(s.heartbeat))
	}
	if s.instanceID != "" {
		opts = append(opts, kgo.InstanceID(s.instanceID))
	}
	return opts, nil
}

// balancers returns the strategies of a group; reason is not empty if they cannot be used.
func (s *settings) balancers() (balancers []kgo.GroupBalancer, reason string) {
	if s.groupProtocol == "consumer" { // franz-go derives the broker's assignor from these
		if s.remoteAssignor == "range" {
			return []kgo.GroupBalancer{kgo.RangeBalancer()}, ""
		}
		return []kgo.GroupBalancer{kgo.CooperativeStickyBalancer()}, ""
	}
	cooperative := 0
	for _, name := range splitList(s.assignors) {
		switch name {
		case "range":
			balancers = append(balancers, kgo.RangeBalancer())
		case "roundrobin":
			balancers = append(balancers, kgo.RoundRobinBalancer())
		case "cooperative-sticky":
			balancers = append(balancers, kgo.CooperativeStickyBalancer())
			cooperative++
		default:
			return nil, "there is no " + name + "; there are range, roundrobin and cooperative-sticky"
		}
	}
	switch {
	case len(balancers) == 0:
		return nil, "is empty"
	case cooperative > 0 && cooperative < len(balancers):
		return nil, "cooperative-sticky does not mix with eager strategies"
	}
	return balancers, ""
}

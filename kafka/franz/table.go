package franz

import "time"

// table is every key, in groups: of all kinds of client, of producers, of consumers, ignored,
// refused. Names,
// defaults and ranges are those of librdkafka's CONFIGURATION.md; a narrower
// range is franz-go's.
func table() []key {
	var all []key
	for _, group := range [][]key{clientKeys(), tlsKeys(), saslKeys(), producerKeys(), consumerKeys(), ignoredKeys(), refusedKeys()} {
		all = append(all, group...)
	}
	return all
}

func clientKeys() []key {
	return []key{
		str("*", "bootstrap.servers metadata.broker.list", "", func(s *settings) *string { return &s.brokerList },
			"Brokers to start from, separated by commas: host:port or protocol://host:port, where the protocol is that of security.protocol. The port is 9092 unless given. Required."),
		str("*", "client.id", "rdkafka", func(s *settings) *string { return &s.clientID },
			"Names the client in the broker's logs and quotas."),
		str("*", "client.rack", "", func(s *settings) *string { return &s.rack },
			"The rack of this client: brokers may serve fetches from a near replica (KIP-392)."),
		enum("*", "security.protocol", "plaintext", "plaintext, ssl, sasl_plaintext, sasl_ssl", func(s *settings) *string { return &s.protocol },
			"The protocol of connections to brokers."),
		ms("*", "socket.timeout.ms", 60_000, 100, 300_000, func(s *settings) *time.Duration { return &s.socketTimeout },
			"How long to wait for a response, in addition to the time that the request allows the broker."),
		ms("*", "socket.connection.setup.timeout.ms", 30_000, 1000, 2147483647, func(s *settings) *time.Duration { return &s.connectTimeout },
			"Timeout of a connection attempt."),
		flag("*", "socket.keepalive.enable", false, func(s *settings) *bool { return &s.keepAlive },
			"TCP keep-alives."),
		flag("*", "socket.nagle.disable", true, func(s *settings) *bool { return &s.nagleDisable },
			"TCP_NODELAY."),
		enum("*", "broker.address.family", "any", "any, v4, v6", func(s *settings) *string { return &s.addressFamily },
			"Which addresses of a broker to use."),
		ms("*", "connections.max.idle.ms", 0, 0, 900_000, func(s *settings) *time.Duration { return &s.idleTimeout },
			"How long an idle connection stays open. 0 is nine minutes: franz-go always closes idle connections."),
		ms("*", "retry.backoff.ms", 100, 1, 300_000, func(s *settings) *time.Duration { return &s.retryBackoff },
			"The first wait before a retry, doubled each time, with jitter. It also spaces reconnects."),
		ms("*", "retry.backoff.max.ms", 1000, 1, 300_000, func(s *settings) *time.Duration { return &s.retryBackoffMax },
			"The longest wait before a retry."),
		ms("*", "topic.metadata.refresh.interval.ms", 300_000, -1, 3_600_000, func(s *settings) *time.Duration { return &s.metadataInterval },
			"How often to look for new topics and partitions. -1 is franz-go's minimum: once an hour."),
		ms("*", "metadata.max.age.ms", 900_000, 10, 86_400_000, func(s *settings) *time.Duration { return &s.metadataAge },
			"As topic.metadata.refresh.interval.ms, if it is shorter."),
		ms("*", "topic.metadata.refresh.fast.interval.ms", 100, 10, 60_000, func(s *settings) *time.Duration { return &s.metadataFast },
			"The shortest time between two requests for metadata while a leader is missing; at least 250 ms unless set."),
		num("*", "receive.message.max.bytes", 100_000_000, 1024, 1<<30, func(s *settings) *int { return &s.receiveMax },
			"The largest response to read. At least fetch.max.bytes + 512, and raised to that unless set."),
		num("*", "message.max.bytes", 1_000_000, 1000, 1_000_000_000, func(s *settings) *int { return &s.messageMax },
			"The largest batch, and so the largest record, to send, in bytes before compression."),
		flag("*", "enable.metrics.push", true, func(s *settings) *bool { return &s.pushMetrics },
			"Client metrics for brokers that request them (KIP-714)."),
		num("*", "log_level", 6, 0, 7, func(s *settings) *int { return &s.logLevel },
			"What Hooks.Logger receives, as a syslog level: 3 errors, 4 to 6 warnings too, 7 everything."),
		str("*", "debug", "", func(s *settings) *string { return &s.debug },
			"With any value Hooks.Logger receives everything."),
	}
}

func tlsKeys() []key {
	return []key{
		str("*", "ssl.ca.location", "", func(s *settings) *string { return &s.tls.caLocation },
			"A file, or a directory of files, with the certificates to trust. Empty or \"probe\": the system's."),
		str("*", "ssl.ca.pem", "", func(s *settings) *string { return &s.tls.caPEM }, "The same as text."),
		str("*", "ssl.certificate.location", "", func(s *settings) *string { return &s.tls.certLocation }, "This client's certificate, PEM."),
		str("*", "ssl.certificate.pem", "", func(s *settings) *string { return &s.tls.certPEM }, "The same as text."),
		str("*", "ssl.key.location", "", func(s *settings) *string { return &s.tls.keyLocation }, "Its private key, PEM."),
		str("*", "ssl.key.pem", "", func(s *settings) *string { return &s.tls.keyPEM }, "The same as text."),
		str("*", "ssl.key.password", "", func(s *settings) *string { return &s.tls.keyPassword },
			"Opens an encrypted key: PKCS #8 (PBES2 with PBKDF2 and AES-CBC), or the traditional format of PEM."),
		flag("*", "enable.ssl.certificate.verification", true, func(s *settings) *bool { return &s.tls.verify },
			"False trusts every broker."),
		enum("*", "ssl.endpoint.identification.algorithm", "https", "none, https", func(s *settings) *string { return &s.tls.endpointIdentification },
			"Whether the certificate must be for the broker's name."),
	}
}

func saslKeys() []key {
	return []key{
		enum("*", "sasl.mechanisms sasl.mechanism", "GSSAPI", "GSSAPI, PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER", func(s *settings) *string { return &s.sasl.mechanism },
			"How to authenticate. GSSAPI is refused when security.protocol asks for SASL."),
		str("*", "sasl.username", "", func(s *settings) *string { return &s.sasl.username }, "For PLAIN and SCRAM."),
		str("*", "sasl.password", "", func(s *settings) *string { return &s.sasl.password }, "For PLAIN and SCRAM."),
		enum("*", "sasl.oauthbearer.method", "default", "default, oidc", func(s *settings) *string { return &s.sasl.method },
			"default asks Hooks.Token, oidc the token endpoint."),
		str("*", "sasl.oauthbearer.client.id sasl.oauthbearer.client.credentials.client.id", "", func(s *settings) *string { return &s.sasl.clientID }, "For oidc."),
		str("*", "sasl.oauthbearer.client.secret sasl.oauthbearer.client.credentials.client.secret", "", func(s *settings) *string { return &s.sasl.secret }, "For oidc."),
		str("*", "sasl.oauthbearer.token.endpoint.url", "", func(s *settings) *string { return &s.sasl.endpoint }, "For oidc."),
		str("*", "sasl.oauthbearer.scope", "", func(s *settings) *string { return &s.sasl.scope }, "For oidc."),
		str("*", "sasl.oauthbearer.extensions", "", func(s *settings) *string { return &s.sasl.extensions }, "For oidc: name=value, separated by commas."),
	}
}

func producerKeys() []key {
	return []key{
		enum("P", "acks request.required.acks", "all", "all, -1=all, 1, 0", func(s *settings) *string { return &s.acks },
			"Replicas that must have a record before it counts as delivered. Values other than all turn idempotence off."),
		flag("P", "enable.idempotence", true, func(s *settings) *bool { return &s.idempotence },
			"Each record once and in order. True is kavro's default, librdkafka's is false; acks, retries and max.in.flight turn it off unless it is set."),
		num("P", "max.in.flight.requests.per.connection max.in.flight", 1_000_000, 1, 1_000_000, func(s *settings) *int { return &s.inflight },
			"Produce requests in flight to one broker, without idempotence; more than 1 may reorder records on retries. With idempotence it is 5."),
		num("P", "message.send.max.retries retries", 2147483647, 0, 2147483647, func(s *settings) *int { return &s.retries },
			"Retries of a batch."),
		ms("P", "linger.ms queue.buffering.max.ms", 5, 0, 60_000, func(s *settings) *time.Duration { return &s.linger },
			"How long a record waits for others of its partition."),
		num("P", "batch.size", 1_000_000, 1, 2147483647, func(s *settings) *int { return &s.batchSize },
			"No effect: franz-go has one limit for records and batches, message.max.bytes."),
		num("P", "queue.buffering.max.messages", 100_000, 0, 2147483647, func(s *settings) *int { return &s.queueMessages },
			"Records in the queue before Produce waits. 0 is without limit."),
		num("P", "queue.buffering.max.kbytes", 1_048_576, 1, 2147483647, func(s *settings) *int { return &s.queueKbytes },
			"Keys, values and headers in the queue before Produce waits, in units of 1024 bytes."),
		ms("P", "request.timeout.ms", 30_000, 100, 900_000, func(s *settings) *time.Duration { return &s.requestTimeout },
			"How long the broker may wait for its replicas."),
		ms("P", "message.timeout.ms delivery.timeout.ms", 300_000, 0, 2147483647, func(s *settings) *time.Duration { return &s.deliveryTimeout },
			"How long a record may take from Produce to its report, retries included, within a sixteenth. 0 is without limit."),
		ms("*", "topic.metadata.propagation.max.ms", 30_000, 0, 3_600_000, func(s *settings) *time.Duration { return &s.propagation },
			"How long a topic may be missing before its records fail with error 3."),
		enum("P", "compression.type compression.codec", "none", "none, gzip, snappy, lz4, zstd", func(s *settings) *string { return &s.compression },
			"How batches are compressed."),
		num("P", "compression.level", -1, -1, 12, func(s *settings) *int { return &s.level },
			"0 to 9 for gzip, 0 to 12 for lz4 and zstd; -1 is the codec's own default."),
		enum("P", "partitioner", "consistent_random", "random, consistent, consistent_random, murmur2, murmur2_random, fnv1a, fnv1a_random", func(s *settings) *string { return &s.partitioner },
			"The partition of records without one. murmur2_random is the Java producer's."),
		ms("P", "sticky.partitioning.linger.ms", 10, 0, 900_000, func(s *settings) *time.Duration { return &s.sticky },
			"How long records without a key stay on one partition. Twice linger.ms unless set."),
		str("P", "transactional.id", "", func(s *settings) *string { return &s.transactionalID },
			"Makes the producer a kafka.TxnProducer."),
		ms("P", "transaction.timeout.ms", 60_000, 1000, 2147483647, func(s *settings) *time.Duration { return &s.txnTimeout },
			"How long a transaction may take before the broker aborts it. It bounds message.timeout.ms."),
		flag("*", "allow.auto.create.topics", false, func(s *settings) *bool { return &s.autoCreate },
			"Whether a request for a topic may create it, if the broker allows it. True for producers unless set, as in librdkafka."),
	}
}

func consumerKeys() []key {
	return []key{
		str("C", "group.id", "", func(s *settings) *string { return &s.group }, "The group to join. Required by Subscribe, and to commit."),
		str("C", "group.instance.id", "", func(s *settings) *string { return &s.instanceID }, "A name for static membership, constant across restarts."),
		enum("C", "group.protocol", "classic", "classic, consumer", func(s *settings) *string { return &s.groupProtocol }, "consumer is KIP-848."),
		enum("C", "group.remote.assignor", "", "uniform, range, =", func(s *settings) *string { return &s.remoteAssignor },
			"The broker's assignor, with group.protocol=consumer. Empty is uniform."),
		str("C", "partition.assignment.strategy", "range,roundrobin", func(s *settings) *string { return &s.assignors },
			"range, roundrobin, cooperative-sticky, the first that all members have. The last is not mixed with others."),
		ms("C", "session.timeout.ms", 45_000, 100, 3_600_000, func(s *settings) *time.Duration { return &s.sessionTimeout },
			"How long a member may be silent before the group removes it."),
		ms("C", "heartbeat.interval.ms", 3000, 1, 3_600_000, func(s *settings) *time.Duration { return &s.heartbeat },
			"How often this member sends a heartbeat. A third of session.timeout.ms unless that is above it."),
		ms("C", "max.poll.interval.ms", 300_000, 100, 86_400_000, func(s *settings) *time.Duration { return &s.maxPollInterval },
			"The longest time between two calls of Poll; after it the member leaves its group and joins again on the next Poll. Also how long a rebalance waits for members."),
		enum("C", "auto.offset.reset", "latest", "latest, largest=latest, end=latest, earliest, smallest=earliest, beginning=earliest, error, none=error", func(s *settings) *string { return &s.offsetReset },
			"Where to start without a committed offset, or with one out of range. error reports -140 for the partition, which waits for Seek."),
		enum("C", "isolation.level", "read_committed", "read_committed, read_uncommitted", func(s *settings) *string { return &s.isolation },
			"Whether records of open and aborted transactions are read."),
		flag("C", "enable.partition.eof", false, func(s *settings) *bool { return &s.partitionEOF },
			"True has Poll return an *EndOfPartition when a partition was read to its end. WithToEnd sets it."),
		ms("C", "fetch.wait.max.ms", 500, 10, 300_000, func(s *settings) *time.Duration { return &s.fetchWait },
			"How long the broker may wait for fetch.min.bytes."),
		num("C", "fetch.min.bytes", 1, 1, 100_000_000, func(s *settings) *int { return &s.fetchMin }, "The size for which the broker waits."),
		num("C", "fetch.max.bytes", 52_428_800, 0, 1<<30-512, func(s *settings) *int { return &s.fetchMax },
			"The largest fetch, of all partitions of a broker; at least message.max.bytes."),
		num("C", "fetch.message.max.bytes max.partition.fetch.bytes", 1_048_576, 1, 1_000_000_000, func(s *settings) *int { return &s.fetchPartitionMax },
			"The largest fetch of one partition; a larger batch is still fetched."),
		flag("C", "check.crcs", true, func(s *settings) *bool { return &s.checkCRCs },
			"Whether checksums are verified. True unless set: it costs little here."),
		str("*", "topic.blacklist", "", func(s *settings) *string { return &s.topicBlacklist },
			"Regular expressions of topics that a regular expression in Subscribe does not match, separated by commas."),
	}
}

package franz

// ignoredKeys are accepted so that configurations of other clients work: they tune what franz-go
// does in another way, or another package reads them.
func ignoredKeys() []key {
	const (
		tuning  = "Tunes librdkafka; franz-go has no counterpart."
		dead    = "No longer used by librdkafka."
		above   = "Read by avroconsumer: a client commits only when told to."
		another = "A setting of confluent-kafka-go's own interface."
	)
	return []key{
		ignored("C", "enable.auto.commit auto.commit.enable", "bool", "true", above),
		ignored("C", "auto.commit.interval.ms", "ms", "5000", above),
		ignored("C", "enable.auto.offset.store", "bool", "true", above),

		ignored("P", "batch.num.messages", "int", "10000", tuning),
		ignored("P", "queue.buffering.backpressure.threshold", "int", "1", tuning),
		ignored("P", "delivery.report.only.error", "bool", "false", "Every record is reported."),
		ignored("P", "produce.offset.report", "bool", "false", dead),
		ignored("*", "message.copy.max.bytes", "int", "65535", tuning),
		ignored("*", "metadata.recovery.strategy", "string", "rebootstrap", "franz-go always asks the bootstrap servers again."),
		ignored("*", "metadata.recovery.rebootstrap.trigger.ms", "ms", "300000", tuning),
		ignored("*", "topic.metadata.refresh.fast.cnt", "int", "10", dead),
		ignored("*", "topic.metadata.refresh.sparse", "bool", "true", tuning),
		ignored("*", "socket.blocking.max.ms", "ms", "1000", dead),
		ignored("*", "socket.send.buffer.bytes", "int", "0", tuning),
		ignored("*", "socket.receive.buffer.bytes", "int", "0", tuning),
		ignored("*", "socket.max.fails", "int", "1", tuning),
		ignored("*", "broker.address.ttl", "ms", "1000", tuning),
		ignored("*", "reconnect.backoff.jitter.ms", "ms", "0", dead),
		ignored("*", "reconnect.backoff.ms", "ms", "100", "retry.backoff.ms spaces reconnects as well."),
		ignored("*", "reconnect.backoff.max.ms", "ms", "10000", "retry.backoff.max.ms bounds reconnects as well."),
		ignored("*", "enabled_events", "int", "0", tuning),
		ignored("*", "log.queue", "bool", "false", tuning),
		ignored("*", "log.thread.name", "bool", "true", tuning),
		ignored("*", "log.connection.close", "bool", "true", tuning),
		ignored("*", "enable.random.seed", "bool", "true", tuning),
		ignored("*", "internal.termination.signal", "int", "0", tuning),
		ignored("*", "api.version.request", "bool", "true", tuning),
		ignored("*", "api.version.request.timeout.ms", "ms", "10000", tuning),
		ignored("*", "api.version.fallback.ms", "ms", "0", tuning),
		ignored("*", "broker.version.fallback", "string", "0.10.0", tuning),
		ignored("*", "ssl.ca.certificate.stores", "string", "Root", "Windows only; crypto/x509 uses the system's store."),
		ignored("*", "client.dns.lookup", "string", "use_all_dns_ips", "Every address of a name is tried."),
		ignored("C", "queued.min.messages", "int", "100000", "franz-go keeps one fetch per broker in advance."),
		ignored("C", "queued.max.messages.kbytes", "int", "65536", "franz-go keeps one fetch per broker in advance."),
		ignored("C", "fetch.queue.backoff.ms", "ms", "1000", tuning),
		ignored("C", "fetch.error.backoff.ms", "ms", "500", tuning),
		ignored("C", "coordinator.query.interval.ms", "ms", "600000", tuning),
		ignored("C", "consume.callback.max.messages", "int", "0", tuning),
		ignored("C", "offset.store.path", "string", ".", dead),
		ignored("C", "offset.store.sync.interval.ms", "ms", "-1", dead),

		ignored("P", "go.delivery.reports", "bool", "true", another),
		ignored("P", "go.delivery.report.fields", "string", "key,value", another),
		ignored("P", "go.batch.producer", "bool", "false", another),
		ignored("P", "go.produce.channel.size", "int", "1000000", another),
		ignored("*", "go.events.channel.size", "int", "100000", another),
		ignored("*", "go.logs.channel.enable", "bool", "false", another),
	}
}

// refusedKeys would change behaviour, and cannot be honoured.
func refusedKeys() []key {
	const (
		kerberos = "it has no Kerberos; use kafka/confluent"
		grant    = "only the client credentials grant is supported; set Hooks.Token, or use kafka/confluent"
		pkcs12   = "PKCS #12 is not in the standard library; give PEM files with ssl.certificate.location and ssl.key.location (openssl pkcs12 -in STORE -out CLIENT.pem)"
		openssl  = "crypto/tls names and chooses these itself"
		c        = "it belongs to librdkafka's C interface"
	)
	return []key{
		refused("*", "statistics.interval.ms", "0", "franz-go keeps no librdkafka statistics; attach kgo hooks to a client for WrapProducer, or use kafka/confluent"),
		refused("*", "builtin.features", "", c),
		refused("*", "plugin.library.paths", "", c),
		refused("P", "enable.gapless.guarantee", "false", "franz-go never leaves a gap by failing one batch of a partition and sending the next, and has no fatal error for it"),
		refused("P", "queuing.strategy", "fifo", "records are sent in the order of Produce"),
		refused("C", "offset.store.method", "broker", "offsets are kept by the broker"),
		refused("C", "group.protocol.type", "consumer", "no other value exists"),
		refused("C", "max.poll.records", "500", "in librdkafka it is for share consumers; avroconsumer.WithInFlight bounds what is read ahead, and the max of RunBatch what a handler gets"),
		refused("C", "share.acknowledgement.mode", "implicit", "a client has no share consumer"),
		refused("C", "go.events.channel.enable", "false", "Poll is the only way to read"),
		refused("C", "go.application.rebalance.enable", "false", "Subscribe takes a Rebalance"),

		refused("*", "ssl.cipher.suites", "", openssl),
		refused("*", "ssl.curves.list", "", openssl),
		refused("*", "ssl.sigalgs.list", "", openssl),
		refused("*", "ssl.crl.location", "", "crypto/tls does not read revocation lists"),
		refused("*", "ssl.keystore.location", "", pkcs12),
		refused("*", "ssl.keystore.password", "", pkcs12),
		refused("*", "ssl.providers", "", openssl),
		refused("*", "ssl.engine.location", "", openssl),
		refused("*", "ssl.engine.id", "dynamic", openssl),
		refused("*", "https.ca.location", "", "token endpoints are verified with the system's certificates"),
		refused("*", "https.ca.pem", "", "token endpoints are verified with the system's certificates"),

		refused("*", "sasl.kerberos.service.name", "kafka", kerberos),
		refused("*", "sasl.kerberos.principal", "kafkaclient", kerberos),
		refused("*", "sasl.kerberos.kinit.cmd", "", kerberos),
		refused("*", "sasl.kerberos.keytab", "", kerberos),
		refused("*", "sasl.kerberos.min.time.before.relogin", "60000", kerberos),
		refused("*", "enable.sasl.oauthbearer.unsecure.jwt", "false", "no tokens are made; set Hooks.Token"),
		refused("*", "sasl.oauthbearer.config", "", "no tokens are made; set Hooks.Token"),
		refused("*", "sasl.oauthbearer.sub.claim.name", "sub", "tokens are not parsed"),
		refused("*", "sasl.oauthbearer.grant.type", "client_credentials", grant),
		refused("*", "sasl.oauthbearer.assertion.algorithm", "RS256", grant),
		refused("*", "sasl.oauthbearer.assertion.private.key.file", "", grant),
		refused("*", "sasl.oauthbearer.assertion.private.key.passphrase", "", grant),
		refused("*", "sasl.oauthbearer.assertion.private.key.pem", "", grant),
		refused("*", "sasl.oauthbearer.assertion.file", "", grant),
		refused("*", "sasl.oauthbearer.assertion.claim.aud", "", grant),
		refused("*", "sasl.oauthbearer.assertion.claim.exp.seconds", "300", grant),
		refused("*", "sasl.oauthbearer.assertion.claim.iss", "", grant),
		refused("*", "sasl.oauthbearer.assertion.claim.jti.include", "false", grant),
		refused("*", "sasl.oauthbearer.assertion.claim.nbf.seconds", "60", grant),
		refused("*", "sasl.oauthbearer.assertion.claim.sub", "", grant),
		refused("*", "sasl.oauthbearer.assertion.jwt.template.file", "", grant),
		refused("*", "sasl.oauthbearer.metadata.authentication.type", "none", grant),
	}
}

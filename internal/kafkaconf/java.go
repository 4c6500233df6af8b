package kafkaconf

import (
	"strings"

	"github.com/kavro/kavro/kafka"
)

// foreign is a key of another client, and what to write instead.
type foreign struct {
	name    string
	instead string // a key of librdkafka's; "" where there is none
	note    string // what differs, or what does its work
}

// javaKeys are the keys of Java's clients that librdkafka does not have, sorted by
// what they are about. Those that it has, by the same name, are not among them.
var javaKeys = [...]foreign{
	// security
	{"sasl.jaas.config", "", "write the user and the password in it as sasl.username and sasl.password, with sasl.mechanism and security.protocol"},
	{"sasl.client.callback.handler.class", "", "names a Java class; kafka.Hooks.Token answers for OAUTHBEARER"},
	{"sasl.login.callback.handler.class", "", "names a Java class; use sasl.oauthbearer.method=oidc, or kafka.Hooks.Token"},
	{"sasl.login.class", "", "names a Java class; leave it out"},
	{"sasl.login.connect.timeout.ms", "", "leave it out"},
	{"sasl.login.read.timeout.ms", "", "leave it out"},
	{"sasl.login.retry.backoff.ms", "", "leave it out"},
	{"sasl.login.retry.backoff.max.ms", "", "leave it out"},
	{"sasl.login.refresh.buffer.seconds", "", "tokens are replaced when four fifths of their life are over: leave it out"},
	{"sasl.login.refresh.min.period.seconds", "", "tokens are replaced when four fifths of their life are over: leave it out"},
	{"sasl.login.refresh.window.factor", "", "tokens are replaced when four fifths of their life are over: leave it out"},
	{"sasl.login.refresh.window.jitter", "", "tokens are replaced when four fifths of their life are over: leave it out"},
	{"sasl.kerberos.ticket.renew.jitter", "sasl.kerberos.min.time.before.relogin", ""},
	{"sasl.kerberos.ticket.renew.window.factor", "sasl.kerberos.min.time.before.relogin", ""},
	{"sasl.oauthbearer.clock.skew.seconds", "", "tokens are not looked into: leave it out"},
	{"sasl.oauthbearer.expected.audience", "", "tokens are not looked into: leave it out"},
	{"sasl.oauthbearer.expected.issuer", "", "tokens are not looked into: leave it out"},
	{"sasl.oauthbearer.header.urlencode", "", "leave it out"},
	{"sasl.oauthbearer.jwks.endpoint.url", "", "is for brokers: leave it out"},
	{"sasl.oauthbearer.jwks.endpoint.refresh.ms", "", "is for brokers: leave it out"},
	{"sasl.oauthbearer.jwks.endpoint.retry.backoff.ms", "", "is for brokers: leave it out"},
	{"sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", "", "is for brokers: leave it out"},
	{"sasl.oauthbearer.jwt.retriever.class", "", "names a Java class; use sasl.oauthbearer.method=oidc, or kafka.Hooks.Token"},
	{"sasl.oauthbearer.jwt.validator.class", "", "names a Java class; tokens are not looked into: leave it out"},
	{"sasl.oauthbearer.client.credentials.client.assertion", "sasl.oauthbearer.assertion.file", ""},
	{"sasl.oauthbearer.scope.claim.name", "", "tokens are not looked into: leave it out"},
	{"ssl.truststore.location", "ssl.ca.location", "a file in PEM: keytool -exportcert -rfc"},
	{"ssl.truststore.certificates", "ssl.ca.pem", ""},
	{"ssl.truststore.password", "", "PEM files with certificates have none: leave it out, with ssl.ca.location"},
	{"ssl.truststore.type", "", "certificates are read in PEM: leave it out, with ssl.ca.location"},
	{"ssl.keystore.certificate.chain", "ssl.certificate.pem", ""},
	{"ssl.keystore.key", "ssl.key.pem", ""},
	{"ssl.keystore.type", "", "give PEM files with ssl.certificate.location and ssl.key.location and leave it out; kafka/confluent reads PKCS #12 from ssl.keystore.location"},
	{"ssl.protocol", "", "TLS 1.2 and 1.3 are spoken: leave it out"},
	{"ssl.enabled.protocols", "", "TLS 1.2 and 1.3 are spoken: leave it out"},
	{"ssl.provider", "", "is about Java: leave it out"},
	{"ssl.keymanager.algorithm", "", "is about Java: leave it out"},
	{"ssl.trustmanager.algorithm", "", "is about Java: leave it out"},
	{"ssl.secure.random.implementation", "", "is about Java: leave it out"},
	{"ssl.engine.factory.class", "", "names a Java class: leave it out"},
	{"security.providers", "", "names Java classes: leave it out"},

	// both kinds of client
	{"send.buffer.bytes", "socket.send.buffer.bytes", ""},
	{"receive.buffer.bytes", "socket.receive.buffer.bytes", ""},
	{"socket.connection.setup.timeout.max.ms", "socket.connection.setup.timeout.ms", ""},
	{"metadata.max.idle.ms", "", "topics are forgotten by themselves: leave it out"},
	{"default.api.timeout.ms", "", "the context of each call bounds it"},
	{"bootstrap.controllers", "bootstrap.servers", ""},
	{"zookeeper.connect", "bootstrap.servers", "the brokers themselves"},
	{"metric.reporters", "", "names Java classes; give an observer: WithObserver"},
	{"metrics.num.samples", "", "metrics are an observer's: leave it out"},
	{"metrics.recording.level", "", "metrics are an observer's: leave it out"},
	{"metrics.sample.window.ms", "", "metrics are an observer's: leave it out"},
	{"auto.include.jmx.reporter", "", "is about Java: leave it out"},
	{"interceptor.classes", "", "names Java classes; give an observer: WithObserver"},
	{"config.providers", "", "put the values themselves into the configuration"},

	// producers
	{"buffer.memory", "queue.buffering.max.kbytes", "in units of 1024 bytes"},
	{"max.block.ms", "", "the context given to Produce bounds its wait"},
	{"max.request.size", "message.max.bytes", ""},
	{"compression.gzip.level", "compression.level", ""},
	{"compression.lz4.level", "compression.level", ""},
	{"compression.zstd.level", "compression.level", ""},
	{"partitioner.class", "partitioner", "random, consistent, consistent_random, murmur2, murmur2_random, fnv1a or fnv1a_random"},
	{"partitioner.ignore.keys", "partitioner", "random, for records with a key as well"},
	{"partitioner.adaptive.partitioning.enable", "", "has no counterpart: leave it out"},
	{"partitioner.availability.timeout.ms", "", "has no counterpart: leave it out"},
	{"transaction.two.phase.commit.enable", "", "has no counterpart: leave it out"},
	{"metadata.fetch.timeout.ms", "", "the context given to Produce bounds its wait"},
	{"block.on.buffer.full", "", "the context given to Produce bounds its wait"},

	// consumers
	{"fetch.max.wait.ms", "fetch.wait.max.ms", ""},
	{"exclude.internal.topics", "topic.blacklist", "^__consumer_offsets$,^__transaction_state$"},
	{"offsets.topic.name", "", "has no counterpart: leave it out"},
	{"share.acquire.mode", "", "is for share consumers: leave it out"},
	{"internal.leave.group.on.close", "", "a member without group.instance.id leaves its group when it is closed: leave it out"},
}

// firstOfProducers is where the producer's part of javaKeys begins, and
// firstOfConsumers where the consumer's does.
const firstOfProducers, firstOfConsumers = "buffer.memory", "fetch.max.wait.ms"

// bindingKeys are what librdkafka's bindings for Go, Python and C have beside its
// keys.
var bindingKeys = [...]foreign{
	{"default.topic.config", "", "write the keys in it beside the others: there is one configuration for clients and topics"},
	{"default_topic_conf", "", "write the keys in it beside the others: there is one configuration for clients and topics"},
	{"error_cb", "", "give kafka.Hooks.Error"},
	{"stats_cb", "", "give kafka.Hooks.Stats"},
	{"oauth_cb", "", "give kafka.Hooks.Token"},
	{"oauthbearer_token_refresh_cb", "", "give kafka.Hooks.Token"},
	{"log_cb", "", "give kafka.Hooks.Logger"},
	{"logger", "", "give kafka.Hooks.Logger"},
	{"throttle_cb", "", "has no counterpart: leave it out"},
	{"on_delivery", "", "the report of a record goes to what produced it"},
	{"dr_cb", "", "the report of a record goes to what produced it"},
	{"dr_msg_cb", "", "the report of a record goes to what produced it"},
	{"on_commit", "", "give an observer: WithObserver"},
	{"offset_commit_cb", "", "give an observer: WithObserver"},
	{"rebalance_cb", "", "give kavro.WithOnAssigned, WithOnRevoked and WithOnLost"},
}

// topicPrefix begins keys in confluent-kafka-go that are for topics.
const topicPrefix = "{topic}."

// foreigners finds keys of other clients by their names.
func foreigner(name string) (f foreign, ofJava, ofProducers bool) {
	producers := false
	for _, f := range javaKeys {
		switch f.name {
		case firstOfProducers:
			producers = true
		case firstOfConsumers:
			producers = false
		}
		if f.name == name {
			return f, true, producers
		}
	}
	if strings.HasPrefix(name, "config.providers.") {
		return foreign{name, "", "put the values themselves into the configuration"}, true, false
	}
	for _, f := range bindingKeys {
		if f.name == name {
			return f, false, false
		}
	}
	if bare, ok := strings.CutPrefix(name, topicPrefix); ok {
		return foreign{name, bare, "there is one configuration for clients and topics"}, false, false
	}
	return foreign{}, false, false
}

// IsForeign reports whether a key is one of another client's that has a
// counterpart, or an explanation, here.
func IsForeign(name string) bool {
	f, _, _ := foreigner(name)
	return f.name != ""
}

// Translate is the error for a key of another client. withPartitions adds what a
// user of Java's producer must know: its records go to other partitions.
func Translate(name string, withPartitions bool) *kafka.ConfigError {
	f, ofJava, _ := foreigner(name)
	reason := "is not a key of librdkafka, whose names are used here"
	if ofJava {
		reason = "is a key of Java's client"
	}
	if f.instead != "" {
		reason += "; write " + f.instead
		if f.note != "" {
			reason += " (" + f.note + ")"
		}
	} else {
		reason += "; " + f.note
	}
	if withPartitions {
		reason += ". Java's producer chooses partitions by murmur2: with partitioner=murmur2_random, records with a key go where they went"
	}
	return &kafka.ConfigError{Key: name, Reason: reason}
}

// CheckForeign refuses the keys of other clients. The note about partitions comes
// once, with the first key of Java's producer, unless a partitioner is set.
func (v *View) CheckForeign() {
	noted := v.Given("partitioner")
	for _, key := range v.conf.Keys() {
		if !IsForeign(key) {
			continue
		}
		_, _, ofProducers := foreigner(key)
		v.keep(Translate(key, ofProducers && !noted))
		noted = noted || ofProducers
	}
	v.checkAssignors()
}

// javaAssignors are the classes that partition.assignment.strategy names in Java.
var javaAssignors = map[string]string{
	"RangeAssignor": "range", "RoundRobinAssignor": "roundrobin",
	"CooperativeStickyAssignor": "cooperative-sticky", "StickyAssignor": "cooperative-sticky",
}

// checkAssignors translates Java's classes.
func (v *View) checkAssignors() {
	const key = "partition.assignment.strategy"
	if !v.Given(key) {
		return
	}
	var names []string
	java := false
	for name := range strings.SplitSeq(v.Get(key), ",") {
		name = strings.TrimSpace(name)
		if here, ok := javaAssignors[name[strings.LastIndexByte(name, '.')+1:]]; ok {
			name, java = here, true
		}
		names = append(names, name)
	}
	if java {
		v.Fail(key, "names Java classes; write "+strings.Join(names, ","))
	}
}

// Unknown is the error for a key that is neither librdkafka's nor another
// client's, with the nearest of known. A key that is nearest to one of another
// client's is explained as that.
func Unknown(key string, known []string) *kafka.ConfigError {
	if IsForeign(key) {
		return Translate(key, false)
	}
	all := append([]string(nil), known...)
	for _, f := range javaKeys {
		all = append(all, f.name)
	}
	e := kafka.Unknown(key, all)
	if IsForeign(e.Nearest) {
		t := Translate(e.Nearest, false)
		e.Reason, e.Nearest = "no such key; "+e.Nearest+", which is near, "+t.Reason, ""
	}
	return e
}

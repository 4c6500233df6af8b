package apache

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Version is the version of Apache Kafka that runs.
const Version = "4.4.0"

// The listeners of a broker.
const (
	plain      = "PLAINTEXT"  // everyone is User:ANONYMOUS, who may do everything
	sasl       = "SASL"       // SASL/PLAIN: the users below
	controller = "CONTROLLER" // the broker's own
)

var listeners = []string{plain, sasl, controller}

// The users of the SASL listener and their passwords. Admin may do everything,
// the others only what an ACL allows.
const (
	Admin, AdminPassword = "admin", "admin-secret"
	Alice, AlicePassword = "alice", "alice-secret"
	Bob, BobPassword     = "bob", "bob-secret"
)

// settings are those of a broker that is small, starts quickly, and is quick to
// notice who died. Ports and folders are not among them: see properties.
var settings = map[string]string{
	"process.roles":                  "broker,controller",
	"node.id":                        "1",
	"controller.listener.names":      controller,
	"inter.broker.listener.name":     plain,
	"listener.security.protocol.map": plain + ":PLAINTEXT," + sasl + ":SASL_PLAINTEXT," + controller + ":PLAINTEXT",

	// One node holds everything.
	"offsets.topic.replication.factor":         "1",
	"offsets.topic.num.partitions":             "1",
	"transaction.state.log.replication.factor": "1",
	"transaction.state.log.min.isr":            "1",
	"transaction.state.log.num.partitions":     "1",
	"auto.create.topics.enable":                "false",
	"log.cleaner.dedupe.buffer.size":           "2097152",
	"num.network.threads":                      "2",
	"num.io.threads":                           "4",
	"background.threads":                       "2",

	// A broker that was killed comes back once its old session has ended; one that
	// gets no processor for as long is taken for dead, and has no topics meanwhile.
	"broker.session.timeout.ms":    "5000",
	"broker.heartbeat.interval.ms": "500",

	// Tests choose how long a member may be silent.
	"group.initial.rebalance.delay.ms":         "0",
	"group.min.session.timeout.ms":             "100",
	"group.consumer.min.session.timeout.ms":    "1000",
	"group.consumer.session.timeout.ms":        "45000",
	"group.consumer.min.heartbeat.interval.ms": "100",
	"group.consumer.heartbeat.interval.ms":     "500",

	"listener.name.sasl.sasl.enabled.mechanisms": "PLAIN",
	"listener.name.sasl.plain.sasl.jaas.config": "org.apache.kafka.common.security.plain.PlainLoginModule required" +
		fmt.Sprintf(" user_%s=%q user_%s=%q user_%s=%q;", Admin, AdminPassword, Alice, AlicePassword, Bob, BobPassword),
	"authorizer.class.name":          "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
	"super.users":                    "User:ANONYMOUS;User:" + Admin,
	"allow.everyone.if.no.acl.found": "false",
}

// properties returns the text of server.properties.
func properties(dir string, ports map[string]int) string {
	all := maps.Clone(settings)
	all["log.dirs"] = dir
	all["controller.quorum.bootstrap.servers"] = fmt.Sprint("127.0.0.1:", ports[controller])
	var at []string
	for _, l := range listeners {
		at = append(at, fmt.Sprint(l, "://127.0.0.1:", ports[l]))
	}
	all["listeners"] = strings.Join(at, ",")
	var text strings.Builder
	for _, k := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&text, "%s=%s\n", k, all[k])
	}
	return text.String()
}

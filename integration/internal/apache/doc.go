// Package apache runs Apache Kafka for tests: one node (KRaft) on 127.0.0.1, with
// a listener for everyone and one for SASL/PLAIN with ACLs.
//
// A test package usually shares one broker:
//
//	var broker *apache.Broker
//
//	func TestMain(m *testing.M) { os.Exit(apache.Main(m, &broker)) }
//
//	func TestIt(t *testing.T) {
//		broker.CreateTopic(t, "orders", 3)
//		client, err := kavro.Open(kavro.Config{"bootstrap.servers": broker.Address, ...})
//	}
//
// A test that stops or kills a broker has one of its own, from [Start].
package apache

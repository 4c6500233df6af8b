// Package kafkatest is the conformance suite of package kafka: what every client
// must do, shown on a broker. [Run] runs all of it against one client, and
// [RunMixed] puts members of two clients into one group.
//
// A client passes it with a few lines:
//
//	func TestConformance(t *testing.T) {
//		kafkatest.Run(t, kafkatest.Factory{
//			Name:     "franz",
//			Producer: franz.NewProducer,
//			Consumer: franz.NewConsumer,
//			Session:  franz.NewSession,
//		})
//	}
//
// The broker is kfake, in process, one per call of Run. [RunOn] runs the same
// cases on a broker that is already there; each case makes topics and groups
// of its own, with names that do not repeat.
package kafkatest

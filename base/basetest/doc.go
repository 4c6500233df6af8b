// Package basetest is the conformance suite of package base: what every base
// must do, shown on a broker. [Run] runs all of it against one base, and
// [RunMixed] puts members of two bases into one group.
//
// A base passes it with a few lines:
//
//	func TestConformance(t *testing.T) {
//		basetest.Run(t, basetest.Factory{
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
package basetest

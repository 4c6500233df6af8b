// Package kafkatest is the conformance suite of package kafka: what every driver must do,
// shown on a broker. [Run] runs all of it against one driver, and [RunMixed] puts members
// of two drivers into one group.
//
// A driver passes it with one line:
//
//	func TestConformance(t *testing.T) { kafkatest.Run(t, franz.Driver()) }
//
// The broker is kfake, in process, one per call of Run. [RunOn] runs the same
// cases on a broker that is already there; each case makes topics and groups
// of its own, with names that do not repeat.
package kafkatest

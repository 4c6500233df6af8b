// Package kafkatest is the conformance suite of package kafka: what every driver must do,
// shown on a broker. [Run] runs all of it against one driver, and [RunMixed] puts members
// of two drivers into one group.
//
// A driver passes it with one line:
//
//	func TestConformance(t *testing.T) { kafkatest.Run(t, franz.Driver()) }
//
// The broker is kfake, in process, one for each call of Run. [RunOn] runs the same cases on
// another broker. Each case makes its own topics and groups, with unique names.
package kafkatest

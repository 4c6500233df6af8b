package kafkatest

import (
	"slices"

	"github.com/kavro/kavro/kafka"
)

// cases is every case, in the order of the interfaces in package kafka.
func cases() []testCase {
	return slices.Concat(
		produceCases(),
		recordCases(),
		closeCases(),
		consumeCases(),
		endCases(),
		seekCases(),
		groupCases(),
		txnCases(),
		sessionCases(),
		queryCases(),
		adminCases(),
		configCases(),
		causeCases(),
		fencedCases(),
	)
}

// mixedCases is every case for two drivers, each in both roles.
func mixedCases() []mixedCase {
	var all []mixedCase
	both := func(name string, run func(a, b *env)) {
		all = append(all, mixedCase{name, run}, mixedCase{name + ", the other way round", func(a, b *env) { run(b, a) }})
	}
	for _, kind := range groupKinds {
		both("join and leave/"+kind.name, func(a, b *env) { joinAndLeave(a, b, kind.conf) })
		both("handing over/"+kind.name, func(a, b *env) { handOver(a, b, kind.conf) })
	}
	both("sessions", func(a, b *env) { rebalanceSessions(a, b, kafka.Config{}) })
	both("what one writes the other reads", writeAndRead)
	return append(all, mixedCase{"partition of a key", samePartitions})
}

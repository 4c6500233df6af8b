// Package bench sets kavro beside its peers: the same value, the same schema,
// the same work, each library used as its own documents advise (prepared
// schemas, reused buffers).
//
//	go test -bench .            the table as Go benchmarks
//	go run ./cmd/table          ratios with their spread over rounds, results.md and chart.svg
//	go run ./anchors            the Order in Rust and Java, where their tools are: anchors.md
//	go run ./cmd/flow           producing and consuming beside the bare Kafka clients: flow.md
//
// It is a module of its own, so that the peers reach nobody's binary. Every
// entry's result is checked before it is timed (TestEntries).
package bench

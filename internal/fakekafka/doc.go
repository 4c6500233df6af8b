// Package fakekafka is a Kafka in memory, one layer above the protocol: it
// satisfies the interfaces of package kafka without a broker, a network or a
// clock of its own, so that the machinery above client is tested
// deterministically, also inside a testing/synctest bubble.
//
// A [Cluster] holds topics, groups and transactions; [Cluster.Producer],
// [Cluster.TxnProducer], [Cluster.Consumer] and [Cluster.Session] make clients
// of it. Groups rebalance eagerly or cooperatively as members come and go, and
// by script: [Group.Assign], [Group.Rebalance], [Group.Expel]. Faults are
// functions and calls on the clients: [ProducerConfig.Fail], [Producer.Hold],
// [ConsumerConfig.OnCommit], [Consumer.Fail], [Consumer.FailPartition].
//
// It is stricter than a client where that finds mistakes: two goroutines inside
// Poll panic, a commit of a partition that the member does not own is refused,
// a producer reads the bytes of a record only when it delivers it, and calls
// done while the record still takes up room.
package fakekafka

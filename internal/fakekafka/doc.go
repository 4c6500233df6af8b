// Package fakekafka is a Kafka in memory, one layer above the protocol: it implements the
// interfaces of package kafka without a broker, a network or a clock of its own, so that the
// packages above are tested deterministically, also in a testing/synctest bubble.
//
// A [Cluster] holds topics, groups and transactions; [Cluster.Producer],
// [Cluster.TxnProducer], [Cluster.Consumer] and [Cluster.Session] make clients. Groups
// rebalance eagerly or cooperatively as members join and leave, and on request:
// [Group.Assign], [Group.Rebalance], [Group.Expel]. Faults are injected with
// [ProducerConfig.Fail], [Producer.Hold], [ConsumerConfig.OnCommit], [Consumer.Fail] and
// [Consumer.FailPartition].
//
// It is stricter than a real client in order to find mistakes: two goroutines within Poll
// panic, a commit of a partition that the member does not own is refused, a producer reads the
// bytes of a record only when it delivers it, and the record counts for the limit of the queue
// until done has returned.
package fakekafka

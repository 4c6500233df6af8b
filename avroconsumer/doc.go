// Package avroconsumer is a Kafka consumer that yields values: it reads records from a
// [kafka.Consumer], decodes their keys and values, and commits the offsets of processed
// records.
//
// With [Consumer.Poll], [Consumer.Messages] and [Consumer.Batches] the program loops over
// messages. [Consumer.Run] and [Consumer.RunBatch] call a handler, several at once if
// configured, with a [Policy] for each class of error.
//
// # Processed records
//
// A record is processed when the loop asks for the next one, when its handler has returned
// nil, when the policy for its error has been applied (it was skipped, or its dead letter was
// acknowledged), or when Commit is called with it. A record that was polled and is none of
// these is unprocessed.
//
// Each partition's contiguous prefix, the records up to the first unprocessed one, is
// committed: periodically, when the partition is revoked, when Run ends, and by Close. With
// [WithManualCommit] only Commit commits. So every record is processed at least once, and
// again after a crash if it was not committed.
//
// After break, the last message of a loop is unprocessed: it is returned next, by this
// consumer or by the next owner of the partition. Use Batches to collect several messages
// before they are acknowledged.
//
// # Bad records
//
// A record that cannot be decoded is a [*RecordError] with its raw bytes; reading continues
// after it. While the registry does not answer, no record fails: records that need it wait,
// their partitions are paused, and they are tried again until it answers. The [Observer] is
// notified with the class [RegistryUnavailable], once for each schema id and attempt.
//
// # Nulls
//
// A null key is not an error: Key is K's zero value, and Message.KeyNull is true. A tombstone,
// a record whose value is null, is yielded by Poll and the iterators with Message.Tombstone
// set. Run and RunBatch pass it to handlers whose value type can be null, and otherwise end
// with [ErrTombstone] unless [WithTombstones] is given. Nulls are never decoded, and no policy
// applies to a tombstone.
//
// # Rebalances
//
// While the group rebalances, a consumer may have no partitions, and waits: see
// [Consumer.Group]. After more than 30 seconds the observer and the logger get a
// [StalledError]; Run continues.
package avroconsumer

// Package avroconsumer is a Kafka consumer that yields values: it reads records
// from a [kafka.Consumer], decodes their keys and values, and commits the offsets
// of what was dealt with.
//
// [Consumer.Poll], [Consumer.Messages] and [Consumer.Batches] hand messages to a
// loop of yours. [Consumer.Run] and [Consumer.RunBatch] call a handler, several at
// once if asked, with a [Policy] for each class of error.
//
// # Dealt with
//
// A record is dealt with when the loop comes back for the next one, when its
// handler has returned nil, when the policy for its error has acted (skipped it, or
// written a dead letter that was acknowledged), or when Commit names it: never
// before. What is committed is the end of the contiguous prefix of what was dealt
// with, per partition: periodically, when a partition is revoked, when Run ends,
// and on Close. With manual commits only Commit commits. So every record is
// handled at least once, and some twice: after a crash, those since the last
// commit.
//
// Leaving a loop with break leaves its last message undealt: it is the next to be
// handed out, by this consumer or the partition's next owner. To collect messages
// over several rounds of a loop, use Batches.
//
// # Bad records
//
// A record that cannot be decoded is a [*RecordError] with its raw bytes; reading
// goes on behind it. A registry that does not answer makes no bad records: what
// needs it waits in its place, paused, and is tried again until it answers. The
// [Observer] is told of that as a class of its own, [RegistryUnavailable], once for
// each schema id and attempt.
//
// # Nulls
//
// A null key is never an error: Key is K's zero value, and Message.KeyNull is set. A
// tombstone, a record whose value is null, is yielded by Poll and the iterators
// with Message.Tombstone set. Run and RunBatch deliver it to handlers whose value type
// can be null, and otherwise end with [ErrTombstone] unless [WithTombstones] says
// what to do. Nulls are never decoded, and no policy applies to a tombstone.
//
// # Rebalances
//
// While the group rebalances a consumer may have no partitions, and waits. [Consumer.Group]
// says so, and since when; a wait of more than 30 seconds is a [StalledError], for the
// observer and the logger: it does not end Run.
//
// # Terms
//
// The prefix is the records of a partition up to the first that is not dealt with.
// A lane is what is handled one after the other: see [Ordering].
package avroconsumer

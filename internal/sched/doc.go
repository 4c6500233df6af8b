// Package sched is the state of a consumer as a machine: which partitions are assigned, which of their
// records are in which queue, which task has them, which are processed, and what follows from that. It
// has no lock, no goroutine, no clock and no context: whoever drives it holds one lock, once for each
// poll and each task of many records.
//
// # Driving it
//
// Events are method calls: [Machine.Assigned], [Machine.Revoke], [Machine.Polled], [Machine.Take],
// [Machine.Finish], [Machine.Seek], [Machine.Advance] and so on. What is to be done is asked after
// every event, and depends on the state alone, so that no event has to know who waits for it:
//
//	Reader    what the goroutine that polls is to do: if it waits for something else, wake it
//	Ready     whether a worker is to be started
//	Pauses    which partitions the client is to be told to pause or to resume
//	Alarm     when Advance is to be called
//	AllDue    which offsets may be committed
//
// # Partitions
//
// Each assignment of a partition is a [Generation]:
//
//	phase      begins with             tasks start   ends with
//	reading    Assigned, Seek          yes           Revoke, Drop, Seek
//	waiting    Seek, while handlers    no            the last of them: reading
//	           of records before run
//	revoking   Revoke                  no            Drop
//	stale      Drop, Seek              no            -: results of its tasks are ignored
//
//	intake     begins with             polled        ends with
//	open       the low-water mark      yes           the high-water mark: holding, or throttled if the
//	                                                 partition was slow before, or in mode Polling
//	holding    the high-water mark     no partition  the low-water mark: open; 500 ms: throttled
//	throttled  500 ms of holding       paused        the low-water mark: open
//
// # Queues
//
//	state      of a queue                                   leaves it with
//	empty      without records, or whose records are in a   a record; the end of the task
//	           task and not shared
//	blocked    whose partition is not available             reading, Resume
//	scheduled  that tasks may take records from             Take
//	lingering  of RunBatch, with too few records            a full batch; the linger time
//	delayed    whose first record failed                    the time of the next attempt
//	awaiting   that needs a schema                          an attempt of the outage
//
// # Tasks
//
// A [Task] has many records of one generation, so that the lock is taken once for all of them. Its
// owner begins one after the other with one atomic operation; the machine sees by the same variable how
// far it is, and can stop it at the next record:
//
//	state      begins with                    begins     ends with
//	running    Take                           succeed    the last record; Finish; a stop
//	stopping   Pause, Seek, Revoke, Stop,     fail       Finish
//	           a deadline: the rest is in
//	           its queues again
//	abandoned  End: all of it is in queues    -          Finish, which is ignored
//
// # Verification
//
// The tests explore all interleavings of small worlds, a million random steps of larger ones, and check
// after each step that nothing is lost, that commits never pass unprocessed records, that the order of
// a partition or key is kept, that memory is bounded, and that every record has something that will
// happen to it.
package sched

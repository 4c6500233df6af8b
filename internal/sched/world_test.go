package sched

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"time"

	"github.com/kavro/kavro/kafka"
)

// A world is a machine, a program that drives it as package avroconsumer does, and a broker. It takes
// one step at a time: moves returns the steps that are possible, and after each one check compares the
// machine with what the world knows.
type world struct {
	worldConfig
	m      *Machine
	now    time.Duration
	parts  []*remote
	crew   []*worker
	left   [moveKinds]int // how often limited steps may be taken
	buf    []move
	handed map[*Generation]*history
	paused map[int]bool // by the program
	over   bool         // Run has returned
	fault  string       // the first fault that a step itself found
}

// worldConfig is a small world.
type worldConfig struct {
	name       string
	partitions int
	records    int // of each partition
	keys       int // of the records of each partition, in turn; 0: none has a key
	work       Work
	polling    bool // mode Polling: the only worker is the reader
	mark       int  // high-water mark, in records
	batch      int  // of one poll, per partition
	toEnd      bool
	budget     map[moveKind]int
}

// remote is a partition as the broker and the client know it.
type remote struct {
	tp        kafka.TopicPartition
	assigned  bool
	paused    bool // what the client was told
	next      int64
	committed int64 // at the broker
	low       int64 // everything before it is processed, in some generation
}

// worker is a goroutine that processes tasks.
type worker struct {
	task     Task
	busy     bool
	it       *Item // that its handler has
	answered bool
}

// history is what happened to the records of one generation.
type history struct {
	polled []int64
	done   map[int64]bool
	active map[int64]bool // a handler has it
}

var testSeed = maphash.MakeSeed()

func newWorld(c worldConfig) *world {
	w := &world{worldConfig: c, handed: map[*Generation]*history{}, paused: map[int]bool{}}
	for k, v := range c.budget {
		w.left[k] = v
	}
	if c.mark == 0 {
		w.mark = 1000
	}
	// One of the delays that other timers have, so that there are few states that differ in time only.
	backoff := taskDeadline
	if c.polling {
		backoff = pollDeadline
	}
	w.m = New(Config{Records: w.mark, Bytes: 1 << 20, ToEnd: c.toEnd, Backoff: func(int) time.Duration { return backoff }})
	w.m.seed = testSeed
	workers := max(c.work.Workers, 1)
	for range workers {
		w.crew = append(w.crew, &worker{})
	}
	for i := range c.partitions {
		w.parts = append(w.parts, &remote{tp: kafka.TopicPartition{Topic: "t", Partition: int32(i)}})
		w.assign(i)
	}
	if !c.polling {
		w.m.Begin(c.work)
	}
	w.look()
	return w
}

func (w *world) assign(i int) {
	p := w.parts[i]
	p.assigned, p.paused, p.next = true, false, p.committed
	delete(w.paused, i)
	w.m.Assigned([]kafka.Offset{{TopicPartition: p.tp, Offset: p.committed}})
	if w.toEnd {
		w.m.EndAt(p.tp, 0, int64(w.records))
	}
}

// key returns the key of a record, nil if it has none.
func (w *world) key(offset int64) []byte {
	if w.keys == 0 {
		return nil
	}
	return []byte{byte(offset) % byte(w.keys)}
}

// history returns what happened in a generation.
func (w *world) history(g *Generation) *history {
	h := w.handed[g]
	if h == nil {
		h = &history{done: map[int64]bool{}, active: map[int64]bool{}}
		w.handed[g] = h
	}
	return h
}

// move is one possible step: its kind, and the partition or the worker and a number that it is about.
type move struct {
	kind moveKind
	of   uint8
	n    uint8
}

type moveKind uint8

const (
	alarm moveKind = iota
	tick
	commit
	assign
	revoke
	revoked
	loss
	seek
	pause
	resume
	stop
	end
	reachedEnd
	poll
	pollNothing
	take
	begin
	handled
	retry
	retryNow
	outageOf
	failure
	acknowledge
	moveKinds
)

var moveNames = [...]string{
	"alarm", "time passes", "commit", "assign", "revoke", "revoked", "loss", "seek", "pause", "resume", "stop", "end", "reached the end",
	"poll", "poll nothing", "take", "begin", "handled", "retry", "retry at once", "no registry", "error", "commit by a handler",
}

func (m move) String() string { return fmt.Sprintf("%s (%d, %d)", moveNames[m.kind], m.of, m.n) }

// ofProgram is the moves that a program may make or not, besides those of handlers.
func (m move) ofProgram() bool {
	switch m.kind {
	case tick, commit, revoke, loss, seek, pause, stop:
		return true
	}
	return false
}

// moves returns the steps that are possible now.
func (w *world) moves() []move {
	out := w.buf[:0]
	add := func(kind moveKind, of, n int) { out = append(out, move{kind, uint8(of), uint8(n)}) }
	limited := func(kind moveKind, of, n int) {
		if w.left[kind] > 0 {
			add(kind, of, n)
		}
	}
	if _, ok := w.m.Alarm(); ok {
		add(alarm, 0, 0)
	}
	w.workerMoves(add, limited)
	if w.over {
		w.buf = out
		return out
	}
	w.readerMoves(add)
	limited(tick, 0, 0)
	limited(commit, 0, 0)
	for i, p := range w.parts {
		if !p.assigned {
			add(assign, i, 0)
			continue
		}
		g := w.m.Of(p.tp)
		switch {
		case g.phase != revoking:
			limited(revoke, i, 0)
			limited(loss, i, 0)
			limited(seek, i, 0)
			if w.paused[i] {
				add(resume, i, 0)
			} else {
				limited(pause, i, 0)
			}
		case g.Idle():
			add(revoked, i, 0)
		}
	}
	if w.m.Mode() == Running {
		limited(stop, 0, 0)
	}
	w.buf = out
	return out
}

// readerMoves are the steps of the goroutine that polls.
func (w *world) readerMoves(add func(moveKind, int, int)) {
	switch w.m.Reader() {
	case Poll, PollOne:
		for i, p := range w.parts {
			if p.assigned && !p.paused && p.next < int64(w.records) && w.m.Of(p.tp).phase != revoking {
				add(poll, i, 1)
				if n := min(w.batch, w.records-int(p.next)); n > 1 {
					add(poll, i, n)
				}
			}
		}
		if w.m.Reader() == PollOne {
			add(pollNothing, 0, 0)
		}
	case StopReading:
		idle := true
		for _, k := range w.crew {
			idle = idle && !k.busy
		}
		if w.m.Mode() == Draining && (idle || w.left[end] > 0) {
			add(end, 0, 0)
		}
	case ReachedEnd:
		if !w.polling {
			add(reachedEnd, 0, 0)
		}
	}
}

// do takes a step.
func (w *world) do(m move) {
	if w.left[m.kind] > 0 {
		w.left[m.kind]--
	}
	switch m.kind {
	case alarm:
		at, _ := w.m.Alarm()
		w.now = max(at, w.now)
		w.m.Advance(w.now)
	case tick:
		w.now += 2 * time.Millisecond
		w.m.Advance(w.now)
	case commit:
		w.commit()
	case stop:
		w.m.Stop(kafka.ErrClosed)
	case reachedEnd:
		w.m.Stop(nil)
	case end:
		w.m.End()
		w.over = true
	case pollNothing:
		w.m.PollEnded()
	case take:
		k := w.crew[m.of]
		k.answered = false
		k.busy = w.m.Take(&k.task, 2, w.work.Batch > 0)
	case begin, handled, retry, retryNow, outageOf, failure, acknowledge:
		w.work1(m, w.crew[m.of])
	default:
		w.partitionStep(m, w.parts[m.of])
	}
	w.look()
}

// partitionStep takes a step that is about one partition.
func (w *world) partitionStep(m move, p *remote) {
	switch m.kind {
	case poll:
		w.poll(p, int64(m.n))
	case assign:
		w.assign(int(m.of))
	case revoke:
		w.m.Revoke([]kafka.TopicPartition{p.tp})
	case revoked:
		w.commit()
		p.assigned = false
		w.m.Drop(p.tp)
	case loss:
		p.assigned = false
		w.m.Drop(p.tp)
	case seek:
		p.next = p.low
		w.m.Seek(kafka.Offset{TopicPartition: p.tp, Offset: p.low})
	case pause:
		w.paused[int(m.of)] = true
		w.m.SetPaused(p.tp, true)
	case resume:
		delete(w.paused, int(m.of))
		w.m.SetPaused(p.tp, false)
	}
}

// look is what the program does after each step: it looks at what is to be done.
func (w *world) look() {
	w.m.Reader()
	w.m.Ready()
	w.m.Alarm()
	w.tellPauses()
}

func (w *world) tellPauses() {
	pause, resume := w.m.Pauses()
	for _, p := range w.parts {
		if slices.Contains(pause, p.tp) {
			p.paused = true
		}
		if slices.Contains(resume, p.tp) {
			p.paused = false
		}
	}
}

func (w *world) poll(p *remote, n int64) {
	var b kafka.Batch
	h := w.history(w.m.Of(p.tp))
	for range n {
		b.Records = append(b.Records, &kafka.Record{Topic: p.tp.Topic, Partition: p.tp.Partition, Offset: p.next, Key: w.key(p.next)})
		h.polled = append(h.polled, p.next)
		p.next++
	}
	w.m.PollEnded()
	w.m.Polled(&b)
}

func (w *world) commit() {
	for _, o := range w.m.AllDue() {
		p := w.parts[o.Partition]
		g := w.m.Of(p.tp)
		w.m.Committed(g, o.Offset)
		p.committed = o.Offset
		for _, polled := range w.history(g).polled {
			if polled < o.Offset && !w.history(g).done[polled] {
				w.fail("offset %d of %v is committed, and %d is unprocessed", o.Offset, p.tp, polled)
			}
		}
	}
}

func (w *world) fail(format string, args ...any) {
	if w.fault == "" {
		w.fault = fmt.Sprintf(format, args...)
	}
}

// workerMoves are the steps of the goroutines that process tasks.
func (w *world) workerMoves(add, limited func(moveKind, int, int)) {
	idle := true // the idle workers are alike: one of them moves
	for i, k := range w.crew {
		switch {
		case !k.busy:
			if idle && !w.over && (w.m.Ready() || w.polling && w.m.Reader() == TakeTask) {
				idle = false
				add(take, i, 0)
			}
		case k.it == nil:
			add(begin, i, 0)
		case w.work.Batch > 0:
			add(handled, i, 0)
			for j := range k.task.kept {
				limited(retry, i, j)
				limited(outageOf, i, j)
			}
		default:
			add(handled, i, 0)
			limited(retry, i, 0)
			limited(retryNow, i, 0)
			limited(outageOf, i, 0)
			limited(failure, i, 0)
			limited(acknowledge, i, 0)
		}
	}
}

// work1 takes a step of a worker.
func (w *world) work1(m move, k *worker) {
	if w.work.Batch > 0 {
		w.batchStep(m, k)
		return
	}
	switch m.kind {
	case begin:
		w.begin(k)
	case handled:
		k.answered = true
		w.processed(k.it)
		w.begin(k)
	case retry:
		k.it.Unprocessed, k.it.Failed = true, true
		w.finish(k, Outcome{Delay: taskDeadline, Answered: true})
	case retryNow:
		k.it.Unprocessed, k.it.Failed = true, true
		w.finish(k, Outcome{Answered: true})
	case outageOf:
		k.it.Unprocessed = true
		w.m.Attempt(k.it, "id")
		w.finish(k, Outcome{Awaits: "id", Answered: k.answered})
	case failure:
		k.it.Unprocessed = true
		w.finish(k, Outcome{Err: kafka.ErrUnreachable})
	case acknowledge:
		if !k.it.gen.Stale() {
			w.processed(k.it)
			w.history(k.it.gen).active[k.it.Rec.Offset] = true
		}
		w.m.Process([]Handle{k.it.Handle()})
	}
}

// batchStep takes a step of a worker of RunBatch: records of a batch from m.n on are unprocessed.
func (w *world) batchStep(m move, k *worker) {
	all := k.task.items[:k.task.kept]
	bad, o := len(all), Outcome{Answered: true}
	switch m.kind {
	case begin:
		if k.task.All() == nil {
			w.finish(k, Outcome{})
			return
		}
		for j := range all {
			w.begins(&all[j])
		}
		k.it = &all[0]
		return
	case retry:
		bad, o.Delay = int(m.n), taskDeadline
	case outageOf:
		w.m.Attempt(&all[m.n], "id")
		bad, o = int(m.n), Outcome{Awaits: "id", Answered: m.n > 0}
	}
	for j := range all {
		if j >= bad {
			all[j].Unprocessed = true
			delete(w.history(all[j].gen).active, all[j].Rec.Offset)
		} else {
			w.processed(&all[j])
		}
	}
	w.finish(k, o)
}

func (w *world) begin(k *worker) {
	if k.it = k.task.Next(); k.it == nil {
		w.finish(k, Outcome{Answered: k.answered})
		return
	}
	w.begins(k.it)
}

// begins checks that a handler may begin with a record.
func (w *world) begins(it *Item) {
	h := w.history(it.gen)
	offset := it.Rec.Offset
	if h.done[offset] {
		w.fail("%d of %v is processed again", offset, it.gen.TopicPartition)
	}
	if h.active[offset] {
		w.fail("%d of %v has two handlers", offset, it.gen.TopicPartition)
	}
	h.active[offset] = true
	if w.work.Ordering == None && !w.polling {
		return
	}
	for _, before := range h.polled {
		if before >= offset || h.done[before] || w.work.Batch > 0 && h.active[before] {
			continue
		}
		if w.polling || w.work.Ordering == Partition || w.keys > 0 && slices.Equal(w.key(before), w.key(offset)) {
			w.fail("%d of %v begins before %d is processed", offset, it.gen.TopicPartition, before)
		}
	}
}

func (w *world) processed(it *Item) {
	h := w.history(it.gen)
	h.done[it.Rec.Offset] = true
	delete(h.active, it.Rec.Offset)
	p := w.parts[it.gen.Partition]
	if w.m.Of(p.tp) == it.gen {
		for p.low < int64(w.records) && (h.done[p.low] || p.low < p.committed) {
			p.low++
		}
	}
}

func (w *world) finish(k *worker, o Outcome) {
	if k.it != nil {
		delete(w.history(k.it.gen).active, k.it.Rec.Offset)
	}
	k.it, k.busy = nil, false
	w.m.Finish(&k.task, o)
}

// check returns what is wrong with the machine now, "" if nothing is.
func (w *world) check() string {
	if w.fault != "" {
		return w.fault
	}
	for i, p := range w.parts {
		g := w.m.Of(p.tp)
		if (g != nil) != p.assigned {
			return fmt.Sprintf("%v: assigned: %v", p.tp, g != nil)
		}
		if g == nil {
			continue
		}
		h := w.history(g)
		unprocessed := 0
		for _, o := range h.polled {
			if !h.done[o] {
				unprocessed++
			}
		}
		if g.inFlight < unprocessed && g.phase != revoking {
			return fmt.Sprintf("%v: %d in flight, and %d are unprocessed", p.tp, g.inFlight, unprocessed)
		}
		if g.inFlight > w.mark+w.batch+len(w.crew)*MaxTask {
			return fmt.Sprintf("%v: %d in flight, with a high-water mark of %d", p.tp, g.inFlight, w.mark)
		}
		if waiting := w.waiting(g); waiting != g.waiting {
			return fmt.Sprintf("%v: %d queues wait, %d are counted", p.tp, waiting, g.waiting)
		}
		if g.paused != w.paused[i] {
			return fmt.Sprintf("%v: paused: %v", p.tp, g.paused)
		}
		if g.handlers < 0 || g.inFlight < 0 || g.waiting < 0 {
			return fmt.Sprintf("%v: a count is negative: %+v", p.tp, *g)
		}
	}
	return w.stuck()
}

func (w *world) waiting(g *Generation) (n int) {
	for _, q := range g.queues {
		if q.outage != nil {
			n++
		}
	}
	return n
}

// stuck returns why nothing would ever happen to a record, "" if something will.
func (w *world) stuck() string {
	if w.over || w.m.Mode() == Draining {
		return ""
	}
	for _, p := range w.parts {
		g := w.m.Of(p.tp)
		if g == nil || !g.available() {
			continue
		}
		for _, q := range g.queues {
			if q.items.len() == 0 {
				continue
			}
			switch {
			case q.state == scheduled || q.state == lingering && q.deadline() != never || q.state == delayed:
			case q.state == awaiting && q.outage != nil && !q.outage.ended:
			case q.state == empty && q.inTasks > 0 && !q.shared:
			default:
				return fmt.Sprintf("%v: queue %d with %d records is in state %d, and its partition is available", p.tp, q.key, q.items.len(), q.state)
			}
		}
	}
	return ""
}

// rest returns what is unprocessed although no step is left but those of the program, "" if nothing.
func (w *world) rest() string {
	if w.over || w.m.Mode() != Running && !w.polling {
		return ""
	}
	for i, p := range w.parts {
		if !p.assigned || w.paused[i] || w.m.Of(p.tp).phase == revoking {
			return ""
		}
	}
	for _, p := range w.parts {
		h := w.history(w.m.Of(p.tp))
		if p.next < int64(w.records) {
			return fmt.Sprintf("%v is not polled beyond %d", p.tp, p.next)
		}
		for _, o := range h.polled {
			if !h.done[o] {
				return fmt.Sprintf("%d of %v is unprocessed", o, p.tp)
			}
		}
	}
	return ""
}

// state appends the state of the world, relative to its time: two worlds with the same state behave
// alike.
func (w *world) state(b []byte) []byte {
	m := w.m
	put := func(values ...int) {
		for _, v := range values {
			b = binary.AppendVarint(b, int64(v))
		}
	}
	since := func(t time.Duration) int {
		if t == 0 || t == never {
			return -2
		}
		return max(int((t-w.now)/time.Millisecond), -1)
	}
	put(int(m.mode), m.taskSize, m.holding, m.ended, since(m.alarms.sweep), number(w.over), len(m.errs))
	if w.polling {
		put(since(m.pollBy), since(m.alarms.poll))
	}
	put(w.left[:]...)
	id := map[*queue]int{}
	describe := func(g *Generation) {
		put(int(g.phase), int(g.intake), int(g.position), int(g.committed), g.handlers, g.inFlight, number(g.paused), number(g.told), g.waiting,
			number(g.finished), since(g.highAt), int(g.patience), number(g.before != nil), int(g.tracker.next), int(g.tracker.first))
		for i := range g.tracker.records.len() {
			put(number(g.tracker.records.at(i).done))
		}
		for _, key := range slices.Sorted(maps.Keys(g.queues)) {
			q := g.queues[key]
			id[q] = len(id) + 1
			put(-3, int(key), number(q.shared), int(q.state), q.inTasks, since(q.until), number(q.outage != nil), number(q.outage != nil && q.outage.probe == q))
			for i := range q.items.len() {
				put(int(q.items.at(i).Rec.Offset), int(q.items.at(i).attempts))
			}
		}
		h := w.history(g)
		put(-4, len(h.polled), len(h.done), len(h.active))
	}
	for i, p := range w.parts {
		put(-5, number(p.assigned), number(p.paused), int(p.next), int(p.committed), int(p.low), number(w.paused[i]))
		for g := m.Of(p.tp); g != nil; g = g.before {
			describe(g)
		}
	}
	for i := range m.ready.len() {
		put(id[*m.ready.at(i)])
	}
	for _, o := range m.outages {
		put(-6, o.attempts, since(o.until), number(o.probe != nil))
		for _, q := range o.queues {
			put(id[q])
		}
	}
	for _, k := range w.crew {
		t := &k.task
		put(-7, number(k.busy), number(k.it != nil), number(k.answered))
		if k.busy {
			put(int(t.gen.Partition), number(t.gen == m.Of(t.gen.TopicPartition)), int(t.state), int(t.begun.Load()&^stopped), t.counted, t.kept, since(t.started))
			for i := range t.items {
				put(int(t.items[i].Rec.Offset), number(w.history(t.gen).done[t.items[i].Rec.Offset]))
			}
		}
	}
	return b
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

package memory

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"

	"github.com/kavro/kavro/internal/count"
	"github.com/kavro/kavro/internal/subjectname"
)

// The log of a registry that outlives its process. It is one file of a header
// and records, which are only ever appended:
//
//	header   "kavro registry 2\n"
//	record   bytes 0-3    length of the payload, little-endian, as all numbers
//	         bytes 4-7    CRC-32C of the payload
//	         bytes 8-15   sequence number of the record, from 1
//	         bytes 16-19  bytes 20-23 of the record before; of the first one, CRC-32C of the header
//	         bytes 20-23  CRC-32C of bytes 0-19
//	         bytes 24-    payload: a JSON array of events
//
// A record is what one call changed. It is written with one write, and synced,
// before anybody sees the change, so a crash can leave at most the last record
// unfinished. JSON never contains a zero byte, and the length of a record does:
// no payload can be mistaken for a record.
//
// The sequence numbers say that records were removed, repeated or put in another
// order; bytes 16-19 that one is of another log, though its number is right. What is
// cut off after a complete record cannot be told from a log that ended there.
//
// Format 1 had no sequence numbers. It was never released, and is not read.
const (
	logFamily    = "kavro registry " // and the format
	logFormat    = 2
	logMagic     = "kavro registry 2\n"
	recordHeader = 24       // bytes
	maxRecord    = 64 << 20 // bytes of payload
	maxChange    = 32 << 20 // what a change may take: less, as rewriting may add a name to it
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// position is where a log has got to.
type position struct {
	number uint64 // of the last record
	sum    uint32 // of its header
}

// firstPosition is where a log without records has got to.
func firstPosition() position { return position{sum: crc32.Checksum([]byte(logMagic), castagnoli)} }

// errChangeTooLarge says that a change does not fit into a record.
var errChangeTooLarge = errors.New("the change is too large for a record of the log")

// appendRecord appends the record of some events, the next after at, to dst.
func appendRecord(dst []byte, at *position, events []event, limit int) ([]byte, error) {
	payload, err := json.Marshal(events)
	if err != nil {
		return dst, err
	}
	if len(payload) > limit {
		return dst, fmt.Errorf("%w: %d bytes, more than %d", errChangeTooLarge, len(payload), limit)
	}
	start := len(dst)
	dst = slices.Grow(dst, recordHeader+len(payload))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(payload)))
	dst = binary.LittleEndian.AppendUint32(dst, crc32.Checksum(payload, castagnoli))
	dst = binary.LittleEndian.AppendUint64(dst, at.number+1)
	dst = binary.LittleEndian.AppendUint32(dst, at.sum)
	*at = position{number: at.number + 1, sum: crc32.Checksum(dst[start:start+20], castagnoli)}
	dst = binary.LittleEndian.AppendUint32(dst, at.sum)
	return append(dst, payload...), nil
}

// logRecord is a record as it was read.
type logRecord struct {
	payload  []byte
	position        // it is itself
	previous uint32 // the sum of the one before
}

// readRecord returns the record at the start of log and the number of bytes that it
// takes. A size of 0 means that no complete record starts there.
func readRecord(log []byte) (r logRecord, size int) {
	if len(log) < recordHeader {
		return r, 0
	}
	sum := crc32.Checksum(log[:20], castagnoli)
	if sum != binary.LittleEndian.Uint32(log[20:]) {
		return r, 0
	}
	length := binary.LittleEndian.Uint32(log)
	if length > maxRecord || int64(length) > int64(len(log)-recordHeader) {
		return r, 0
	}
	payload := log[recordHeader : recordHeader+int(length)]
	if crc32.Checksum(payload, castagnoli) != binary.LittleEndian.Uint32(log[4:]) {
		return r, 0
	}
	r = logRecord{
		payload:  payload,
		position: position{number: binary.LittleEndian.Uint64(log[8:]), sum: sum},
		previous: binary.LittleEndian.Uint32(log[16:]),
	}
	return r, recordHeader + int(length)
}

// follows says why a record cannot follow on what was read before it; "" if it can.
func (r logRecord) follows(at position) string {
	switch next := at.number + 1; {
	case r.number > next && r.number-next == 1:
		return fmt.Sprintf("record %d is missing: record %d follows record %d", next, r.number, at.number)
	case r.number > next:
		return fmt.Sprintf("records %d to %d are missing: record %d follows record %d", next, r.number-1, r.number, at.number)
	case r.number < next:
		return fmt.Sprintf("record %d follows record %d: it is there twice, or out of order", r.number, at.number)
	case r.previous != at.sum:
		return fmt.Sprintf("record %d was not written after what is before it: one of them is from another log", r.number)
	}
	return ""
}

// findRecord returns where the first complete record in log starts, or -1.
func findRecord(log []byte) int {
	for at := 0; at+recordHeader <= len(log); at++ {
		if _, size := readRecord(log[at:]); size > 0 {
			return at
		}
	}
	return -1
}

// A LogError says that a log cannot be followed: something in its middle is
// damaged, or it is not one.
type LogError struct {
	Path   string
	Offset int64 // of the first byte that makes no sense
	Reason string
}

func (e *LogError) Error() string {
	return fmt.Sprintf("registry: %s: offset %d: %s", e.Path, e.Offset, e.Reason)
}

// Recovery says what was found in a log.
type Recovery struct {
	Records int    // changes that were made again
	Dropped int64  // bytes at the end that were not a complete record, and are gone
	Reason  string // why they were dropped; "" if none were

	// NotRewritten says why a log that is mostly about what is no more could not be
	// rewritten; "" if it was, or was not due. The log is used as it is.
	NotRewritten string
}

// scanLog calls each for the payloads of a log in their order. It returns how many
// bytes of the log stand, and where they end: the rest is the remainder of a write that
// never ended. A record that cannot be read although complete ones follow, or that does
// not follow on the one before it, is damage, and an error; unless damaged is true, and
// it ends the log.
func scanLog(log []byte, damaged bool, each func(payload []byte) error) (kept int, at position, r Recovery, err error) {
	at = firstPosition()
	if !bytes.HasPrefix(log, []byte(logMagic)) {
		if !bytes.HasPrefix([]byte(logMagic), log) {
			return 0, at, r, &LogError{Reason: notOurs(log)}
		}
		r.Dropped = int64(len(log))
		if len(log) > 0 {
			r.Reason = "the header was cut short"
		}
		return 0, at, r, nil
	}
	kept = len(logMagic)
	for kept < len(log) {
		next, size := readRecord(log[kept:])
		if size == 0 {
			r.Dropped = int64(len(log) - kept)
			r.Reason = fmt.Sprintf("no complete record at offset %d", kept)
			if next := findRecord(log[kept:]); next >= 0 && !damaged {
				return kept, at, r, &LogError{Offset: int64(kept),
					Reason: fmt.Sprintf("damaged: no record here, but one %s further on; see DropDamaged", count.Of(next, "byte"))}
			}
			return kept, at, r, nil
		}
		if reason := next.follows(at); reason != "" {
			if !damaged {
				return kept, at, r, &LogError{Offset: int64(kept), Reason: "damaged: " + reason + "; see DropDamaged"}
			}
			r.Dropped, r.Reason = int64(len(log)-kept), reason
			return kept, at, r, nil
		}
		if err := each(next.payload); err != nil {
			return kept, at, r, &LogError{Offset: int64(kept), Reason: err.Error()}
		}
		kept += size
		at = next.position
		r.Records++
	}
	return kept, at, r, nil
}

// notOurs says what a file is that is no log of this format.
func notOurs(log []byte) string {
	line, _, _ := bytes.Cut(log[:min(len(log), 64)], []byte("\n"))
	text, ok := bytes.CutPrefix(line, []byte(logFamily))
	format, err := strconv.Atoi(string(text))
	switch {
	case !ok || err != nil:
		return "not the log of a registry"
	case format < logFormat:
		return fmt.Sprintf("a log of format %d, which was never released; this version reads format %d: "+
			"move the folder away, and register the schemas anew in an empty one", format, logFormat)
	}
	return fmt.Sprintf("a log of format %d, from a newer version; this one reads format %d", format, logFormat)
}

// replay makes the changes of a log in s.
func (s *store) replay(log []byte, damaged bool) (kept int, at position, r Recovery, err error) {
	return scanLog(log, damaged, func(payload []byte) error {
		var events []event
		if err := json.Unmarshal(payload, &events); err != nil {
			return fmt.Errorf("not a record of a registry: %w", err)
		}
		for _, e := range events {
			if err := s.apply(e); err != nil {
				return err
			}
		}
		return nil
	})
}

// events returns a shortest list of events that lead to what s holds.
func (s *store) events() []event {
	var out []event
	for _, key := range sortedNames(s.configs) {
		out = append(out, event{Op: opConfig, Subject: key, Config: s.configs[key]})
	}
	for _, key := range sortedNames(s.modes) {
		out = append(out, event{Op: opMode, Subject: key, Mode: s.modes[key]})
	}
	var versions []*version
	for _, sub := range s.subjects {
		versions = append(versions, sub.versions...)
	}
	slices.SortFunc(versions, func(a, b *version) int { return int(a.seq - b.seq) })
	known := map[*entry]bool{}
	for _, v := range versions {
		put := event{Op: opPut, Subject: v.subject, Version: v.number, ID: v.entry.ID, Time: v.time}
		if !known[v.entry] {
			known[v.entry] = true
			d := v.entry.definition
			put.Schema = &stored{Type: d.Type, Text: d.Text, References: d.References, Metadata: d.Metadata, RuleSet: d.RuleSet, Semantics: v.entry.semantics}
		}
		out = append(out, put)
		if v.deleted {
			out = append(out, event{Op: opDelete, Subject: v.subject, Versions: []int{v.number}, Time: v.time})
		}
	}
	for _, name := range sortedNames(s.contexts) {
		if c := s.contexts[name]; !c.listed {
			out = append(out, event{Op: opDropContext, Context: name})
		} else if len(c.ids) == 0 && name != subjectname.DefaultContext {
			out = append(out, event{Op: opContext, Context: name})
		}
	}
	for _, guid := range sortedNames(s.associations) {
		out = append(out, event{Op: opAssociate, Assoc: s.associations[guid]})
	}
	for names := range slices.Chunk(sortedNames(s.contexts), maxIDsTogether) {
		maxIDs := make(map[string]int, len(names))
		for _, name := range names {
			maxIDs[name] = s.contexts[name].maxID
		}
		out = append(out, event{Op: opMaxIDs, MaxIDs: maxIDs})
	}
	return out
}

// maxIDsTogether is how many contexts one event says the highest ids of: with the
// longest names they take less than a record.
const maxIDsTogether = 256

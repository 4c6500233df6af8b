package registry

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"slices"
)

// The log of a registry that outlives its process. It is one file of a header
// and records, which are only ever appended:
//
//	header   "kavro registry 1\n"
//	record   bytes 0-3    length of the payload, little-endian
//	         bytes 4-7    CRC-32C of the payload
//	         bytes 8-11   CRC-32C of bytes 0-7
//	         bytes 12-    payload: a JSON array of events
//
// A record is what one call changed. It is written with one write, and synced,
// before anybody sees the change, so a crash can leave at most the last record
// unfinished. JSON never contains a zero byte, and the length of a record does:
// no payload can be mistaken for a record.
const (
	logMagic     = "kavro registry 1\n"
	recordHeader = 12       // bytes
	maxRecord    = 64 << 20 // bytes of payload
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendRecord appends the record of some events.
func appendRecord(dst []byte, events []event) ([]byte, error) {
	payload, err := json.Marshal(events)
	if err != nil {
		return dst, err
	}
	if len(payload) > maxRecord {
		return dst, fmt.Errorf("a change of %d bytes, more than %d", len(payload), maxRecord)
	}
	start := len(dst)
	dst = slices.Grow(dst, recordHeader+len(payload))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(payload)))
	dst = binary.LittleEndian.AppendUint32(dst, crc32.Checksum(payload, castagnoli))
	dst = binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[start:start+8], castagnoli))
	return append(dst, payload...), nil
}

// readRecord returns the payload of the record at the start of log and the number
// of bytes that it takes. A size of 0 means that no complete record starts there.
func readRecord(log []byte) (payload []byte, size int) {
	if len(log) < recordHeader || crc32.Checksum(log[:8], castagnoli) != binary.LittleEndian.Uint32(log[8:]) {
		return nil, 0
	}
	length := binary.LittleEndian.Uint32(log)
	if length > maxRecord || int64(length) > int64(len(log)-recordHeader) {
		return nil, 0
	}
	payload = log[recordHeader : recordHeader+int(length)]
	if crc32.Checksum(payload, castagnoli) != binary.LittleEndian.Uint32(log[4:]) {
		return nil, 0
	}
	return payload, recordHeader + int(length)
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
}

// walkLog calls each for the payloads of a log in their order. It returns how many
// bytes of the log stand: the rest is the remainder of a write that never ended. A
// record that cannot be read although complete ones follow is damage, and an error;
// unless damaged is true, and it ends the log.
func walkLog(log []byte, damaged bool, each func(payload []byte) error) (kept int, r Recovery, err error) {
	if !bytes.HasPrefix(log, []byte(logMagic)) {
		if !bytes.HasPrefix([]byte(logMagic), log) {
			return 0, r, &LogError{Reason: "not the log of a registry"}
		}
		r.Dropped = int64(len(log))
		if len(log) > 0 {
			r.Reason = "the header was cut short"
		}
		return 0, r, nil
	}
	kept = len(logMagic)
	for kept < len(log) {
		payload, size := readRecord(log[kept:])
		if size == 0 {
			r.Dropped = int64(len(log) - kept)
			r.Reason = fmt.Sprintf("no complete record at offset %d", kept)
			if next := findRecord(log[kept:]); next >= 0 && !damaged {
				return kept, r, &LogError{Offset: int64(kept),
					Reason: fmt.Sprintf("damaged: no record here, but one %d bytes further on; see DropDamaged", next)}
			}
			return kept, r, nil
		}
		if err := each(payload); err != nil {
			return kept, r, &LogError{Offset: int64(kept), Reason: err.Error()}
		}
		kept += size
		r.Records++
	}
	return kept, r, nil
}

// replay makes the changes of a log in s.
func (s *store) replay(log []byte, damaged bool) (kept int, r Recovery, err error) {
	return walkLog(log, damaged, func(payload []byte) error {
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
	maxIDs := map[string]int{}
	for _, name := range sortedKeys(s.contexts) {
		maxIDs[name] = s.contexts[name].maxID
	}
	for _, key := range sortedKeys(s.configs) {
		out = append(out, event{Op: opConfig, Subject: key, Config: s.configs[key]})
	}
	for _, key := range sortedKeys(s.modes) {
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
			put.Schema = &stored{Type: d.Type, Text: d.Text, References: d.References, Metadata: d.Metadata, RuleSet: d.RuleSet, Meaning: v.entry.meaning}
		}
		out = append(out, put)
		if v.deleted {
			out = append(out, event{Op: opDelete, Subject: v.subject, Versions: []int{v.number}, Time: v.time})
		}
	}
	for _, name := range sortedKeys(s.contexts) {
		if c := s.contexts[name]; !c.listed {
			out = append(out, event{Op: opDropContext, Context: name})
		} else if len(c.ids) == 0 && name != defaultContext {
			out = append(out, event{Op: opContext, Context: name})
		}
	}
	for _, guid := range sortedKeys(s.associations) {
		out = append(out, event{Op: opAssociate, Assoc: s.associations[guid]})
	}
	return append(out, event{Op: opMaxIDs, MaxIDs: maxIDs})
}

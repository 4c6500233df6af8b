package memory

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
)

// The files of a directory that holds a registry.
const (
	logName  = "registry.log"
	lockName = "registry.lock" // held while a process has the registry open
	newName  = "registry.new"  // a log being rewritten
)

// DropDamaged opens a log although something in its middle is damaged: it ends
// before the damage. What follows is kept in a file beside it, named after the log
// and the offset, such as registry.log.damaged-1203.
func DropDamaged() Option { return func(s *options) { s.damaged = true } }

// WithoutSync leaves it to the operating system when a change reaches the disk: a
// crash of the machine, though not of the process, may undo the last changes. It
// makes loading many schemas much faster.
func WithoutSync() Option { return func(s *options) { s.lazy = true } }

// Open returns a registry that is kept in a directory, which is made if it
// does not exist. What is there already is read; each change is on disk before the
// call that makes it returns. One process can have a directory open at a time, and
// must [Registry.Close] it.
//
// A write that a crash cut short is dropped, which [Registry.Recovery] tells. The
// error is a [*LogError] if the log is damaged in its middle, where changes that
// were acknowledged stand: see [DropDamaged].
func Open(dir string, opts ...Option) (*Registry, error) {
	m, err := newRegistry(opts)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("registry: %w", err)
	}
	lock, err := lockFile(filepath.Join(dir, lockName))
	if err != nil {
		return nil, fmt.Errorf("registry: %s: in use by another process, or cannot be locked: %w", dir, err)
	}
	m.log = &logFile{dir: dir, lock: lock, lazy: m.conf.lazy}
	if err := m.log.open(m.state, m.conf.damaged); err != nil {
		lock.Close()
		return nil, err
	}
	return m, nil
}

// Recovery says what [Open] found. It is zero for a registry that is kept in
// memory only.
func (m *Registry) Recovery() Recovery {
	if m.log == nil {
		return Recovery{}
	}
	return m.log.recovery
}

// logFile is an open log. Its methods are called one at a time.
type logFile struct {
	dir      string
	lock     io.Closer
	lazy     bool // do not sync
	file     *os.File
	size     atomic.Int64 // bytes that stand
	at       position     // where they end
	recovery Recovery
	broken   atomic.Pointer[error] // why nothing more can be written
}

func (l *logFile) path() string { return filepath.Join(l.dir, logName) }

// open reads the log into s and gets it ready to be appended to.
func (l *logFile) open(s *store, damaged bool) error {
	log, err := os.ReadFile(l.path())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("registry: %w", err)
	}
	kept, at, recovery, err := s.replay(log, damaged)
	if err != nil {
		if at, ok := errors.AsType[*LogError](err); ok {
			at.Path = l.path()
		}
		return err
	}
	l.recovery = recovery
	if rest := log[kept:]; findRecord(rest) >= 0 {
		if err := os.WriteFile(fmt.Sprintf("%s.damaged-%d", l.path(), kept), rest, 0o640); err != nil {
			return fmt.Errorf("registry: %w", err)
		}
	}
	if kept > len(logMagic) && l.worthRewriting(s, kept) {
		if size, end, err := l.rewrite(s); err != nil {
			l.recovery.NotRewritten = err.Error() // it is sound as it is
		} else {
			kept, at = int(size), end
		}
	}
	if err := l.continueAt(int64(kept), at); err != nil {
		return fmt.Errorf("registry: %w", err)
	}
	return nil
}

// continueAt opens the file for appending after its first kept bytes, and drops
// the others. They end at a position.
func (l *logFile) continueAt(kept int64, at position) error {
	file, err := os.OpenFile(l.path(), os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return err
	}
	l.file = file
	err = file.Truncate(kept)
	if err == nil && kept == 0 {
		_, err = file.WriteAt([]byte(logMagic), 0)
		kept = int64(len(logMagic))
	}
	if err == nil {
		err = errors.Join(file.Sync(), syncDir(l.dir))
	}
	if err != nil {
		file.Close()
		return err
	}
	l.size.Store(kept)
	l.at = at
	return nil
}

// append makes events durable. If it fails, the log is as it was; if that cannot
// be said, nothing more is written to it.
func (l *logFile) append(events []event) error {
	if broken := l.broken.Load(); broken != nil {
		return *broken
	}
	at := l.at
	record, err := appendRecord(nil, &at, events, maxChange)
	if err != nil {
		return err
	}
	size := l.size.Load()
	if _, err := l.file.WriteAt(record, size); err != nil {
		// No room, most likely: there may be some later.
		if undo := errors.Join(l.file.Truncate(size), l.file.Sync()); undo != nil {
			l.breakOff(fmt.Errorf("the log could not be repaired after a failed write: %w", undo))
		}
		return err
	}
	if !l.lazy {
		if err := l.file.Sync(); err != nil {
			// What is on disk now is unknown, and syncing again would not tell.
			return l.breakOff(fmt.Errorf("the log could not be synced: %w", err))
		}
	}
	l.size.Store(size + int64(len(record)))
	l.at = at
	return nil
}

// breakOff says that nothing more can be written, and why.
func (l *logFile) breakOff(why error) error {
	l.broken.Store(&why)
	return why
}

func (l *logFile) close() error {
	return errors.Join(l.file.Close(), l.lock.Close())
}

// minRewrite is the size below which a log is left alone, in bytes.
const minRewrite = 1 << 20

// worthRewriting reports whether much of a log is about what is no more: more
// than three changes were made for each that what is left needs.
func (l *logFile) worthRewriting(s *store, size int) bool {
	if size < minRewrite {
		return false
	}
	left := len(s.configs) + len(s.modes) + len(s.associations)
	for _, sub := range s.subjects {
		left += len(sub.versions)
	}
	return l.recovery.Records > 4*(left+1)
}

// rewrite writes a log that leads to what s holds and nothing else, and puts it in
// the place of the old one. A crash, or an error, leaves the one or the other.
func (l *logFile) rewrite(s *store) (size int64, at position, err error) {
	name := filepath.Join(l.dir, newName)
	size, at, err = writeLog(name, s.events())
	if err == nil {
		err = os.Rename(name, l.path())
	}
	if err != nil {
		os.Remove(name) // it may be what fills the disk
	}
	return size, at, err
}

// writeLog writes a log of some events, each a record, to a file, and syncs it.
func writeLog(name string, events []event) (size int64, at position, err error) {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return 0, at, err
	}
	out := bufio.NewWriterSize(file, 1<<20)
	n, err := out.WriteString(logMagic)
	size, at = int64(n), firstPosition()
	var buf []byte
	for i := 0; i < len(events) && err == nil; i++ {
		if buf, err = appendRecord(buf[:0], &at, events[i:i+1], maxRecord); err == nil {
			n, err = out.Write(buf)
			size += int64(n)
		}
	}
	if err == nil {
		err = out.Flush()
	}
	if err == nil {
		err = file.Sync()
	}
	return size, at, errors.Join(err, file.Close())
}

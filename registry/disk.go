package registry

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kavro/kavro/internal/exactjson"
)

// Answers in files, for the time when the registry cannot be asked. Each file
// is one answer:
//
//	kavro-registry-1 <SHA-256 of the rest, in hexadecimal>\n
//	{"kind": "id", "key": "\"\" 41", "where": "", "at": "...", "answer": {...}}
//
// Its name is made from kind and key. A file is written beside its place and
// then renamed into it, so that readers, of this process or another, see the old
// one, the new one, or none. One that was damaged does not match its checksum and
// counts as none.
const fileHead = "kavro-registry-1 "

// storedAnswer is the content of a file.
type storedAnswer struct {
	Kind   string       `json:"kind"`
	Key    string       `json:"key"`
	Where  string       `json:"where"` // the subject that was asked for, if one was
	At     time.Time    `json:"at"`    // when the registry answered
	Answer schemaAnswer `json:"answer"`
	Alias  string       `json:"alias,omitempty"` // the subject that the registry has Where stand for, if it is the answer's

	Associations []Association `json:"associations,omitzero"` // instead of Answer; not nil then
}

// fileName is where the answer to key is found.
func fileName(kind, key string) string {
	sum := sha256.Sum256([]byte(kind + "\x00" + key))
	return kind + "-" + hex.EncodeToString(sum[:16]) + ".json"
}

// encode writes the content of a file.
func (s *storedAnswer) encode() ([]byte, error) {
	body, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	return slices.Concat([]byte(fileHead), hex.AppendEncode(nil, sum[:]), []byte("\n"), body), nil
}

// decodeStored reads the content of a file. It is false if it is damaged, of
// another version, or the answer to something else.
func decodeStored(content []byte, kind, key string) (*storedAnswer, bool) {
	rest, ok := bytes.CutPrefix(content, []byte(fileHead))
	head, body, cut := bytes.Cut(rest, []byte("\n"))
	sum := sha256.Sum256(body)
	if !ok || !cut || hex.EncodeToString(sum[:]) != string(head) {
		return nil, false
	}
	var s storedAnswer
	if exactjson.Decode(body, &s) != nil || s.Kind != kind || s.Key != key || s.Answer.Schema == nil && s.Associations == nil {
		return nil, false
	}
	return &s, true
}

// files is where answers are kept. A nil *files keeps and knows nothing.
type files struct {
	dir  string // "": none
	seed fs.FS  // nil: none
	log  *slog.Logger

	mu     sync.Mutex // one write at a time
	failed bool       // the last write; guarded by mu
}

// openFiles makes the directory for the registry that t talks to, and looks whether
// the seed is one.
func openFiles(urls []string, s settings) (*files, error) {
	f := &files{seed: s.seed, log: s.logger}
	if s.seed != nil {
		if err := checkSeed(s.seed); err != nil {
			f.log.Warn("schema registry: the seed is none, and will be of no help", "err", err)
		}
	}
	if s.cacheDir == "" {
		return f, nil
	}
	f.dir = filepath.Join(s.cacheDir, registryName(urls))
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return nil, fmt.Errorf("registry: WithCacheDir: %w", err)
	}
	f.sweep()
	return f, nil
}

// registryName tells registries apart by their URLs: ids mean nothing elsewhere.
func registryName(urls []string) string {
	slices.Sort(urls)
	sum := sha256.Sum256([]byte(strings.Join(slices.Compact(urls), ",")))
	return hex.EncodeToString(sum[:8])
}

const unfinished = ".write-"

// sweep removes what a process left behind that was killed while it wrote.
func (f *files) sweep() {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && strings.HasPrefix(e.Name(), unfinished) && time.Since(info.ModTime()) > time.Hour {
			os.Remove(filepath.Join(f.dir, e.Name()))
		}
	}
}

// load returns the answer that was kept for key: that of the directory if it
// has one that check accepts, else the seed's; nil if there is none.
func (f *files) load(kind, key string, check func(*storedAnswer) error) *storedAnswer {
	if f == nil {
		return nil
	}
	name := fileName(kind, key)
	if f.dir != "" {
		if s := f.read(os.DirFS(f.dir), name, kind, key, check); s != nil {
			return s
		}
	}
	if f.seed != nil {
		return f.read(f.seed, name, kind, key, check)
	}
	return nil
}

func (f *files) read(from fs.FS, name, kind, key string, check func(*storedAnswer) error) *storedAnswer {
	content, err := fs.ReadFile(from, name)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			f.log.Warn("schema registry: a kept answer cannot be read", "file", name, "err", err)
		}
		return nil
	}
	s, ok := decodeStored(content, kind, key)
	if !ok {
		f.log.Warn("schema registry: a kept answer is damaged", "file", name)
		return nil
	}
	if err := check(s); err != nil {
		f.log.Warn("schema registry: a kept answer is not one to what was asked for", "file", name, "err", err)
		return nil
	}
	if now := time.Now(); s.At.After(now) {
		s.At = now // the clock was set back: an answer does not grow old otherwise
	}
	return s
}

// write keeps an answer.
func (f *files) write(s *storedAnswer) error {
	content, err := s.encode()
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	err = replaceFile(f.dir, fileName(s.Kind, s.Key), content)
	if err != nil && !f.failed {
		f.log.Warn("schema registry: answers cannot be kept", "dir", f.dir, "err", err)
	}
	f.failed = err != nil
	return err
}

// replaceFile puts content where a reader sees all of it or none.
func replaceFile(dir, name string, content []byte) error {
	t, err := os.CreateTemp(dir, unfinished)
	if err != nil {
		return err
	}
	_, err = t.Write(content)
	if closed := t.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(t.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		os.Remove(t.Name())
	}
	return err
}

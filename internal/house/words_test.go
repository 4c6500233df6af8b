package house_test

import (
	"go/scanner"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// gone are words, and pairs of words, that kavro no longer uses, with those that it uses instead.
// No identifier, comment, string or document may contain them.
var gone = map[string]string{
	"asker": "caller", "bark": "on expiry", "blameless": "NotRecordFault", "brimful": "over the high-water mark",
	"came down": "below the low-water mark", "dealt with": "processed", "disown": "detach", "dozen": "batch",
	"era": "flush generation", "eras": "flush generations", "halt": "pause", "halted": "paused", "halts": "pauses",
	"handed raw": "PassedRaw", "hasten": "prefetch", "hire": "start a worker", "hired": "started", "hires": "starts",
	"hollow": "zero-length record", "in vain": "without effect", "lane": "queue", "lanes": "queues",
	"misfit": "type mismatch", "misfits": "type mismatches", "overdue": "past the deadline", "pacer": "rate limiter",
	"ripe": "due", "ripens": "is due", "rouse": "wake", "rouses": "wakes", "senseless": "malformed response",
	"settles": "a verb for each: finishes, applies, decodes", "settling": "a verb for each: finishing, applying, decoding",
	"slabs": "record pool", "spares": "free list", "surrender": "revoke", "takes back": "requeues",
	"trouble": "pending errors", "undealt": "unprocessed", "wind up": "stop", "winds up": "stops",
}

// goneNames may not be part of an identifier. In prose they have their common meaning.
var goneNames = map[string]string{
	"aside": "ejected", "boxes": "value arena", "capture": "recorder", "careful": "isolated mode", "claim": "lock",
	"deal": "enqueue", "flight": "in-flight set", "forget": "drop", "gone": "stale", "indifferent": "ignore rebalances",
	"job": "task", "learned": "primed", "letters": "dead letters", "lose": "mark as lost", "meaning": "semantic identity",
	"meanings": "semantic identities", "offer": "schedule", "park": "delay", "parked": "delayed", "patient": "poll deadline", "pick": "select",
	"place": "position", "pred": "previous generation", "refusal": "error response", "relax": "leave isolated mode", "room": "queue quota",
	"round": "flush generation", "rounds": "flush generations", "settle": "a verb for each: finish, apply, decode", "sketch": "random schema",
	"slab": "record pool", "trial": "attempt", "turn": "lock", "visit": "reader lock", "walk": "interpret",
}

// terms are identifiers that contain such a word in the meaning that the field gives it.
var terms = regexp.MustCompile(`(?i)` + strings.Join([]string{
	`in_?flight`,          // of a record: sent and not yet acknowledged
	`dead_?letters?`,      // the right column
	`round_?trip`,         // http.RoundTripper; a value encoded and decoded
	`round_?robin`,        // a balancer of Kafka's
	`\bwalkdir\b`,         // io/fs
	`\bround\b`,           // math.Round, time.Duration.Round; a benchmark's
	`\brounds(of)?\b`,     // a benchmark's
	`\bvisit\b`,           // of a graph
	`collectionclaims?`,   // Java's message
	`operationtypesettle`, // OpenTelemetry
}, "|"))

// part is a word, or a part of an identifier in camel case.
var part = regexp.MustCompile(`[A-Z]?[a-z]+`)

// requireNone fails on a word, or two words in sequence, of gone.
func requireNone(t *testing.T, gone map[string]string, text string, where func() string) {
	t.Helper()
	if find(gone, text) == "" {
		return
	}
	word := find(gone, terms.ReplaceAllString(text, ""))
	if word != "" {
		t.Errorf("%s: %q: write %q instead", where(), word, gone[word])
	}
}

func find(gone map[string]string, text string) string {
	last := ""
	for _, word := range part.FindAllString(text, -1) {
		word = strings.ToLower(word)
		for _, w := range []string{word, last + " " + word} {
			if gone[w] != "" {
				return w
			}
		}
		last = word
	}
	return ""
}

func TestWords(t *testing.T) {
	names := maps.Clone(gone)
	maps.Copy(names, goneNames)
	require.NoError(t, filepath.WalkDir("../..", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() {
			if name != ".." && strings.HasPrefix(name, ".") || name == "testdata" || name == "target" {
				return filepath.SkipDir
			}
			return nil
		}
		folder, _ := filepath.Rel("../..", filepath.Dir(file))
		switch {
		case d.Name() == "words_test.go" && folder == filepath.Join("internal", "house"):
		case d.Name() == "CHANGELOG.md": // it names what was renamed
		case filepath.Ext(file) == ".md":
			checkDocument(t, file)
		case filepath.Ext(file) == ".go":
			checkSource(t, names, file)
		}
		return nil
	}))
}

func checkDocument(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	requireNone(t, gone, string(text), func() string { return file })
}

func checkSource(t *testing.T, names map[string]string, file string) {
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	files := token.NewFileSet()
	var s scanner.Scanner
	s.Init(files.AddFile(file, -1, len(text)), text, nil, scanner.ScanComments)
	for pos, tok, lit := s.Scan(); tok != token.EOF; pos, tok, lit = s.Scan() {
		where := func() string { return files.Position(pos).String() }
		switch tok {
		case token.IDENT:
			requireNone(t, names, lit, where)
		case token.COMMENT, token.STRING:
			requireNone(t, gone, lit, where)
		}
	}
}

package house_test

import (
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// gone are words that kavro no longer uses, in identifiers and comments, with those that it uses.
var gone = map[string]string{
	"undealt": "unprocessed", "hire": "start a worker", "settle": "a verb for each: finish, apply, decode", "ripe": "due", "ripens": "is due",
	"halted": "paused", "brimful": "over the high-water mark", "overdue": "past the deadline", "trouble": "pending errors",
	"pacer": "rate limiter", "senseless": "malformed response", "misfit": "type mismatch", "hollow": "zero-length record", "boxes": "value arena",
	"era": "flush generation", "spares": "free list", "dozen": "batch", "slabs": "record pool", "hasten": "prefetch", "rouse": "wake",
	"bark": "on expiry", "disown": "detach", "blameless": "NotRecordFault",
}

// clean are the packages without them. It grows until it is all of them.
var clean = strings.Fields(`
	avroconsumer avroproducer internal/chaostest internal/count internal/drivers internal/ending
	internal/fakekafka internal/filekind internal/jsontext internal/numtext internal/regwait internal/stall internal/structtag
	internal/wire kavrotest pipeline registry/registrytest schemas/lint
`)

// part is a word of a comment, or of an identifier in camel case.
var part = regexp.MustCompile(`[A-Z]?[a-z]+`)

func TestWords(t *testing.T) {
	for _, pkg := range clean {
		files, err := filepath.Glob(filepath.Join("../..", pkg, "*.go"))
		require.NoError(t, err)
		require.NotEmpty(t, files, "no package %s", pkg)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			files := token.NewFileSet()
			var s scanner.Scanner
			s.Init(files.AddFile(file, -1, len(text)), text, nil, scanner.ScanComments)
			for pos, tok, lit := s.Scan(); tok != token.EOF; pos, tok, lit = s.Scan() {
				if tok != token.IDENT && tok != token.COMMENT {
					continue
				}
				for _, word := range part.FindAllString(lit, -1) {
					require.NotContains(t, gone, strings.ToLower(word), "%s: write %q", files.Position(pos), gone[strings.ToLower(word)])
				}
			}
		}
	}
}

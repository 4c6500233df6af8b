package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro"
)

// clients are the default of this build, and franz-go.
var clients = []string{"", "franz"}

func TestRun(t *testing.T) {
	for _, client := range clients {
		t.Run("kavro.client="+client, func(t *testing.T) {
			require.NoError(t, run(t.Context(), kavro.Config{"kavro.client": client}))
		})
	}
}

// Every Go block of the document stands in main.go, and every snippet of main.go
// in the document: what people copy was compiled and run.
func TestDocumentAgrees(t *testing.T) {
	doc, err := os.ReadFile("../../docs/from-python.md")
	require.NoError(t, err)
	code, err := os.ReadFile("main.go")
	require.NoError(t, err)

	documented := map[string]bool{}
	for _, block := range regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(doc), -1) {
		documented[flat(block[1])] = true
	}
	compiled := map[string]bool{}
	for _, s := range regexp.MustCompile(`(?s)// snippet: [a-z ]+\n(.*?)// end\n`).FindAllStringSubmatch(string(code), -1) {
		compiled[flat(s[1])] = true
	}
	require.NotEmpty(t, compiled)
	require.Equal(t, compiled, documented)
}

// flat is code without its indentation.
func flat(s string) string {
	var lines []string
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

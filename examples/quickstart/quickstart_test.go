package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// clients are the default of this build, and franz-go.
var clients = []string{"", "franz"}

// The whole story on a small source tree, with each client that this build has.
func TestQuickstart(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(text), 0o600))
	}
	write("a.go", "// Package a is the first.\npackage a\n\nimport \"fmt\"\n\nvar _ = fmt.Sprint\n")
	write("b.go", "package b\n\nimport (\n\t\"fmt\"\n\t\"os\"\n)\n")
	write("broken.go", "pakage c\n")
	for _, client := range clients {
		t.Run("kavro.client="+client, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			var out, log bytes.Buffer
			before := slog.Default()
			slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})))
			defer slog.SetDefault(before)
			require.NoError(t, run(ctx, flags{client: client, input: root, timeout: time.Minute}, &screen{w: &out}))
			for _, line := range []string{
				"Publishing a SourceFile event for each of 3 files",
				"2 events on topic source-files-",
				"files passed over, which do not parse as Go: 1",
				"requests to the registry: 2, then none",
				"12 lines, 106 bytes; files that open with a package comment: 1",
				"fmt       2  ",
				"a new program read 2 old events, generated=false by default, and 1 new",
				"an old program read the new event as well: kavro/quickstart.go, package quickstart",
				"level BACKWARD:",
				"version 2, field owner is not in the writer's schema and needs a default",
				"read to the end: 3 events, 1 tombstone, 1 dead letter",
				`"this is no Avro"`,
				"errors.stage             value",
			} {
				require.Contains(t, out.String(), line)
			}
			require.NotContains(t, log.String(), "has no effect")
		})
	}
}

// A broker that does not answer ends the story, with the cause.
func TestBrokerAway(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(root, "a.go"), []byte("package a\n"), 0o600))
	for _, client := range clients {
		t.Run("kavro.client="+client, func(t *testing.T) {
			err := run(t.Context(), flags{client: client, input: root, brokers: "127.0.0.1:1", timeout: 3 * time.Second}, &screen{w: io.Discard})
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorContains(t, err, "127.0.0.1:1")
		})
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		require.Equal(t, want, count(n))
	}
}

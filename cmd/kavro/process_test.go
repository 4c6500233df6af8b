package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestMain lets the test program be the command itself, for what only a process of
// its own can show.
func TestMain(m *testing.M) {
	if os.Getenv("KAVRO_TEST_COMMAND") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process is the command in a process of its own.
type process struct {
	*exec.Cmd
	out, err bytes.Buffer
}

func newProcess(t *testing.T, dir string, args ...string) *process {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: exec.CommandContext(t.Context(), self, args...)}
	p.Dir = dir
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "KAVRO_") {
			p.Env = append(p.Env, v)
		}
	}
	p.Env = append(p.Env, "KAVRO_TEST_COMMAND=1")
	p.Stdout, p.Stderr = &p.out, &p.err
	return p
}

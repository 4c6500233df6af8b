//go:build unix

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// soon is far more than an interrupt takes, and far less than for ever.
const soon = 20 * time.Second

func (k *kavro) pipe(name string) string {
	path := filepath.Join(k.dir, filepath.FromSlash(name))
	require.NoError(k.t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(k.t, syscall.Mkfifo(path, 0o600))
	k.t.Cleanup(func() { // lets go of whoever still waits
		if f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0); err == nil {
			f.Close()
		}
	})
	return path
}

// interrupted runs a command that is interrupted when it has had time to wait for
// something.
func (k *kavro) interrupted(args ...string) (code int, out, errOut string) {
	ctx, cancel := context.WithCancel(k.t.Context())
	defer cancel()
	var o, e bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		env := &environment{out: &o, err: &e, getenv: func(key string) string { return k.env[key] }}
		ended <- run(ctx, env, args)
	}()
	select {
	case code := <-ended:
		return code, o.String(), e.String()
	case <-time.After(300 * time.Millisecond):
	}
	cancel()
	select {
	case code := <-ended:
		return code, o.String(), e.String()
	case <-time.After(soon):
		require.FailNow(k.t, "not interrupted", "%v", args)
		return 0, "", ""
	}
}

// Whatever a command reads may be a pipe that nobody writes to. An interrupt ends
// the wait.
func TestInterruptedAtAPipe(t *testing.T) {
	k, _ := withRegistry(t)
	pipe, good := k.pipe("pipe.avsc"), k.file("good.avsc", money)
	out := filepath.Join(k.dir, "out")
	for _, args := range [][]string{
		{"gen", "-o", out, pipe},
		{"gen", "-o", out, good, pipe},
		{"lint", pipe},
		{"lint", good, pipe, good},
		{"schema", "register", "s", pipe},
		{"schema", "check", "s", pipe},
		{"registry", "-listen", "127.0.0.1:0", "-users", pipe},
		{"registry", "-listen", "127.0.0.1:0", "-tls-cert", pipe, "-tls-key", pipe},
	} {
		code, printed, errOut := k.interrupted(args...)
		require.Equal(t, exitFailed, code, args)
		require.Empty(t, printed, args)
		require.Equal(t, "kavro: interrupted\n", errOut, args)
	}
	require.NoDirExists(t, out, "nothing is written")
}

// A folder is not meant to hold pipes: they are named, and nothing waits.
func TestPipesInFolders(t *testing.T) {
	k := newKavro(t)
	k.file("avro/m.avsc", money)
	pipe := k.pipe("avro/p.avsc")
	folder := filepath.Dir(pipe)
	for _, args := range [][]string{
		{"lint", folder}, {"gen", "-o", filepath.Join(k.dir, "out"), folder},
		{"breaking", "-against", folder, folder},
	} {
		code, _, errOut := k.interrupted(args...)
		require.Equal(t, exitFailed, code, args)
		require.Contains(t, errOut, pipe+": a named pipe, not a file\n", args)
	}
}

// Pipes where gen writes are not read, and not replaced.
func TestPipesInTheOutput(t *testing.T) {
	k := newKavro(t)
	k.file("go.mod", "module example.com/events\n")
	file := k.file("m.avsc", money)
	out := filepath.Join(k.dir, "out")
	k.pipe("out/common/notes.go")
	k.pipe("out/go.mod")
	require.Empty(t, k.ok("gen", "-o", out, file))
	require.NoError(t, os.Remove(filepath.Join(out, "common", "money_avro.go")))
	k.pipe("out/common/money_avro.go")
	code, _, errOut := k.interrupted("gen", "-o", out, file)
	require.Equal(t, exitFailed, code)
	require.Contains(t, errOut, "money_avro.go is a named pipe, not a file")
}

// What comes through a pipe is a file like any other.
func TestReadFromAPipe(t *testing.T) {
	k := newKavro(t)
	pipe := k.pipe("pipe.avsc")
	written := make(chan error, 1)
	go func() { written <- os.WriteFile(pipe, []byte(money), 0o600) }()
	out := filepath.Join(k.dir, "out")
	require.Empty(t, k.ok("gen", "-o", out, pipe))
	require.NoError(t, <-written)
	require.FileExists(t, filepath.Join(out, "common", "money_avro.go"))
}

// A reader that does not read cannot hold a command either.
func TestInterruptedWhilePrinting(t *testing.T) {
	read, write, err := os.Pipe()
	require.NoError(t, err)
	defer read.Close()
	defer write.Close()
	k := newKavro(t)
	bad := k.file("bad.avsc", `"`+string(bytes.Repeat([]byte("x"), 1<<18))+`"`)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan int, 1)
	go func() {
		env := &environment{out: write, err: new(bytes.Buffer), getenv: func(string) string { return "" }}
		ended <- run(ctx, env, []string{"lint", bad})
	}()
	select {
	case <-ended:
		require.Fail(t, "it wrote all of it: the pipe holds more than was thought")
	case <-time.After(300 * time.Millisecond):
	}
	cancel()
	select {
	case code := <-ended:
		require.NotZero(t, code)
	case <-time.After(soon):
		require.Fail(t, "not interrupted")
	}
}

// The signals themselves: one is enough, whichever.
func TestSignals(t *testing.T) {
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		k := newKavro(t)
		p := newProcess(t, k.dir, "gen", "-o", "out", k.pipe("f.avsc"))
		require.NoError(t, p.Start())
		ended := make(chan error, 1)
		go func() { ended <- p.Wait() }()
		select {
		case <-ended:
			require.Fail(t, "ended by itself", p.err.String())
		case <-time.After(500 * time.Millisecond): // long enough to be at the pipe
		}
		require.NoError(t, p.Process.Signal(signal))
		select {
		case <-ended:
			require.Equal(t, exitFailed, p.ProcessState.ExitCode())
			require.Equal(t, "kavro: interrupted\n", p.err.String())
		case <-time.After(soon):
			require.Fail(t, "not interrupted")
		}
		require.NoDirExists(t, filepath.Join(k.dir, "out"))
	}
}

// Text that could not be written was not handed over, whatever else went well.
func TestStandardOutputFails(t *testing.T) {
	k, _ := withRegistry(t)
	k.ok("schema", "register", "m", k.file("m.avsc", money))
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		full, err = os.Open(os.DevNull) // cannot be written to: the same to the command
		require.NoError(t, err)
	}
	defer full.Close()
	for _, args := range [][]string{{"schema", "get", "m"}, {"schema", "list", "-o", "json"}, {"config", "get"}, {"help"}, {"lint", k.file("bad.avsc", "7")}} {
		var e bytes.Buffer
		env := &environment{out: full, err: &e, getenv: func(key string) string { return k.env[key] }}
		require.Equal(t, exitFailed, run(t.Context(), env, args), args)
		require.Contains(t, e.String(), full.Name(), args)
	}
}

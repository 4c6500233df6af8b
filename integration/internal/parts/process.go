package parts

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A Process is a program that runs beside the tests. Its methods are safe for
// concurrent use.
type Process struct {
	Name string
	pid  int
	tie  io.Closer     // the shell's standard input: closing it kills the program
	done chan struct{} // closed when it has ended

	mu    sync.Mutex
	lines []string      // what it printed, bounded
	more  chan struct{} // closed at the next line
	err   error         // how it ended
}

// keptLines is how much of a process's output is kept.
const keptLines = 2000

// The shell starts the program, which says its process id first, and kills it
// when its own standard input ends: when we close it, or are no more. Its exit
// status is the program's.
const tied = `exec 3<&0
sh -c 'echo "PID $$"; exec "$@"' sh "$@" </dev/null 3<&- & p=$!
(cat >/dev/null; kill -9 $p 2>/dev/null) <&3 >/dev/null 2>&1 & w=$!
exec 3<&-
wait $p; s=$?
kill $w 2>/dev/null
exit $s`

// Start runs a program in a folder, with env added to this process's environment.
func Start(name, dir string, env []string, args ...string) (*Process, error) {
	cmd := exec.Command("sh", append([]string{"-c", tied, "sh"}, args...)...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	// A group of its own: an interrupt from the terminal is ours to handle.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	tie, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, w := io.Pipe()
	cmd.Stdout, cmd.Stderr = w, w
	cmd.WaitDelay = time.Second // the watcher holds the pipe for a moment
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("parts: %s: %w", name, err)
	}
	p := &Process{Name: name, tie: tie, done: make(chan struct{}), more: make(chan struct{})}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	if !lines.Scan() {
		return nil, fmt.Errorf("parts: %s: the shell said nothing", name)
	}
	if p.pid, err = strconv.Atoi(strings.TrimPrefix(lines.Text(), "PID ")); err != nil {
		return nil, fmt.Errorf("parts: %s: %w", name, err)
	}
	go func() {
		for lines.Scan() {
			p.mu.Lock()
			if len(p.lines) == keptLines {
				p.lines = append(p.lines[:0], p.lines[keptLines/2:]...)
			}
			p.lines = append(p.lines, lines.Text())
			close(p.more)
			p.more = make(chan struct{})
			p.mu.Unlock()
		}
		_, _ = io.Copy(io.Discard, out) // a line too long: the program must not wait for us
	}()
	go func() {
		err := cmd.Wait()
		w.Close()
		tie.Close()
		p.mu.Lock()
		p.err = err
		p.mu.Unlock()
		close(p.done)
	}()
	return p, nil
}

// Await returns the first value that look, which is given every line printed so
// far, finds. The error is ctx's or says that the program ended, with its last
// lines.
func (p *Process) Await(ctx context.Context, look func(lines []string) bool) error {
	for {
		p.mu.Lock()
		found, more := look(p.lines), p.more
		p.mu.Unlock()
		if found {
			return nil
		}
		select {
		case <-more:
		case <-p.done:
			return fmt.Errorf("parts: %s ended before it was ready: %v\n%s", p.Name, p.Err(), p.Log())
		case <-ctx.Done():
			return fmt.Errorf("parts: %s is not ready: %w\n%s", p.Name, ctx.Err(), p.Log())
		}
	}
}

// AwaitHTTP waits until a GET of url is answered with 200.
func (p *Process) AwaitHTTP(ctx context.Context, url string) error {
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-p.done:
			return fmt.Errorf("parts: %s ended before it was ready: %v\n%s", p.Name, p.Err(), p.Log())
		case <-ctx.Done():
			return fmt.Errorf("parts: %s is not ready: %w\n%s", p.Name, ctx.Err(), p.Log())
		}
	}
}

// Log returns the last of what the program printed.
func (p *Process) Log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return string(tail([]byte(strings.Join(p.lines, "\n"))))
}

// Err returns how the program ended; nil while it runs.
func (p *Process) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// Done is closed when the program has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Signal sends it a signal.
func (p *Process) Signal(s syscall.Signal) error {
	select {
	case <-p.done:
		return os.ErrProcessDone
	default:
		return syscall.Kill(p.pid, s)
	}
}

// Freeze stops the program with SIGSTOP, and waits until all of its threads stand
// still: on a busy machine some run on for a while.
func (p *Process) Freeze() error {
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	for {
		stopped, err := isStopped(p.pid)
		if stopped || err != nil {
			return err
		}
		time.Sleep(time.Millisecond)
	}
}

// Thaw lets a frozen program go on.
func (p *Process) Thaw() error { return p.Signal(syscall.SIGCONT) }

// isStopped says whether each thread of a process is in the state T.
func isStopped(pid int) (bool, error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(threads) == 0 {
		return false, errors.Join(err, os.ErrProcessDone)
	}
	for _, name := range threads {
		stat, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue // this one has ended
		}
		if err != nil {
			return false, err
		}
		// The state follows the name, which is in brackets and may have some itself.
		if _, rest, ok := bytes.Cut(stat[bytes.LastIndexByte(stat, ')')+1:], []byte(" ")); !ok || rest[0] != 'T' {
			return false, nil
		}
	}
	return true, nil
}

// Kill ends the program at once, and waits until it is gone.
func (p *Process) Kill() {
	_ = p.Signal(syscall.SIGKILL) // gone already: all the better
	<-p.done
}

// stopPatience is how long a program may take to end.
const stopPatience = 2 * time.Minute

// Stop ends the program as its own documents say, with SIGTERM, and waits until
// it is gone: with SIGKILL after stopPatience, which is an error.
func (p *Process) Stop() error {
	if err := p.Signal(syscall.SIGTERM); errors.Is(err, os.ErrProcessDone) {
		return nil
	} else if err != nil {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(stopPatience):
		p.Kill()
		return fmt.Errorf("parts: %s did not end within %v of SIGTERM\n%s", p.Name, stopPatience, p.Log())
	}
}

// FreePort returns a port of 127.0.0.1 that nobody listened on a moment ago, for
// programs that must be told one. It is below those that the kernel gives to
// outgoing connections: a client that keeps trying to reach a server that is down
// could otherwise be given the server's port, and keep it from coming back.
func FreePort() (int, error) {
	var err error
	for range 100 {
		port := 10_000 + rand.IntN(20_000)
		var l net.Listener
		if l, err = (&net.ListenConfig{}).Listen(context.Background(), "tcp", fmt.Sprint("127.0.0.1:", port)); err == nil {
			return port, l.Close()
		}
	}
	return 0, fmt.Errorf("parts: no free port: %w", err)
}

package parts

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func ready(lines []string) bool { return len(lines) > 0 && lines[len(lines)-1] == "ready" }

func isAlive(pid int) bool {
	state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(state), ") Z ")
}

func TestMadeOnce(t *testing.T) {
	t.Setenv("KAVRO_PARTS", t.TempDir())
	var mu sync.Mutex
	made := 0
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			dir, err := Made("thing", "v1", func(dir string) error {
				mu.Lock()
				defer mu.Unlock()
				made++
				return os.WriteFile(filepath.Join(dir, "file"), nil, 0o644)
			})
			if err == nil {
				_, err = os.Stat(filepath.Join(dir, "file"))
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, 1, made)

	_, err := Made("thing", "v2", func(dir string) error {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "half"), nil, 0o644))
		return os.ErrInvalid
	})
	require.ErrorIs(t, err, os.ErrInvalid)
	dir, err := Made("thing", "v2", func(string) error { return nil })
	require.NoError(t, err, "a failure is not kept")
	require.NoFileExists(t, filepath.Join(dir, "half"))
}

func TestProcess(t *testing.T) {
	p, err := Start("sleeper", "", []string{"WORD=ready"}, "sh", "-c", `echo "$WORD"; exec sleep 1000`)
	require.NoError(t, err)
	require.NoError(t, p.Await(testContext(t), ready))
	require.True(t, isAlive(p.pid))
	require.NoError(t, p.Freeze())
	stopped, err := isStopped(p.pid)
	require.NoError(t, err)
	require.True(t, stopped)
	require.NoError(t, p.Thaw())
	require.NoError(t, p.Stop())
	require.False(t, isAlive(p.pid))
	require.ErrorIs(t, p.Freeze(), os.ErrProcessDone)
	require.ErrorIs(t, p.Signal(syscall.SIGCONT), os.ErrProcessDone)
	require.NoError(t, p.Stop(), "twice")

	p, err = Start("stubborn", "", nil, "sh", "-c", `trap "" TERM; echo ready; while :; do sleep 0.1; done`)
	require.NoError(t, err)
	require.NoError(t, p.Await(testContext(t), ready))
	p.Kill()
	require.False(t, isAlive(p.pid))

	p, err = Start("short", "", nil, "sh", "-c", `echo no luck; exit 3`)
	require.NoError(t, err)
	err = p.Await(testContext(t), ready)
	require.ErrorContains(t, err, "no luck")
	require.ErrorContains(t, err, "exit status 3")
}

// A test binary that is killed leaves nothing behind.
func TestTied(t *testing.T) {
	if os.Getenv("KAVRO_TIED") != "" { // this is the binary to be killed
		p, err := Start("sleeper", "", nil, "sleep", "1000")
		require.NoError(t, err)
		fmt.Printf("pid %d\n", p.pid)
		select {}
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestTied$")
	cmd.Env = append(os.Environ(), "KAVRO_TIED=1")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var pid int
	for pid == 0 {
		_, err := fmt.Fscanf(out, "pid %d\n", &pid)
		require.NoError(t, err)
	}
	require.True(t, isAlive(pid))
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait() // killed
	require.Eventually(t, func() bool { return !isAlive(pid) }, 20*time.Second, 10*time.Millisecond)
}

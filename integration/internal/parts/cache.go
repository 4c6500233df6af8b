package parts

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// fetchPatience bounds one command that fetches or builds a part: 160 MB over a
// busy line.
const fetchPatience = 25 * time.Minute

// folder returns the cache folder, which exists then.
func folder() (string, error) {
	dir := os.Getenv("KAVRO_PARTS")
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(cache, "kavro-parts")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return dir, os.MkdirAll(dir, 0o755)
}

// Made returns the folder that holds what make put into the folder it was given,
// now or in an earlier run. recipe is all that the result depends on, such as
// versions: another recipe makes another folder.
func Made(name, recipe string, make func(dir string) error) (string, error) {
	cache, err := folder()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(recipe))
	dir := filepath.Join(cache, fmt.Sprintf("%s-%x", name, sum[:6]))
	unlock, err := lock(dir + ".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	tmp, err := os.MkdirTemp(cache, name+"-*.tmp")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp) // does nothing once it was renamed
	if err := make(tmp); err != nil {
		return "", fmt.Errorf("parts: %s: %w", name, err)
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return "", err
	}
	return dir, os.Rename(tmp, dir)
}

// lock waits for the lock of a file. The kernel frees it if its holder dies.
func lock(name string) (unlock func(), err error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}

// Run runs a command in a folder, with env added to this process's environment,
// to its end. Its error has the end of what it printed.
func Run(dir string, env []string, name string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), fetchPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	cmd.WaitDelay = 10 * time.Second // its children may hold the pipe
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, tail(out))
	}
	return nil
}

// tail returns the end of what a process printed.
func tail(out []byte) []byte {
	const most = 4 << 10
	if len(out) <= most {
		return out
	}
	out = out[len(out)-most:]
	if i := bytes.IndexByte(out, '\n'); i >= 0 {
		out = out[i+1:]
	}
	return out
}

//go:build !darwin && !dragonfly && !freebsd && !linux && !netbsd && !openbsd && !windows

package memory

import (
	"io"
	"os"
)

// lockFile only makes the file: there is no lock that ends with the process here.
func lockFile(name string) (io.Closer, error) {
	return os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o640)
}

// syncDir does nothing: directories cannot be synced here.
func syncDir(string) error { return nil }

package house

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Watch reads every Go file below dir, for tests whose results come from go list: go test keeps
// results, and does not see what another process reads.
func Watch(dir string) error {
	return filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(name, ".go") {
			_, err = os.ReadFile(name)
		}
		return err
	})
}

// Package house lists the packages of this repository and what they import, for the
// tests that hold the arrows between them and for the picture of them.
package house

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// Module is the path of the root module.
const Module = "github.com/kavro/kavro"

// A Package is one of the packages of this repository.
type Package struct {
	Name    string   // its folder, with slashes; "kavro" for the root
	Imports []string // the packages of this repository that it imports, by Name and sorted, without those of its tests
}

// Packages returns the packages that match the patterns of go list, sorted by name.
// The imports are those with cgo and those without it together. dir is a folder of
// the module.
func Packages(dir string, patterns ...string) ([]Package, error) {
	imports := map[string][]string{}
	for _, cgo := range []string{"0", "1"} {
		listed, err := List(dir, []string{"CGO_ENABLED=" + cgo}, append([]string{"-json=ImportPath,Imports"}, patterns...)...)
		if err != nil {
			return nil, err
		}
		for d := json.NewDecoder(bytes.NewReader(listed)); ; {
			var p struct {
				ImportPath string
				Imports    []string
			}
			if err := d.Decode(&p); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return nil, err
			}
			name, _ := Name(p.ImportPath)
			imports[name] = append(imports[name], names(p.Imports)...)
		}
	}
	var all []Package
	for name, of := range imports {
		slices.Sort(of)
		all = append(all, Package{Name: name, Imports: slices.Compact(of)})
	}
	slices.SortFunc(all, func(a, b Package) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// List returns what go list prints. env is added to the environment.
func List(dir string, env []string, args ...string) ([]byte, error) {
	c := exec.Command("go", append([]string{"list"}, args...)...) //nolint:noctx // a few seconds, of a test or a generator
	c.Dir, c.Env = dir, append(os.Environ(), env...)
	var problems bytes.Buffer
	c.Stderr = &problems
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("go list %s: %w: %s", strings.Join(args, " "), err, problems.Bytes())
	}
	return out, nil
}

// Name returns the name of the package with that import path, and whether it is one of this
// repository.
func Name(path string) (name string, ours bool) {
	if path == Module {
		return "kavro", true
	}
	return strings.CutPrefix(path, Module+"/")
}

func names(paths []string) []string {
	var out []string
	for _, path := range paths {
		if name, ours := Name(path); ours {
			out = append(out, name)
		}
	}
	return out
}

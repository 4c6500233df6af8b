package main

import (
	"bytes"
	"context"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
)

// standardLibrary is the folder with the source of Go's standard library.
func standardLibrary(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOROOT: %w", err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "src"), nil
}

// goFiles returns the paths of all .go files under root, relative to it, in
// lexical order.
func goFiles(root string) ([]string, error) {
	var paths []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.IsDir() && strings.HasSuffix(path, ".go") {
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			paths = append(paths, filepath.ToSlash(rel))
		}
		return nil
	})
	if err == nil && len(paths) == 0 {
		err = fmt.Errorf("%s holds no .go files", root)
	}
	return paths, err
}

// readAll reads the files on all processors and sends what each one tells, in
// any order. The channel is closed when all are sent or ctx is done.
func readAll(ctx context.Context, root string, paths []string) <-chan SourceFile {
	work, out := make(chan string), make(chan SourceFile, 256)
	var readers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		readers.Go(func() {
			for path := range work {
				file, err := readSource(root, path)
				if err != nil {
					continue // not Go after all: the standard library keeps a few such for its tests
				}
				select {
				case out <- file:
				case <-ctx.Done():
				}
			}
		})
	}
	go func() {
		defer close(out)
		defer readers.Wait()
		defer close(work)
		for _, path := range paths {
			select {
			case work <- path:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// readSource describes one file.
func readSource(root, path string) (SourceFile, error) {
	full := filepath.Join(root, filepath.FromSlash(path))
	info, err := os.Stat(full)
	if err != nil {
		return SourceFile{}, err
	}
	text, err := os.ReadFile(full)
	if err != nil {
		return SourceFile{}, err
	}
	syntax, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ImportsOnly|parser.ParseComments)
	if err != nil {
		return SourceFile{}, err
	}
	f := SourceFile{
		Path:     path,
		Package:  syntax.Name.Name,
		Bytes:    int64(len(text)),
		Lines:    int32(bytes.Count(text, []byte("\n"))),
		Modified: info.ModTime(),
	}
	for _, spec := range syntax.Imports {
		if name, err := strconv.Unquote(spec.Path.Value); err == nil {
			f.Imports = append(f.Imports, name)
		}
	}
	if doc := syntax.Doc.Text(); doc != "" {
		line, _, _ := strings.Cut(doc, "\n")
		f.Doc = &line
	}
	return f, nil
}

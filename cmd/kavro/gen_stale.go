package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/kavro/kavro/gen"
)

// reportStale says which files an earlier gen wrote that this one does not: their
// schemas are gone or have another name. It looks where this one writes to, and
// below dir at folders of nothing but such files; a folder with other Go code in
// it is somebody else's. Nothing is deleted: that is for whoever knows why.
func reportStale(ctx context.Context, env *environment, dir string, files []gen.File) (found bool, err error) {
	dir = filepath.Clean(dir)
	written, folders := map[string]bool{}, map[string]bool{}
	for _, f := range files {
		name := filepath.Join(dir, filepath.FromSlash(f.Path))
		written[name] = true
		folders[filepath.Dir(name)] = true
	}
	err = filepath.WalkDir(dir, func(folder string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return errInterrupted
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
			return nil // what cannot be seen is not reported
		case err != nil:
			return err
		case !d.IsDir():
			return nil
		case folder != dir && isApart(folder, d.Name()):
			return fs.SkipDir
		}
		ours, all, err := generatedIn(ctx, folder)
		if err != nil || !all && !folders[folder] {
			return err
		}
		for _, name := range ours {
			if !written[name] {
				found = true
				fmt.Fprintf(env.out, "%s: stale: no schema gives it any more\n", name)
			}
		}
		return nil
	})
	return found, err
}

// isApart says that Go does not count a folder to the module around it.
func isApart(folder, name string) bool {
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "vendor" {
		return true
	}
	_, err := os.Stat(filepath.Join(folder, "go.mod"))
	return err == nil
}

// generatedIn is the files in a folder that gen wrote, and whether those are all
// of its Go files.
func generatedIn(ctx context.Context, folder string) (names []string, all bool, err error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrPermission) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	all = true
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".go") {
			continue
		}
		name := filepath.Join(folder, e.Name())
		ours := false
		if info, err := stat(ctx, name); err == nil && info.Mode().IsRegular() && info.Size() > 0 {
			start, err := readStart(ctx, name, headSize)
			ours = err == nil && isGenerated(start)
		}
		if ctx.Err() != nil {
			return nil, false, errInterrupted
		}
		if ours {
			names = append(names, name)
		} else {
			all = false
		}
	}
	return names, all, nil
}

package registry

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// checkSeed reports whether a seed is one: somebody who gives another folder would
// else find that out when the registry is down. A program runs without a seed as
// well, so that this is for a warning. What is damaged in a seed is reported when it
// is asked for.
func checkSeed(seed fs.FS) error {
	entries, err := fs.ReadDir(seed, ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if holdsAnswer(seed, e.Name()) {
			return nil
		}
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		within, _ := fs.ReadDir(seed, e.Name())
		for _, f := range within {
			if holdsAnswer(seed, e.Name()+"/"+f.Name()) {
				return fmt.Errorf("the answers are in its folder %q: give fs.Sub(seed, %q)", e.Name(), e.Name())
			}
		}
	}
	return errors.New("it holds no file that SaveSeed wrote")
}

// holdsAnswer reports whether a file begins as those of answers do.
func holdsAnswer(in fs.FS, name string) bool {
	info, err := fs.Stat(in, name)
	if err != nil || !info.Mode().IsRegular() || !strings.HasSuffix(name, ".json") {
		return false
	}
	file, err := in.Open(name)
	if err != nil {
		return false
	}
	defer file.Close()
	start := make([]byte, len(fileHead))
	_, err = io.ReadFull(file, start)
	return err == nil && string(start) == fileHead
}

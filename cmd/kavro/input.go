package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/kavro/kavro/schemas"
)

// errInterrupted says that the user has had enough. What is not done yet is not
// done.
var errInterrupted = errors.New("interrupted")

// await runs work that may block where nothing can wake it: at a named pipe
// without a writer, a terminal, a disk behind a network. If ctx ends first, work is
// left to itself; it must not write anything.
func await[T any](ctx context.Context, work func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := work()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, errInterrupted
	}
}

func stat(ctx context.Context, name string) (os.FileInfo, error) {
	return await(ctx, func() (os.FileInfo, error) { return os.Stat(name) })
}

// readStart returns the first most bytes of a file, or all of one that is shorter.
func readStart(ctx context.Context, name string, most int) ([]byte, error) {
	return await(ctx, func() ([]byte, error) {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil && info.IsDir() {
			return nil, fmt.Errorf("%s is a folder, not a file", name)
		}
		return io.ReadAll(io.LimitReader(f, int64(most)))
	})
}

// source reads schemas from files and folders.
type source struct {
	env *environment
	max *size // of a text
}

// sourceFlags adds the flags of commands that read schemas.
func sourceFlags(f *flags, env *environment) *source {
	return &source{env: env, max: maxSchemaFlag(f)}
}

func maxSchemaFlag(f *flags) *size {
	most := size(1 << 20)
	f.Var(&most, "max-schema-size", "the largest schema that is read, in `bytes`, such as 4M")
	return &most
}

func (s *source) options(more ...schemas.ParseOption) []schemas.ParseOption {
	return append(more, schemas.WithMaxBytes(int(*s.max)))
}

// text reads a file that holds a schema.
func (s *source) text(ctx context.Context, name string) (string, error) {
	text, err := readStart(ctx, name, int(*s.max)+1)
	if err == nil && len(text) > int(*s.max) {
		err = &schemas.ParseError{Reason: fmt.Sprintf("more than %d bytes of text, which is the limit: -max-schema-size raises it", *s.max)}
		return "", &schemas.FileError{Path: name, Err: err}
	}
	return string(text), err
}

// file parses a file by itself.
func (s *source) file(ctx context.Context, name string, opts ...schemas.ParseOption) (*schemas.Schema, error) {
	text, err := s.text(ctx, name)
	if err != nil {
		return nil, err
	}
	parsed, err := s.parse(ctx, text, opts...)
	if err != nil {
		return nil, &schemas.FileError{Path: name, Err: err}
	}
	return parsed, nil
}

func (s *source) parse(ctx context.Context, text string, opts ...schemas.ParseOption) (*schemas.Schema, error) {
	return await(ctx, func() (*schemas.Schema, error) { return schemas.Parse(text, s.options(opts...)...) })
}

// folder parses the files of a folder. The error is [problems]; the other files are
// returned all the same.
func (s *source) folder(ctx context.Context, name string, opts ...schemas.ParseOption) ([]schemas.File, error) {
	info, err := stat(ctx, name)
	if err != nil {
		return nil, problems{err}
	}
	if !info.IsDir() {
		return nil, problems{fmt.Errorf("%s is a file: want a folder of .avsc files", name)}
	}
	type loaded struct {
		dir *schemas.Dir
		err error
	}
	l, err := await(ctx, func() (loaded, error) {
		dir, err := schemas.LoadDir(os.DirFS(name), s.options(opts...)...)
		return loaded{dir, err}, nil
	})
	if err != nil {
		return nil, problems{err}
	}
	return l.dir.Files(), located(name, l.err).err()
}

// located is the errors of [schemas.LoadDir], with paths that begin where the
// command was started.
func located(folder string, err error) (all problems) {
	if err == nil {
		return nil
	}
	each := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		each = joined.Unwrap()
	}
	for _, err := range each {
		if in, ok := errors.AsType[*schemas.FileError](err); ok {
			err = &schemas.FileError{Path: under(folder, in.Path), Err: in.Err}
		}
		all = append(all, err)
	}
	return all
}

// lenientFile parses a file as a registry's answer is parsed. What a strict parser
// would refuse is warned of.
func (s *source) lenientFile(ctx context.Context, name string) (*schemas.Schema, error) {
	text, err := s.text(ctx, name)
	if err != nil {
		return nil, err
	}
	strict, strictErr := s.parse(ctx, text)
	if strictErr == nil {
		return strict, nil
	}
	lenient, err := s.parse(ctx, text, schemas.Lenient())
	if err != nil {
		return nil, &schemas.FileError{Path: name, Err: err}
	}
	s.warn(lenient, &schemas.FileError{Path: name, Err: strictErr})
	return lenient, nil
}

// lenientFolder does the same for the files of a folder.
func (s *source) lenientFolder(ctx context.Context, name string) ([]schemas.File, error) {
	strict, strictErr := s.folder(ctx, name)
	if strictErr == nil {
		return strict, nil
	}
	lenient, err := s.folder(ctx, name, schemas.Lenient())
	if err != nil {
		return nil, err
	}
	parsed := map[string]*schemas.Schema{}
	for _, f := range lenient {
		parsed[under(name, f.Path)] = f.Schema
	}
	for _, err := range each(strictErr) {
		if in, ok := errors.AsType[*schemas.FileError](err); ok {
			s.warn(parsed[in.Path], in)
		}
	}
	return lenient, nil
}

func under(folder, path string) string { return filepath.Join(folder, filepath.FromSlash(path)) }

// warn says what a strict parser found, unless that is names that Avro does not
// allow: they do no harm, and whoever has them cannot help it.
func (s *source) warn(lenient *schemas.Schema, err error) {
	for n := range lenient.Types() {
		if n.FullName() != "" && !avroNames.MatchString(n.FullName()) {
			return
		}
		for _, f := range n.Fields() {
			if !avroName.MatchString(f.Name()) {
				return
			}
		}
		if slices.ContainsFunc(n.Symbols(), func(s string) bool { return !avroName.MatchString(s) }) {
			return
		}
	}
	fmt.Fprintf(s.env.err, "kavro: warning: %v (registries refuse it in new schemas)\n", err)
}

var (
	avroName  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	avroNames = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$`)
)

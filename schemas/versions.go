package schemas

import (
	"cmp"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// CheckVersions reports whether the versions in a folder satisfy a level. Each .avsc file directly
// in fsys is a version of the same schema. They are ordered by name, with numbers in names compared
// as numbers: v2.avsc precedes v10.avsc. CheckVersions is meant for a program's own tests:
//
//	require.NoError(t, schemas.CheckVersions(os.DirFS("schemas/order"), schemas.FullTransitive))
//
// The error is a [*FileError] with the first version that does not satisfy the level. It wraps an
// [*IncompatibleError], whose versions are positions in the order of the files, from 1, or the error
// of reading or parsing the file. A folder without .avsc files is an error.
func CheckVersions(fsys fs.FS, level Level, opts ...ParseOption) error {
	versions, err := loadVersions(fsys, opts)
	if err != nil {
		return err
	}
	var history []*Schema
	for _, v := range versions {
		if err := level.Check(v.Schema, history); err != nil {
			return &FileError{v.Path, err}
		}
		history = append(history, v.Schema)
	}
	return nil
}

func loadVersions(fsys fs.FS, opts []ParseOption) ([]File, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, &FileError{".", err}
	}
	var names []string
	for _, entry := range entries {
		if !entry.IsDir() && path.Ext(entry.Name()) == ".avsc" {
			names = append(names, entry.Name())
		}
	}
	if len(names) == 0 {
		return nil, &FileError{".", errNoFiles}
	}
	slices.SortFunc(names, compareNumbered)
	o := defaultOptions()
	for _, opt := range opts {
		opt(&o)
	}
	var files []File
	for _, name := range names {
		text, err := readFile(fsys, name, o.maxBytes)
		if err != nil {
			return nil, &FileError{name, err}
		}
		s, err := Parse(text, opts...)
		if err != nil {
			return nil, &FileError{name, err}
		}
		files = append(files, File{name, s})
	}
	return files, nil
}

// compareNumbered orders names by their text, but runs of digits by their value.
func compareNumbered(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		if isDigit(x[0]) && isDigit(y[0]) {
			var m, n uint64
			m, x = leadingNumber(x)
			n, y = leadingNumber(y)
			if m != n {
				return cmp.Compare(m, n)
			}
			continue
		}
		if x[0] != y[0] {
			return cmp.Compare(x[0], y[0])
		}
		x, y = x[1:], y[1:]
	}
	if c := cmp.Compare(len(x), len(y)); c != 0 {
		return c
	}
	return strings.Compare(a, b)
}

func leadingNumber(s string) (n uint64, rest string) {
	rest = strings.TrimLeft(s, "0123456789")
	n, _ = strconv.ParseUint(s[:len(s)-len(rest)], 10, 64) // the greatest number if it is out of range
	return n, rest
}

package filekind_test

import (
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/internal/filekind"
)

func TestOf(t *testing.T) {
	for mode, want := range map[fs.FileMode]string{
		0o644: "", fs.ModeDir | 0o755: "a folder", fs.ModeNamedPipe: "a named pipe", fs.ModeSocket: "a socket",
		fs.ModeDevice: "a device", fs.ModeDevice | fs.ModeCharDevice: "a device", fs.ModeSymlink: "a symbolic link", fs.ModeIrregular: "something else",
	} {
		require.Equal(t, want, filekind.Of(mode), mode)
	}
}

package ocf

import (
	"errors"
	"fmt"
)

// ErrNotContainer is the error of input that does not begin like an object
// container file.
var ErrNotContainer = errors.New("ocf: not an object container file")

// ErrClosed is the error of a writer after Close.
var ErrClosed = errors.New("ocf: the writer is closed")

// What can be wrong with a block, within a [*BlockError].
var (
	// ErrSync: no sync marker follows the block.
	ErrSync = errors.New("no sync marker follows the block")
	// ErrLimit: the block is larger than [WithMaxBlock] allows, packed or unpacked.
	ErrLimit = errors.New("larger than WithMaxBlock allows")
	// ErrChecksum: what the block unpacks to is not what was packed.
	ErrChecksum = errors.New("the checksum differs")
)

// A BlockError says which block of a file cannot be read, or no further.
type BlockError struct {
	Block  int   // number of the block, from 0
	Offset int64 // in bytes from the start of the file: where the block begins
	Read   int64 // data of the block that were read before
	Err    error
}

func (e *BlockError) Error() string {
	read := ""
	if e.Read > 0 {
		read = fmt.Sprintf(", after %d of its data", e.Read)
	}
	return fmt.Sprintf("ocf: block %d at byte %d%s: %v", e.Block, e.Offset, read, e.Err)
}

func (e *BlockError) Unwrap() error { return e.Err }

// An UnsupportedError names a compression that a file has and this package does
// not read, or not write.
type UnsupportedError struct {
	Compression string
	Write       bool
}

func (e *UnsupportedError) Error() string {
	if e.Write {
		return fmt.Sprintf("ocf: compression %q is not written, only read", e.Compression)
	}
	return fmt.Sprintf("ocf: compression %q is not known", e.Compression)
}

package ocf

import (
	"fmt"
	"strings"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/schemas"
)

// An Option changes how a file is read or written. One that does not apply is
// ignored.
type Option func(*config)

type config struct {
	schema      *schemas.Schema
	avro        []avro.Option
	resync      bool
	maxBlock    int
	maxHeader   int
	compression *Compression
	blockBytes  int
	blockData   int
	metadata    []entry
	sync        *[syncSize]byte
}

type entry struct {
	key   string
	value []byte
}

func newConfig(opts []Option) (config, error) {
	c := config{
		maxBlock:   64 << 20,
		maxHeader:  4 << 20,
		blockBytes: 64 << 10,
	}
	for _, opt := range opts {
		opt(&c)
	}
	for _, l := range []struct {
		name   string
		n, min int
	}{
		{"WithMaxBlock", c.maxBlock, 0},
		{"WithMaxHeader", c.maxHeader, 0},
		{"WithBlockBytes", c.blockBytes, 1},
		{"WithBlockData", c.blockData, 0},
	} {
		if l.n < l.min {
			return config{}, fmt.Errorf("ocf: %s: %d is less than %d", l.name, l.n, l.min)
		}
	}
	seen := map[string]bool{}
	for _, m := range c.metadata {
		if strings.HasPrefix(m.key, reservedPrefix) {
			return config{}, fmt.Errorf("ocf: WithMetadata: keys that begin with %q are reserved: %q", reservedPrefix, m.key)
		}
		if seen[m.key] {
			return config{}, fmt.Errorf("ocf: WithMetadata: %q is given twice", m.key)
		}
		seen[m.key] = true
	}
	return c, nil
}

// WithSchema reads with schema s instead of the one the file was written with;
// the data are resolved. A generated type brings its own schema, which is the
// default.
func WithSchema(s *schemas.Schema) Option {
	return func(c *config) { c.schema = s }
}

// WithAvro sets options for the codec and the resolution, such as
// [avro.WithUnionTypes] or the limits for one datum.
func WithAvro(opts ...avro.Option) Option {
	return func(c *config) { c.avro = append(c.avro[:len(c.avro):len(c.avro)], opts...) }
}

// WithResync lets reading go on after a damaged block, behind the next sync
// marker. The damage is still reported, by one [*BlockError].
func WithResync() Option {
	return func(c *config) { c.resync = true }
}

// WithMaxBlock sets the largest block to be read, in bytes, packed and unpacked.
// The default is 64 MiB; blocks are mostly a thousandth of that.
func WithMaxBlock(n int) Option {
	return func(c *config) { c.maxBlock = n }
}

// WithMaxHeader sets the largest header to be read, in bytes, schema and metadata
// included. The default is 4 MiB.
func WithMaxHeader(n int) Option {
	return func(c *config) { c.maxHeader = n }
}

// WithCompression packs blocks. The default is [Uncompressed].
func WithCompression(c Compression) Option {
	return func(conf *config) { conf.compression = &c }
}

// WithBlockBytes sets the size in bytes, unpacked, at which a block is written.
// The default is 64 KiB. A block holds one datum at least, whatever its size.
func WithBlockBytes(n int) Option {
	return func(c *config) { c.blockBytes = n }
}

// WithBlockData sets the number of data at which a block is written, if it did
// not reach its size before. The default, 0, sets none.
func WithBlockData(n int) Option {
	return func(c *config) { c.blockData = n }
}

// WithMetadata puts a value of the user's into the header. Keys must not begin
// with "avro.". The value is copied.
func WithMetadata(key string, value []byte) Option {
	e := entry{key, append([]byte(nil), value...)}
	return func(c *config) { c.metadata = append(c.metadata[:len(c.metadata):len(c.metadata)], e) }
}

// WithSyncMarker sets the sync marker, which is random otherwise, so that a file
// can be made again byte for byte. One that occurs in the data only costs time
// when damage is skipped.
func WithSyncMarker(marker [16]byte) Option {
	return func(c *config) { c.sync = &marker }
}

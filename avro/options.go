package avro

import (
	"fmt"
	"github.com/kavro/kavro/avro/avrort"
	"reflect"
)

// An Option changes how a codec or a resolution works. One that does not apply
// to what it is given to is ignored.
type Option func(*config)

// config holds everything options set; it is not changed after construction.
type config struct {
	avrort.Settings

	rawLogical      bool
	taggedUnions    bool
	sortedMaps      bool
	genericBranches bool
	unionTypes      []UnionBranch
	customTypes     map[reflect.Type]*customType
	json            jsonConfig
	twice           []string // options of which only one can count
}

// newConfig applies opts to the defaults and checks the outcome.
func newConfig(opts []Option) (config, error) {
	c := config{Settings: avrort.DefaultSettings()}
	for _, opt := range opts {
		opt(&c)
	}
	for _, l := range []struct {
		name string
		n    int
	}{
		{"WithMaxBytes", c.MaxBytes},
		{"WithMaxItems", c.MaxItems},
		{"WithMaxEmptyItems", c.MaxEmptyItems},
		{"WithMaxDepth", c.MaxDepth},
	} {
		if l.n < 0 {
			return config{}, fmt.Errorf("avro: %s: %d is negative", l.name, l.n)
		}
	}
	if len(c.twice) > 0 {
		return config{}, fmt.Errorf("avro: %s is given twice", c.twice[0])
	}
	return c, nil
}

// WithCopiedStrings gives every decoded string an allocation of its own. Without
// it the strings of one datum share one (for each 4 KiB of it), and one string
// that is kept keeps that much memory.
func WithCopiedStrings() Option {
	return func(c *config) { c.CopiedStrings = true }
}

// WithValidUTF8 makes strings that are not UTF-8 an error in both directions. By
// default their bytes are passed on as they are: Java writes none, but reads them.
func WithValidUTF8() Option {
	return func(c *config) { c.ValidUTF8 = true }
}

// WithRawLogicalTypes leaves logical types out of generic values: a date is an
// int32, a decimal []byte. Encoding takes both forms in any case; with the option
// it does not look at the text of a uuid and the bytes of a big-decimal. Text for a
// decimal is the number in any case.
func WithRawLogicalTypes() Option {
	return func(c *config) { c.rawLogical = true }
}

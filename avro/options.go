package avro

import "fmt"

// An Option changes how a codec or a resolution works. One that does not apply
// to what it is given to is ignored.
type Option func(*config)

// config holds everything options set; it is not changed after construction.
type config struct {
	limits limits
}

// newConfig applies opts to the defaults and checks the outcome.
func newConfig(opts []Option) (config, error) {
	c := config{
		limits: limits{
			maxBytes:      defaultMaxBytes,
			maxItems:      defaultMaxItems,
			maxEmptyItems: defaultMaxEmptyItems,
			maxDepth:      defaultMaxDepth,
		},
	}
	for _, opt := range opts {
		opt(&c)
	}
	for _, l := range []struct {
		name string
		n    int
	}{
		{"WithMaxBytes", c.limits.maxBytes},
		{"WithMaxItems", c.limits.maxItems},
		{"WithMaxEmptyItems", c.limits.maxEmptyItems},
		{"WithMaxDepth", c.limits.maxDepth},
	} {
		if l.n < 0 {
			return config{}, fmt.Errorf("avro: %s: %d is negative", l.name, l.n)
		}
	}
	return c, nil
}

package avrort

// Settings are what a [Reader] accepts. Limits keep hostile input from taking memory,
// time or the stack; all of them are for one datum. The options of package avro, of
// the same names, describe each.
type Settings struct {
	MaxBytes      int // of one string or bytes
	MaxItems      int // of one array or map
	MaxEmptyItems int // of all arrays whose items take no bytes, together
	MaxDepth      int // of records within records of a recursive schema

	CopiedStrings bool // no two strings share an allocation
	ValidUTF8     bool // strings must be UTF-8
}

const (
	defaultMaxEmptyItems = 1 << 16
	defaultMaxDepth      = 1000
)

// DefaultSettings returns the settings of a codec without options.
func DefaultSettings() Settings {
	return Settings{MaxBytes: 1 << 28, MaxItems: 1 << 24, MaxEmptyItems: defaultMaxEmptyItems, MaxDepth: defaultMaxDepth}
}

// maxFields is how many fields the records of a generic value may have, and 4 for each
// byte of the datum.
func (s *Settings) maxFields() int { return max(s.MaxEmptyItems, defaultMaxEmptyItems) }

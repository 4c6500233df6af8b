package resolution

import "github.com/kavro/kavro/avro/avrort"

// maxFilled bounds the defaults of all fields of a schema together, in bytes.
const maxFilled = 1 << 24

// Defaults that a resolution adds multiply: where the writer's records take no
// bytes, n schemas can make 2^n records in a datum of none, each with the
// reader's defaults. So what is added must be in proportion to the datum.
const (
	filledShare = 16   // a part of maxBytes that may be added to any datum: 16 MiB
	filledTimes = 4096 // and bytes for each of the datum's
)

// MaxFilled is how many bytes of defaults may be added to a datum of n bytes.
func MaxFilled(l *avrort.Settings, n int) int {
	return int(min(int64(l.MaxBytes), AnyFilled(l)+filledTimes*int64(n)))
}

// AnyFilled is how many bytes of defaults may be added to any datum, even an empty one.
func AnyFilled(l *avrort.Settings) int64 { return max(int64(l.MaxBytes)/filledShare, maxFilled) }

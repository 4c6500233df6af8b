package logical

import (
	"fmt"
	"math"
	"time"

	"github.com/kavro/kavro/internal/wire"
)

// Dates and times as Go sees them:
//
//	date                       time.Time, midnight UTC    days since 1970-01-01
//	time-millis, -micros       time.Duration              since midnight, below 24 h
//	timestamp-millis, ...      time.Time, UTC             units since the epoch
//	local-timestamp-millis ... time.Time, its clock as UTC  units since 1970-01-01T00:00:00
//
// A date and a local timestamp have no zone. Written, they are what the time's
// own clock shows; read, they are that in UTC. What is finer than the schema's
// unit is cut off, towards the past.

const day = 24 * time.Hour

// fromTime is the number that stands for t in the logical type.
func (l Type) FromTime(t time.Time) (int64, error) {
	switch l {
	case Date:
		days := floorDiv(localSeconds(t), 86400)
		if days < math.MinInt32 || days > math.MaxInt32 {
			return 0, outOfRange(t, "date")
		}
		return days, nil
	case TimestampMillis:
		return timeUnits(t, t.Unix(), 1e3)
	case TimestampMicros:
		return timeUnits(t, t.Unix(), 1e6)
	case TimestampNanos:
		return timeUnits(t, t.Unix(), 1e9)
	case LocalMillis:
		return timeUnits(t, localSeconds(t), 1e3)
	case LocalMicros:
		return timeUnits(t, localSeconds(t), 1e6)
	default: // localNanos
		return timeUnits(t, localSeconds(t), 1e9)
	}
}

// toTime is the reverse of fromTime. Every number is a time.
func (l Type) ToTime(v int64) time.Time {
	switch l {
	case Date:
		return time.Unix(v*86400, 0).UTC()
	case TimestampMillis, LocalMillis:
		return time.UnixMilli(v).UTC()
	case TimestampMicros, LocalMicros:
		return time.UnixMicro(v).UTC()
	default:
		return time.Unix(floorDiv(v, 1e9), v-floorDiv(v, 1e9)*1e9).UTC()
	}
}

// timeUnits is seconds and t's fraction in units of which perSecond make one.
func timeUnits(t time.Time, seconds, perSecond int64) (int64, error) {
	fraction := int64(t.Nanosecond()) / (1e9 / perSecond)
	// Before the epoch the seconds alone may lie beyond the range that second and fraction are within.
	if seconds < 0 && fraction > 0 {
		seconds, fraction = seconds+1, fraction-perSecond
	}
	if seconds > math.MaxInt64/perSecond || seconds < math.MinInt64/perSecond {
		return 0, outOfRange(t, "timestamp")
	}
	whole := seconds * perSecond
	sum := whole + fraction
	if fraction > 0 && sum < whole || fraction < 0 && sum > whole {
		return 0, outOfRange(t, "timestamp")
	}
	return sum, nil
}

// localSeconds is what the time's clock shows, in seconds since 1970-01-01T00:00:00.
func localSeconds(t time.Time) int64 {
	_, offset := t.Zone()
	return t.Unix() + int64(offset)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// fromClock is the number that stands for a time of day.
func (l Type) FromClock(d time.Duration) (int64, error) {
	if d < 0 || d >= day {
		return 0, fmt.Errorf("%v is not a time of day: %w", d, wire.ErrRange)
	}
	if l == TimeMillis {
		return int64(d / time.Millisecond), nil
	}
	return int64(d / time.Microsecond), nil
}

// toClock is the reverse of fromClock.
func (l Type) ToClock(v int64) (time.Duration, error) {
	unit := time.Microsecond
	if l == TimeMillis {
		unit = time.Millisecond
	}
	if v < 0 || v >= int64(day/unit) {
		return 0, fmt.Errorf("%d units of %v are not a time of day: %w", v, unit, wire.ErrRange)
	}
	return time.Duration(v) * unit, nil
}

func outOfRange(t time.Time, what string) error {
	return fmt.Errorf("%v as a %s: %w", t, what, wire.ErrRange)
}

// unixMillis is timeUnits for the commonest logical type, in fewer steps.
func UnixMillis(t time.Time) (int64, error) {
	const far = math.MaxInt64/1000 - 1
	if s := t.Unix(); s > -far && s < far {
		return s*1000 + int64(t.Nanosecond()/1e6), nil
	}
	return timeUnits(t, t.Unix(), 1e3)
}

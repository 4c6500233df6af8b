package avrort

import (
	"fmt"
	"math"
	"math/big"
	"time"

	"github.com/kavro/kavro/avro/internal/decimals"
	"github.com/kavro/kavro/avro/internal/logical"
	"github.com/kavro/kavro/internal/wire"
)

// Logical types for generated code to append ("Logical Types", Avro 1.12
// specification). Where a function returns an error, it is that the value is out
// of the type's range, [ErrRange], and the bytes are those of dst.

// AppendDate appends a date: the day that t's own clock shows. The time of day
// is cut off.
func AppendDate(dst []byte, t time.Time) ([]byte, error) {
	return appendTimeAs(dst, t, logical.Date)
}

// AppendTimestampMillis appends a timestamp-millis. What is finer than a
// millisecond is cut off, towards the past.
func AppendTimestampMillis(dst []byte, t time.Time) ([]byte, error) {
	v, err := logical.UnixMillis(t)
	if err != nil {
		return dst, err
	}
	return wire.AppendVarint(dst, v), nil
}

// AppendTimestampMicros appends a timestamp-micros.
func AppendTimestampMicros(dst []byte, t time.Time) ([]byte, error) {
	return appendTimeAs(dst, t, logical.TimestampMicros)
}

// AppendTimestampNanos appends a timestamp-nanos.
func AppendTimestampNanos(dst []byte, t time.Time) ([]byte, error) {
	return appendTimeAs(dst, t, logical.TimestampNanos)
}

// AppendLocalTimestampMillis appends a local-timestamp-millis: what t's own clock
// shows.
func AppendLocalTimestampMillis(dst []byte, t time.Time) ([]byte, error) {
	return appendTimeAs(dst, t, logical.LocalMillis)
}

// AppendLocalTimestampMicros appends a local-timestamp-micros: what t's own clock
// shows.
func AppendLocalTimestampMicros(dst []byte, t time.Time) ([]byte, error) {
	return appendTimeAs(dst, t, logical.LocalMicros)
}

// AppendLocalTimestampNanos appends a local-timestamp-nanos: what t's own clock
// shows.
func AppendLocalTimestampNanos(dst []byte, t time.Time) ([]byte, error) {
	return appendTimeAs(dst, t, logical.LocalNanos)
}

func appendTimeAs(dst []byte, t time.Time, l logical.Type) ([]byte, error) {
	v, err := l.FromTime(t)
	if err != nil {
		return dst, err
	}
	return wire.AppendLong(dst, v), nil
}

// AppendTimeMillis appends a time-millis: d since midnight, below 24 hours.
func AppendTimeMillis(dst []byte, d time.Duration) ([]byte, error) {
	return appendClockAs(dst, d, logical.TimeMillis)
}

// AppendTimeMicros appends a time-micros: d since midnight, below 24 hours.
func AppendTimeMicros(dst []byte, d time.Duration) ([]byte, error) {
	return appendClockAs(dst, d, logical.TimeMicros)
}

func appendClockAs(dst []byte, d time.Duration, l logical.Type) ([]byte, error) {
	v, err := l.FromClock(d)
	if err != nil {
		return dst, err
	}
	return wire.AppendLong(dst, v), nil
}

// AppendUUID appends a uuid whose schema is a string. One whose schema is a fixed
// is its bytes alone.
func AppendUUID(dst []byte, u UUID) []byte {
	return u.append(wire.AppendLong(dst, uuidSize))
}

// AppendDuration appends a duration.
func AppendDuration(dst []byte, d Duration) []byte { return d.append(dst) }

// AppendDecimal appends a decimal whose schema is bytes, exactly: digits that
// precision and scale have no place for are an error.
func AppendDecimal(dst []byte, d Decimal, precision, scale int) ([]byte, error) {
	n, err := fitDecimal(d, precision, scale)
	if err != nil {
		return dst, err
	}
	size := decimals.TwosSize(n)
	return decimals.AppendTwos(wire.AppendLong(dst, int64(size)), n, size), nil
}

// AppendFixedDecimal appends a decimal whose schema is a fixed of size bytes, as
// [AppendDecimal] does.
func AppendFixedDecimal(dst []byte, d Decimal, size, precision, scale int) ([]byte, error) {
	n, err := fitDecimal(d, precision, scale)
	if err != nil {
		return dst, err
	}
	if decimals.TwosSize(n) > size {
		return dst, ErrRange
	}
	return decimals.AppendTwos(dst, n, size), nil
}

// AppendBigDecimal appends a big-decimal.
func AppendBigDecimal(dst []byte, d Decimal) ([]byte, error) {
	if d.Scale != int(int32(d.Scale)) {
		return dst, fmt.Errorf("scale %d: %w", d.Scale, ErrRange)
	}
	size := decimals.TwosSize(d.int())
	var scale [wire.MaxVarint]byte
	tail := wire.AppendLong(scale[:0], int64(d.Scale))
	var length [wire.MaxVarint]byte
	head := wire.AppendLong(length[:0], int64(size))
	dst = wire.AppendLong(dst, int64(len(head)+size+len(tail)))
	return append(decimals.AppendTwos(append(dst, head...), d.int(), size), tail...), nil
}

// fitDecimal is the unscaled value of d at a scale. The power of ten that it must
// be below is only made where the number's bits do not tell.
func fitDecimal(d Decimal, precision, scale int) (*big.Int, error) {
	n, err := d.rescale(scale)
	if err != nil {
		return nil, err
	}
	if precision > decimals.MaxPower || n.BitLen() <= int(float64(precision)*math.Log2(10)) {
		return n, nil
	}
	limit, err := decimals.Power10(precision)
	if err != nil {
		return nil, err
	}
	return n, decimals.CheckPrecision(n, precision, limit)
}

package avrort

import (
	"time"

	"github.com/kavro/kavro/avro/internal/decimals"
	"github.com/kavro/kavro/avro/internal/logical"
)

// Logical types for generated code to read ("Logical Types", Avro 1.12
// specification).

// Date reads a date: midnight UTC.
func (r *Reader) Date() time.Time { return logical.Date.ToTime(int64(r.Int())) }

// TimestampMillis reads a timestamp-millis, or a local one, as UTC.
func (r *Reader) TimestampMillis() time.Time { return time.UnixMilli(r.Long()).UTC() }

// TimestampMicros reads a timestamp-micros, or a local one, as UTC.
func (r *Reader) TimestampMicros() time.Time { return time.UnixMicro(r.Long()).UTC() }

// TimestampNanos reads a timestamp-nanos, or a local one, as UTC.
func (r *Reader) TimestampNanos() time.Time { return logical.TimestampNanos.ToTime(r.Long()) }

// TimeMillis reads a time-millis: the time since midnight.
func (r *Reader) TimeMillis() time.Duration {
	start := r.at
	return r.clock(start, int64(r.Int()), logical.TimeMillis)
}

// TimeMicros reads a time-micros: the time since midnight.
func (r *Reader) TimeMicros() time.Duration {
	start := r.at
	return r.clock(start, r.Long(), logical.TimeMicros)
}

func (r *Reader) clock(start int, v int64, l logical.Type) time.Duration {
	d, err := l.ToClock(v)
	if err != nil {
		r.FailAt(start, err)
	}
	return d
}

// UUID reads a uuid whose schema is a string. One whose schema is a fixed is
// read with [Reader.Fixed].
func (r *Reader) UUID() UUID {
	start := r.at
	text := r.View()
	if r.err != nil {
		return UUID{}
	}
	u, err := ParseUUID(string(text))
	if err != nil {
		r.FailAt(start, err)
	}
	return u
}

// Duration reads a duration.
func (r *Reader) Duration() Duration {
	var b [durationSize]byte
	r.Fixed(b[:])
	return durationOf(&b)
}

// Decimal reads a decimal whose schema is bytes. Like Java it does not mind more
// digits than the schema's precision.
func (r *Reader) Decimal(scale int) Decimal { return r.decimal(r.View(), scale) }

// FixedDecimal reads a decimal whose schema is a fixed of size bytes.
func (r *Reader) FixedDecimal(size, scale int) Decimal { return r.decimal(r.ViewFixed(size), scale) }

func (r *Reader) decimal(b []byte, scale int) Decimal {
	if r.err != nil {
		return Decimal{}
	}
	return Decimal{Unscaled: decimals.FromTwos(b), Scale: scale}
}

// BigDecimal reads a big-decimal.
func (r *Reader) BigDecimal() Decimal {
	start := r.at
	b := r.View()
	if r.err != nil {
		return Decimal{}
	}
	unscaled, scale, err := decimals.SplitBig(b)
	if err != nil {
		r.FailAt(start, err)
		return Decimal{}
	}
	return Decimal{Unscaled: decimals.FromTwos(unscaled), Scale: scale}
}

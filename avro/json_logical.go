package avro

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/kavro/kavro/avro/avrort"
	"github.com/kavro/kavro/avro/internal/logical"
	"github.com/kavro/kavro/internal/jsontext"
	"github.com/kavro/kavro/internal/wire"
	"github.com/kavro/kavro/schemas"
)

// Logical types in plain JSON, as WithPlainJSON lists them.

func (w *jsonWriter) logical(p *jsonPlan) {
	switch {
	case p.logical.IsDecimal():
		if d := p.readDecimal(&w.r); w.r.Err() == nil {
			w.dst = append(w.dst, exactText(d)...)
		}
	case p.logical == logical.Duration:
		w.quoted(w.r.Duration().String())
	case p.logical == logical.UUID:
		var u UUID
		w.r.Fixed(u[:])
		w.quoted(u.String())
	default:
		v := p.number(&w.r)
		if text, ok := p.clockText(w.dst, v); ok {
			w.dst = text
		} else {
			w.dst = strconv.AppendInt(w.dst, v, 10)
		}
	}
}

// exactText is the number as Decimal.String has it, but that a negative scale,
// which only a big-decimal has, shows as an exponent and is kept, and that a scale
// of a few bytes does not make kilobytes of zeros.
func exactText(d Decimal) string {
	const fewZeros = 64
	if digits := unscaledOf(d).String(); d.Scale < 0 || d.Scale > 2*len(digits)+fewZeros {
		return digits + "e" + strconv.Itoa(-d.Scale)
	}
	return d.String()
}

func (w *jsonWriter) quoted(s string) {
	w.dst = append(append(append(w.dst, '"'), s...), '"')
}

// number reads the int or long of a date or time.
func (p *jsonPlan) number(r *avrort.Reader) int64 {
	if p.typ == schemas.Int {
		return int64(r.Int())
	}
	return r.Long()
}

const (
	jsonDate = "2006-01-02"
	jsonTime = "15:04:05"
)

// fraction is the digits after the second that a logical type writes.
func fraction(l logical.Type) string {
	switch l {
	case logical.TimeMillis, logical.TimestampMillis, logical.LocalMillis:
		return ".000"
	case logical.TimeMicros, logical.TimestampMicros, logical.LocalMicros:
		return ".000000"
	default:
		return ".000000000"
	}
}

// layout is how a date or time is written, for package time.
func layout(l logical.Type) string {
	switch {
	case l == logical.Date:
		return jsonDate
	case l.IsClock():
		return jsonTime + fraction(l)
	case l <= logical.TimestampNanos:
		return jsonDate + "T" + jsonTime + fraction(l) + "Z07:00"
	default:
		return jsonDate + "T" + jsonTime + fraction(l)
	}
}

// clockText appends a date or time as text. It is not ok if there is none: the
// hour beyond 23, the year of more or less than four digits.
func (p *jsonPlan) clockText(dst []byte, v int64) (_ []byte, ok bool) {
	var t time.Time
	if p.logical.IsClock() {
		d, err := p.logical.ToClock(v)
		if err != nil {
			return dst, false
		}
		t = time.Unix(0, int64(d)).UTC()
	} else {
		t = p.logical.ToTime(v)
		if t.Year() < 0 || t.Year() > 9999 {
			return dst, false
		}
	}
	dst = append(dst, '"')
	dst = t.AppendFormat(dst, layout(p.logical))
	return append(dst, '"'), true
}

// logical reads a value as WithPlainJSON writes it, or raw. It is not ok if JSON
// of this kind is neither.
func (d *jsonReader) logical(p *jsonPlan, v int) (ok bool, err error) {
	kind := d.text.Kind(v)
	text := string(d.text.Raw(v))
	if kind == jsontext.String {
		text = string(d.text.textView(v))
	}
	switch {
	case p.logical.IsDecimal():
		if kind != jsontext.String && kind != jsontext.Number {
			return false, nil
		}
		number, err := parseJSONDecimal(text)
		if err == nil {
			d.dst, err = appendDecimal(d.dst, number, p.compiledSchema)
		}
		return true, err
	case kind == jsontext.Number && (p.logical.IsTime() || p.logical.IsClock()):
		return false, nil // raw
	case kind != jsontext.String:
		return false, nil
	case p.logical == logical.Duration:
		duration, err := parseDuration(text)
		if err == nil {
			d.dst = avrort.AppendDuration(d.dst, duration)
		}
		return true, err
	case p.logical == logical.UUID:
		u, err := ParseUUID(text)
		if err == nil {
			d.dst = append(d.dst, u[:]...)
		}
		return true, err
	default:
		n, err := p.parseClock(text)
		if err == nil {
			d.dst = wire.AppendLong(d.dst, n)
		}
		return true, err
	}
}

// parseClock is the reverse of clockText. What is finer than the schema's unit
// is an error.
func (p *jsonPlan) parseClock(text string) (int64, error) {
	want := strings.Replace(layout(p.logical), fraction(p.logical), "", 1) // parsing takes any fraction
	t, err := time.Parse(want, text)
	if err != nil {
		return 0, fmt.Errorf("%s is not written like %q", short([]byte(strconv.Quote(text))), want)
	}
	if p.logical.IsClock() {
		d := time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute +
			time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond())
		n, err := p.logical.FromClock(d)
		if back, _ := p.logical.ToClock(n); err == nil && back != d {
			err = errTooFine
		}
		return n, err
	}
	n, err := p.logical.FromTime(t)
	if err == nil && p.logical != logical.Date && !p.logical.ToTime(n).Equal(t) {
		err = errTooFine
	}
	return n, err
}

var errTooFine = fmt.Errorf("%w: finer than the unit of its type", ErrRange)

// parseJSONDecimal reads a JSON number exactly, its exponent too.
func parseJSONDecimal(text string) (Decimal, error) {
	number, exponent := text, int64(0)
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		e, err := strconv.ParseInt(text[i+1:], 10, 32)
		if err != nil {
			return ParseDecimal(text) // for its error: no exponent is a decimal's
		}
		number, exponent = text[:i], e
	}
	d, err := ParseDecimal(number)
	if err != nil {
		return Decimal{}, err
	}
	scale := int64(d.Scale) - exponent
	if scale < math.MinInt32 || scale > math.MaxInt32 {
		return Decimal{}, fmt.Errorf("%w: scale %d", ErrRange, scale)
	}
	return Decimal{Unscaled: d.Unscaled, Scale: int(scale)}, nil
}

var errDuration = errors.New(`not a duration written like "P1M2DT3.004S"`)

// parseDuration is the reverse of Duration.String. Parts that are zero may be
// left out.
func parseDuration(s string) (Duration, error) {
	var d Duration
	rest, ok := strings.CutPrefix(s, "P")
	if !ok || rest == "" {
		return Duration{}, errDuration
	}
	date, clock, timed := strings.Cut(rest, "T")
	ok = cutNumber(&date, "M", 1, &d.Months) && cutNumber(&date, "D", 1, &d.Days) && date == ""
	if timed {
		ok = ok && clock != "" && cutNumber(&clock, "S", 1000, &d.Millis) && clock == ""
	}
	if !ok {
		return Duration{}, errDuration
	}
	return d, nil
}

// cutNumber reads a number and the letter after it from the front of s, if they
// are there, in units of 1/unit. It returns false if they are no number.
func cutNumber(s *string, letter string, unit uint64, to *uint32) bool {
	number, rest, ok := strings.Cut(*s, letter)
	if !ok {
		return true
	}
	*s = rest
	whole, fraction, pointed := strings.Cut(number, ".")
	digits := len(strconv.FormatUint(unit, 10)) - 1
	if pointed && (fraction == "" || len(fraction) > digits) {
		return false
	}
	n, err := strconv.ParseUint(whole+fraction+strings.Repeat("0", digits-len(fraction)), 10, 32)
	if err != nil || !bytes.ContainsAny([]byte(whole), "0123456789") {
		return false
	}
	*to = uint32(n)
	return true
}

package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// screen prints for a person: a progress line that rewrites itself on a
// terminal, plain lines when the output is piped.
type screen struct {
	w        io.Writer
	terminal bool
	shown    time.Time // when progress was last drawn
}

func newScreen(f *os.File) *screen {
	info, err := f.Stat()
	return &screen{w: f, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

// title begins a part of the story.
func (s *screen) title(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if s.terminal {
		text = "\x1b[1m" + text + "\x1b[0m"
	}
	fmt.Fprintf(s.w, "\n%s\n", text)
}

// line prints one indented line.
func (s *screen) line(format string, args ...any) {
	s.clear()
	fmt.Fprintf(s.w, "  "+format+"\n", args...)
}

// progress shows how far something is, on a terminal only and not too often.
func (s *screen) progress(what string, done, total int) {
	if !s.terminal || total == 0 || time.Since(s.shown) < 50*time.Millisecond {
		return
	}
	s.shown = time.Now()
	const width = 30
	full := min(width, width*done/total)
	fmt.Fprintf(s.w, "\r  %s %s%s %s of %s", what, strings.Repeat("█", full), strings.Repeat("░", width-full), count(done), count(total))
}

// clear removes a progress line.
func (s *screen) clear() {
	if s.terminal {
		fmt.Fprint(s.w, "\r\x1b[2K")
	}
}

// bars prints a small chart of names and numbers.
func (s *screen) bars(rows []row) {
	const width = 24
	longest, most := 0, 1
	for _, r := range rows {
		longest, most = max(longest, len(r.name)), max(most, r.n)
	}
	for _, r := range rows {
		s.line("  %-*s  %6s  %s", longest, r.name, count(r.n), strings.Repeat("▇", max(1, width*r.n/most)))
	}
}

type row struct {
	name string
	n    int
}

// count writes a number with its thousands apart: 7,712.
func count(n int) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// rate writes n events in d as events per second.
func rate(n int, d time.Duration) string {
	return count(int(float64(n)/d.Seconds())) + "/s"
}

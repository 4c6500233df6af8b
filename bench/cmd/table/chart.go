package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/kavro/kavro/bench"
)

// bar is one row of the chart: a library and what an operation takes it.
type bar struct {
	op, library string
	nanos       float64
}

// barsOf returns the chart's bars from the files of a folder.
func barsOf(dir string) ([]bar, error) {
	results, err := os.ReadFile(filepath.Join(dir, "results.md"))
	if err != nil {
		return nil, err
	}
	anchors, err := os.ReadFile(filepath.Join(dir, "anchors.md"))
	if err != nil {
		return nil, err
	}
	all, err := bars(string(results))
	if err != nil {
		return nil, err
	}
	return withAnchors(all, string(anchors))
}

// bars reads the Order record's encode and decode from the text of results.md, so
// that the chart shows what the table says.
func bars(results string) ([]bar, error) {
	_, order, found := strings.Cut(results, "\n## Order\n")
	if !found {
		return nil, errors.New("results.md has no section Order")
	}
	order, _, _ = strings.Cut(order, "\n## ")
	var all []bar
	for line := range strings.Lines(order) {
		cells := strings.Split(strings.Trim(line, "|\n"), "|")
		if len(cells) < 3 {
			continue
		}
		b := bar{op: strings.TrimSpace(cells[0]), library: strings.TrimSpace(cells[1])}
		if b.op != bench.Encode && b.op != bench.Decode {
			continue
		}
		var err error
		if b.nanos, err = strconv.ParseFloat(strings.TrimSpace(cells[2]), 64); err != nil {
			return nil, fmt.Errorf("results.md: %s, %s: %w", b.op, b.library, err)
		}
		all = append(all, b)
	}
	if len(all) == 0 {
		return nil, errors.New("results.md: the section Order has neither encode nor decode")
	}
	return all, nil
}

// withAnchors adds the libraries of other languages from the text of anchors.md to the bars of their operation.
// They were measured in another run: their bars have the length that their ratio to kavro's generated type gives.
func withAnchors(all []bar, anchors string) ([]bar, error) {
	own := map[string]float64{}
	for _, b := range all {
		if b.library == bench.KavroGenerated {
			own[b.op] = b.nanos
		}
	}
	var out []bar
	for i, b := range all {
		out = append(out, b)
		if i+1 < len(all) && all[i+1].op == b.op {
			continue
		}
		for line := range strings.Lines(anchors) {
			cells := strings.Split(strings.Trim(line, "|\n"), "|")
			if len(cells) < 4 || strings.TrimSpace(cells[0]) != b.op || strings.TrimSpace(cells[1]) == bench.KavroGenerated {
				continue
			}
			median, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(cells[3]), "**"), "**")
			ratio, err := strconv.ParseFloat(median, 64)
			if err != nil {
				return nil, fmt.Errorf("anchors.md: %s, %s: %w", b.op, strings.TrimSpace(cells[1]), err)
			}
			out = append(out, bar{b.op, strings.TrimSpace(cells[1]), ratio * own[b.op]})
		}
	}
	return out, nil
}

// The chart, in pixels.
const (
	fontSize  = 13
	margin    = 10
	barHeight = 20
	gap       = 8
	longest   = 400 // bar
)

// chart draws bars below the name of their operation: nanoseconds, the shorter the
// better. There is room for the longest label, whatever it is.
func chart(all []bar) string {
	label, value := 0, 0
	most := map[string]float64{} // by operation
	for _, b := range all {
		label, value = max(label, textWidth(b.library)), max(value, textWidth(nanoseconds(b)))
		most[b.op] = max(most[b.op], b.nanos)
	}
	left := margin + label + margin
	var out strings.Builder
	y, op := 0, ""
	for _, b := range all {
		if b.op != op {
			y, op = y+34, b.op
			fmt.Fprintf(&out, `<text x="%d" y="%d" font-weight="bold">%s</text>`+"\n", margin, y, escaped(op))
			y += 12
		}
		color := "#9aa5b1"
		if strings.HasPrefix(b.library, bench.Kavro) {
			color = "#0f766e"
		}
		width := longest * b.nanos / max(most[b.op], 1)
		fmt.Fprintf(&out, `<text x="%d" y="%d">%s</text><rect x="%d" y="%d" width="%.0f" height="%d" fill="%s"/><text x="%.0f" y="%d">%s</text>`+"\n",
			margin, y+15, escaped(b.library), left, y, width, barHeight, color, float64(left)+width+6, y+15, nanoseconds(b))
		y += barHeight + gap
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="%d">`+"\n"+
		`<rect width="100%%" height="100%%" fill="white"/>`+"\n%s</svg>\n", left+longest+6+value+margin, y+gap, fontSize, out.String())
}

func nanoseconds(b bar) string { return fmt.Sprintf("%.0f ns", b.nanos) }

// textWidth is how wide a text gets, at most: what draws the chart chooses the font,
// and the widths are those of a wide one (DejaVu Sans).
func textWidth(s string) int {
	width := 0.0
	for _, r := range s {
		switch {
		case strings.ContainsRune("ijl.,:;'|!()[] ", r):
			width += 0.4
		case strings.ContainsRune("mwMW@%", r) || r > '~':
			width += 1
		default:
			width += 0.7
		}
	}
	return int(fontSize*width) + 1
}

func escaped(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

package main

import (
	"fmt"
	"strings"

	"github.com/kavro/kavro/bench"
)

// chart draws the Order record's encode and decode as bars: nanoseconds, the
// shorter the better.
func chart(rows []bench.Row) string {
	const (
		width, bar, gap = 640, 20, 8
		left, scale     = 130, 400.0
	)
	var b strings.Builder
	y := 34
	for _, r := range rows {
		if r.Shape != "Order" || r.Op != bench.Encode && r.Op != bench.Decode {
			continue
		}
		fmt.Fprintf(&b, `<text x="10" y="%d" font-weight="bold">%s</text>`+"\n", y, r.Op)
		y += 12
		most := 0.0
		for _, f := range r.Figures {
			most = max(most, bench.Median(f.Nanos))
		}
		for _, f := range r.Figures {
			ns, color := bench.Median(f.Nanos), "#9aa5b1"
			if f.Ours() {
				color = "#0f766e"
			}
			fmt.Fprintf(&b, `<text x="10" y="%d">%s</text><rect x="%d" y="%d" width="%.0f" height="%d" fill="%s"/><text x="%.0f" y="%d">%.0f ns</text>`+"\n",
				y+15, f.Library, left, y, scale*ns/most, bar, color, left+scale*ns/most+6, y+15, ns)
			y += bar + gap
		}
		y += 26
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="13">`+"\n"+
		`<rect width="100%%" height="100%%" fill="white"/>`+"\n%s</svg>\n", width, y-10, b.String())
}

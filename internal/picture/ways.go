package main

import (
	"bytes"
	"fmt"
	"html"
)

// A way is what happens to a record or a schema, step by step.
type way struct {
	title string
	steps []step
}

// A step is an exported function or method, or a method of an interface.
type step struct{ pkg, name, note string }

var ways = []way{
	{"a record out", []step{
		{"avroproducer", "Producer.Produce", "counts the records in flight"},
		{"serde", "AvroSerializer.Append", "which schema: once per topic"},
		{"registry", "Client.Lookup", "first record of a topic only"},
		{"avro", "Codec.Append", "the value as Avro, after the frame"},
		{"kafka", "Producer.Produce", "waits for space in the client's queue"},
	}},
	{"a record in", []step{
		{"avroconsumer", "Consumer.Run", "queues, workers, policies"},
		{"kafka", "Consumer.Poll", "a batch of records"},
		{"serde", "AvroDeserializer.Decode", "reads the frame"},
		{"registry", "Client.SchemaByID", "first record with this id only"},
		{"avro", "Codec.Decode", "resolved, if the schemas differ"},
		{"kafka", "Consumer.Commit", "every 5 s: what is processed"},
	}},
	{"a schema registered", []step{
		{"serde", "AvroSerializer.Warmup", "or the first record of a topic"},
		{"registry", "Client.Lookup", "is it there?"},
		{"registry", "Client.Register", "if it is not"},
		{"registry", "Client.Versions", "after a 409, with the level: the reasons"},
	}},
}

const (
	stepHeight = 78
	wayWidth   = 330
)

func waysSVG() []byte {
	longest := 0
	for _, w := range ways {
		longest = max(longest, len(w.steps))
	}
	var w bytes.Buffer
	begin(&w, len(ways)*wayWidth+margin, 2*margin+20+longest*stepHeight, "The ways of a record out, a record in, and a schema registered")
	for i, way := range ways {
		x, y := margin/2+wayWidth/2+i*wayWidth, margin+30
		fmt.Fprintf(&w, `<text class="title" x="%d" y="%d" text-anchor="middle">%s</text>`+"\n", x, margin+12, html.EscapeString(way.title))
		for n, s := range way.steps {
			box(&w, "", fmt.Sprintf("%d  %s.%s", n+1, s.pkg, s.name), x, y, wayWidth-20)
			fmt.Fprintf(&w, `<text class="note" x="%d" y="%d">%s</text>`+"\n", x-wayWidth/2+34, y+boxHeight+20, html.EscapeString(s.note))
			if n+1 < len(way.steps) {
				fmt.Fprintf(&w, `<path class="arrow" marker-end="url(#head)" d="M%d %dV%d"/>`+"\n", x-wayWidth/2+22, y+boxHeight, y+stepHeight)
			}
			y += stepHeight
		}
	}
	w.WriteString("</svg>\n")
	return w.Bytes()
}

package bench

import (
	"errors"
	"strings"

	hamba "github.com/hamba/avro/v2"
	"github.com/linkedin/goavro/v2"
	twmb "github.com/twmb/avro"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/schemas"
)

// What is done once, before the first value: reading a schema, planning for a Go
// type, comparing a writer's schema with a reader's.

// Start is the entries of that, for the Order. Libraries divide the work between
// these steps in their own ways; the first value takes all but the comparison.
func Start() []Entry {
	const (
		parse   = "parse the schema"
		first   = "parse, plan, write the first value"
		resolve = "plan a resolution"
	)
	var out []Entry
	add := func(op, library string, run func() error) {
		out = append(out, Entry{Shape: "Order", Op: op, Library: library, Run: run, Check: func() error { return nil }})
	}
	order, native := sampleOrder(), genericOrder()
	native["note"] = map[string]any{"string": orderNote}
	written := func(datum []byte, err error) error {
		if err == nil && len(datum) < 100 {
			err = errors.New("too few bytes")
		}
		return err
	}
	cache := func() *hamba.SchemaCache { return &hamba.SchemaCache{} }

	add(parse, Kavro, func() error { return second(schemas.Parse(orderText)) })
	add(parse, Twmb, func() error { return second(twmb.Parse(orderText)) })
	add(parse, Hamba, func() error { return second(hamba.ParseWithCache(orderText, "", cache())) })
	add(parse, Goavro+", with its codec", func() error { return second(goavro.NewCodec(orderText)) })

	add(first, Kavro, func() error {
		codec, err := avro.NewCodec[Order](must(schemas.Parse(orderText)))
		if err != nil {
			return err
		}
		return written(codec.Append(nil, &order))
	})
	add(first, Twmb, func() error { return written(must(twmb.Parse(orderText)).AppendEncode(nil, &order)) })
	add(first, Hamba, func() error {
		return written(hamba.Config{}.Freeze().Marshal(must(hamba.ParseWithCache(orderText, "", cache())), &order))
	})
	add(first, Goavro, func() error { return written(must(goavro.NewCodec(orderText)).BinaryFromNative(nil, native)) })

	older := strings.Replace(orderText, `,{"name":"express","type":"boolean","default":false}`, "", 1)
	writer, reader := schemas.MustParse(older), schemas.MustParse(orderText)
	add(resolve, Kavro, func() error { return second(avro.NewResolution(writer, reader)) })
	theirWriter, theirReader := must(twmb.Parse(older)), must(twmb.Parse(orderText))
	add(resolve, Twmb, func() error { return second(twmb.Resolve(theirWriter, theirReader)) })
	hambaWriter, hambaReader := must(hamba.ParseWithCache(older, "", cache())), must(hamba.ParseWithCache(orderText, "", cache()))
	add(resolve, Hamba, func() error { return second(hamba.NewSchemaCompatibility().Resolve(hambaReader, hambaWriter)) })
	return out
}

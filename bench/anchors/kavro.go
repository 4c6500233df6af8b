package main

import (
	"fmt"
	"reflect"
	"runtime"
	"time"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/bench"
	"github.com/kavro/kavro/bench/generated"
)

// operations are in the order of the table. The programs use the same names.
var operations = []string{bench.Encode, encodeNew, bench.Decode, bench.DecodeReused}

const encodeNew = "encode into a new buffer"

var (
	order = bench.GeneratedOrder()
	codec = mustCodec()
)

func mustCodec() *avro.Codec[generated.Order] {
	c, err := avro.NewCodec[generated.Order](order.AvroSchema())
	if err != nil {
		panic(err) // a generated type and its own schema
	}
	return c
}

// datum is the Order's, which every program gets.
func datum() ([]byte, error) { return codec.Append(nil, &order) }

// isTheOrder reports data of another value. The order of a map's keys is an encoder's own.
func isTheOrder(data []byte) error {
	var v generated.Order
	if err := codec.Decode(data, &v); err != nil {
		return err
	}
	if !reflect.DeepEqual(v, order) {
		return fmt.Errorf("got %v, want %v", v, order)
	}
	return nil
}

// ownRows are those of kavro's generated type.
func ownRows() []row {
	buf := make([]byte, 0, 512)
	var reused generated.Order
	kept := new(generated.Order)
	in, failed := datum()
	again := func(v *generated.Order) []byte {
		out, err := codec.Append(nil, v)
		if err != nil {
			failed = err
		}
		return out
	}
	own := func(op string, run func() error, data func() []byte) row {
		return row{op: op, library: bench.KavroGenerated,
			run: func(n int) (time.Duration, error) {
				runtime.GC()
				start := bench.ProcessorTime()
				for range n {
					if err := run(); err != nil {
						return 0, err
					}
				}
				return bench.ProcessorTime() - start, failed
			},
			data: func() ([]byte, error) {
				if err := run(); err != nil {
					return nil, err
				}
				return data(), failed
			},
		}
	}
	encode := func(dst func() []byte) func() error {
		return func() (err error) {
			buf, err = codec.Append(dst(), &order)
			return err
		}
	}
	encoded := func() []byte { return buf }
	return []row{
		own(bench.Encode, encode(func() []byte { return buf[:0] }), encoded),
		own(encodeNew, encode(func() []byte { return nil }), encoded),
		own(bench.Decode, func() error { kept = new(generated.Order); return codec.Decode(in, kept) }, func() []byte { return again(kept) }),
		own(bench.DecodeReused, func() error { return codec.Decode(in, &reused) }, func() []byte { return again(&reused) }),
	}
}

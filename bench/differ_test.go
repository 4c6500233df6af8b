package bench

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/internal/sketch"
	"github.com/kavro/kavro/schemas"
)

// FuzzPeers compares kavro with twmb/avro, hamba/avro and goavro over random
// schemas and data: canonical forms, data read and written again, mutated data,
// whether a reader can read a writer, and what it then gets. A disagreement that
// is not among explained fails.
//
//	go test -run '^$' -fuzz FuzzPeers -fuzztime 10m .
func FuzzPeers(f *testing.F) {
	for seed := range uint64(300) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		d := differ{t: t, seed: seed}
		d.compare()
	})
}

// op is what was compared.
type op string

const (
	opParse   op = "parse"
	opRead    op = "read and write"
	opMutated op = "read mutated data"
	opCanRead op = "can read"
	opResolve op = "resolve"
)

// explained are the disagreements that docs/avro.md speaks of: what each side says,
// where "" is that it agrees to.
var explained = []struct {
	library      string // "" is any
	op           op
	ours, theirs string // regular expressions of errors
	why          string
	where        func(writer, reader *schemas.Schema) bool // nil: anywhere
}{
	{library: Goavro, op: opParse, theirs: `size ought to be number greater than zero`, why: "goavro knows no fixed of size 0"},
	{library: Hamba, op: opParse, theirs: `invalid default`, why: "hamba/avro takes a union's default within another default for its first branch only"},
	{library: Goavro, op: opParse, theirs: `default`, why: "goavro takes a union's default for its first branch only"},
	{op: opMutated, ours: `block size is negative or beyond the input`, why: "peers do not look at the size of a block"},
	{op: opMutated, ours: `varint does not fit its type`, why: "peers drop the bits of a number that are too many"},
	{op: opMutated, ours: `boolean is neither 0 nor 1`, why: "twmb/avro and hamba/avro read other booleans"},
	{library: Hamba, op: opMutated, ours: `.`, why: "hamba/avro reads beyond the end as zeros, cuts indexes to 32 bits, and does not tell what is left"},
	{library: Hamba, op: opResolve, theirs: `.`, why: "hamba/avro loses unions in generic values that are resolved", where: hasUnions},
	{library: Hamba, op: opResolve, why: "the same, unnoticed; or it promotes although a later branch is the very type", where: hasUnions},
	{library: Hamba, op: opRead, theirs: `.`, why: "hamba/avro refuses to write generic values that it read: recursive records, maps beside records in unions"},
	{library: Hamba, op: opMutated, theirs: `.`, why: "the same"},
}

type differ struct {
	t              *testing.T
	seed           uint64
	writer, reader *schemas.Schema
}

// disagree reports a disagreement, unless it is explained.
func (d *differ) disagree(p peer, what op, ours, theirs error, detail string) {
	for _, e := range explained {
		if e.op != what || e.library != "" && e.library != p.name || e.where != nil && !e.where(d.writer, d.reader) {
			continue
		}
		if matches(e.ours, ours) && matches(e.theirs, theirs) {
			return
		}
	}
	d.t.Errorf("seed %d: %s: %s\n  kavro: %v\n  %s: %v\n  writer %s\n  reader %s\n  %s", d.seed, p.name, what, ours, p.name, theirs, d.writer, d.reader, detail)
}

func matches(pattern string, err error) bool {
	if pattern == "" || err == nil {
		return pattern == "" && err == nil
	}
	return regexp.MustCompile(pattern).MatchString(err.Error())
}

func (d *differ) compare() {
	r := rand.New(rand.NewPCG(d.seed, 4))
	g := sketch.New(r)
	s := g.Sketch()
	var err error
	if d.writer, err = s.Schema(); err != nil {
		return
	}
	if d.reader, err = g.Evolve(s).Schema(); err != nil {
		return
	}
	datum, ok := sketch.Datum(r, nil, d.writer.Root(), 10)
	if !ok || !isFinite(d.writer) {
		return
	}
	mutated := mutate(r, datum)
	for _, p := range peers() {
		writer, err := p.parse(d.writer.String())
		if err != nil {
			d.disagree(p, opParse, nil, err, "")
			continue
		}
		require.Equal(d.t, d.writer.Canonical(), p.canonical(writer), p.name)
		d.rewrite(p, writer, opRead, datum)
		if p.name != Hamba || !isRecursive(d.writer, nil) { // of recursive data cut short it reads zeros without end
			d.rewrite(p, writer, opMutated, mutated)
		}
		if p.canRead == nil {
			continue
		}
		if reader, err := p.parse(d.reader.String()); err != nil {
			d.disagree(p, opParse, nil, err, "the reader")
		} else {
			d.resolve(p, writer, reader, datum)
		}
	}
}

func mutate(r *rand.Rand, datum []byte) []byte {
	if len(datum) == 0 {
		return []byte{0}
	}
	at := r.IntN(len(datum))
	switch r.IntN(3) {
	case 0:
		return datum[:at:at]
	case 1:
		return append(datum[:at+1:at+1], datum[at:]...)
	}
	datum = bytes.Clone(datum)
	datum[at] = byte(r.Uint32())
	return datum
}

// rewrite compares whether a datum is read, and what it then is.
func (d *differ) rewrite(p peer, writer any, what op, datum []byte) {
	want, ours := sorted(d.writer, datum)
	if errors.Is(ours, avro.ErrLimit) {
		return // peers make as many items of no bytes as the datum says
	}
	got, theirs := p.rewrite(writer, datum)
	if ours == nil && theirs == nil {
		got, err := sorted(d.writer, got)
		if err != nil || !bytes.Equal(want, got) {
			d.disagree(p, what, nil, errors.Join(errors.New("another value"), err), fmt.Sprintf("%x\n  %x\n  %x", datum, want, got))
		}
	} else if (ours == nil) != (theirs == nil) {
		d.disagree(p, what, ours, theirs, fmt.Sprintf("%x", datum))
	}
}

// resolve compares whether the reader can read, and what it gets.
func (d *differ) resolve(p peer, writer, reader any, datum []byte) {
	ours, theirs := schemas.CanRead(d.reader, d.writer), p.canRead(reader, writer)
	if (ours == nil) != (theirs == nil) {
		d.disagree(p, opCanRead, ours, theirs, "")
	}
	if ours != nil || theirs != nil {
		return
	}
	if p.name == Hamba && (isRecursive(d.writer, nil) || isRecursive(d.reader, nil)) {
		return // its Resolve overflows the stack, which ends the process
	}
	res, ours := avro.NewResolution(d.writer, d.reader)
	require.NoError(d.t, ours)
	out, ours := res.Append(nil, datum)
	if ours == nil {
		out, ours = sorted(d.reader, out)
	}
	got, theirs := p.resolve(writer, reader, datum)
	if ours == nil && theirs == nil {
		got, err := sorted(d.reader, got)
		if err == nil && bytes.Equal(out, got) {
			return
		}
		d.disagree(p, opResolve, nil, err, fmt.Sprintf("datum %x\n  %x\n  %x", datum, out, got))
	} else if (ours == nil) != (theirs == nil) {
		d.disagree(p, opResolve, ours, theirs, fmt.Sprintf("%x", datum))
	}
}

// sorted is a datum as kavro writes it, the entries of maps in order.
func sorted(s *schemas.Schema, datum []byte) ([]byte, error) {
	codec, err := avro.NewCodec[any](s, avro.WithSortedMaps(), avro.WithRawLogicalTypes())
	if err != nil {
		return nil, err
	}
	var v any
	if err := codec.Decode(datum, &v); err != nil {
		return nil, err
	}
	return codec.Append(nil, &v)
}

// isRecursive reports whether a record of the writer's may contain itself.
func isRecursive(writer, _ *schemas.Schema) bool {
	var within func(n *schemas.Node, open map[*schemas.Node]bool) bool
	within = func(n *schemas.Node, open map[*schemas.Node]bool) bool {
		if n == nil {
			return false
		}
		if open[n] {
			return true
		}
		if n.Type() == schemas.Record {
			open[n] = true
			defer delete(open, n)
		}
		for _, f := range n.Fields() {
			if within(f.Type(), open) {
				return true
			}
		}
		for _, b := range n.Branches() {
			if within(b, open) {
				return true
			}
		}
		return within(n.Items(), open)
	}
	return within(writer.Root(), map[*schemas.Node]bool{})
}

// isFinite reports whether every type of a schema has a value: a record that
// contains itself for ever overflows the stacks of others.
func isFinite(s *schemas.Schema) bool {
	finite := map[*schemas.Node]bool{}
	for range 100 {
		for n := range s.Types() {
			finite[n] = true
			for _, f := range n.Fields() {
				finite[n] = finite[n] && finite[f.Type()]
			}
			if n.Type() == schemas.Union {
				finite[n] = false
				for _, b := range n.Branches() {
					finite[n] = finite[n] || finite[b]
				}
			}
		}
	}
	for n := range s.Types() {
		if !finite[n] {
			return false
		}
	}
	return true
}

// hasUnions reports whether the writer's or the reader's schema has a union.
func hasUnions(writer, reader *schemas.Schema) bool {
	for _, s := range []*schemas.Schema{writer, reader} {
		for n := range s.Types() {
			if n.Type() == schemas.Union {
				return true
			}
		}
	}
	return false
}

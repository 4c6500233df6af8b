package bench

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"testing"

	"github.com/linkedin/goavro/v2"
	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/internal/randomschema"
	"github.com/kavro/kavro/schemas"
)

// FuzzPeers compares kavro with twmb/avro, hamba/avro and goavro over random
// schemas and data: canonical forms, data read and written again, mutated data,
// whether a reader can read a writer, and what it then gets. A disagreement that
// is not among explained fails.
//
//	go test -run '^$' -fuzz '^FuzzPeers$' -fuzztime 10m -parallel 1 .
func FuzzPeers(f *testing.F) {
	goavro.MaxBlockCount = 1 << 16 // it makes room for so many items, whatever is left of the datum: by default 2^31-1
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

type differ struct {
	t              *testing.T
	seed           uint64
	writer, reader *schemas.Schema
	explained      []string // why, for each disagreement
}

// disagree reports a disagreement, unless it is explained.
func (d *differ) disagree(p peer, what op, ours, theirs error, detail string) {
	for _, e := range explained {
		if e.op != what || e.library != "" && e.library != p.name || e.where != nil && !e.where(d.writer, d.reader) {
			continue
		}
		if matches(e.ours, ours) && matches(e.theirs, theirs) {
			d.explained = append(d.explained, e.why)
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
	g := randomschema.New(r)
	s := g.Schema()
	var err error
	if d.writer, err = s.Parse(); err != nil {
		return
	}
	if d.reader, err = g.Evolve(s).Parse(); err != nil {
		return
	}
	datum, ok := randomschema.Datum(r, nil, d.writer.Root(), 10)
	if !ok || !isFinite(d.writer) {
		return
	}
	d.peers(datum, mutate(r, datum))
}

// peers asks every peer about a datum, and about one that may be none.
func (d *differ) peers(datum, mutated []byte) {
	for _, p := range peers() {
		writer, err := p.parse(d.writer.String())
		if err != nil {
			d.disagree(p, opParse, nil, err, "")
			continue
		}
		require.Equal(d.t, d.writer.Canonical(), p.canonical(writer), p.name)
		d.rewrite(p, writer, opRead, datum)
		if p.name != Hamba { // it does not see where a datum ends, and makes room for as many items as a block says there are
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
	if p.name == Hamba && (isRecursive(d.writer) || isRecursive(d.reader)) {
		return // its Resolve overflows the stack, which ends the process
	}
	if p.name == Hamba && (hasUnions(d.writer) || hasUnions(d.reader)) {
		return // it leaves out which branch a generic value was read as, and promotes although a later branch is the very type
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

// isRecursive reports whether a record may contain itself.
func isRecursive(s *schemas.Schema) bool {
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
	return within(s.Root(), map[*schemas.Node]bool{})
}

// isFinite reports whether every type of a schema has a value: a record that
// contains itself for ever overflows the stacks of others.
func isFinite(s *schemas.Schema) bool {
	finite := map[*schemas.Node]bool{}
	for range 100 {
		for n := range s.Types() {
			ends := n.Type() != schemas.Union
			for _, f := range n.Fields() {
				ends = ends && finite[f.Type()]
			}
			for _, b := range n.Branches() {
				ends = ends || finite[b]
			}
			finite[n] = ends // only now: a record may be a field of its own
		}
	}
	for n := range s.Types() {
		if !finite[n] {
			return false
		}
	}
	return true
}

// hasUnions reports whether a schema has a union.
func hasUnions(s *schemas.Schema) bool {
	for n := range s.Types() {
		if n.Type() == schemas.Union {
			return true
		}
	}
	return false
}

package avro

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kavro/kavro/internal/randomschema"
	"github.com/kavro/kavro/internal/wire"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

// The slow twin of a Resolution: it decodes a value, resolves it value by value
// as the specification tells the story, and writes Avro's JSON. It shares nothing
// with the fast one but the schemas.

type (
	slowUnion  struct{ branch, value any } // branch: *schemas.Node of whichever schema
	slowRecord []any                       // in the order of the fields
	slowMap    struct{ keys, values []any }
)

var errSlow = errors.New("does not resolve")

// slowDecode reads a value of the writer's schema.
func slowDecode(n *schemas.Node, src []byte, at int) (v any, next int, err error) {
	switch n.Type() {
	case schemas.Null:
		return nil, at, nil
	case schemas.Boolean:
		return third[any](wire.Bool(src, at))
	case schemas.Int:
		return third[any](wire.Int(src, at))
	case schemas.Long:
		return third[any](wire.Long(src, at))
	case schemas.Float:
		return third[any](wire.Float(src, at))
	case schemas.Double:
		return third[any](wire.Double(src, at))
	case schemas.Bytes, schemas.String:
		b, next, err := wire.Bytes(src, at)
		return string(b), next, err
	case schemas.Fixed:
		b, next, err := wire.Fixed(src, at, n.Size())
		return string(b), next, err
	case schemas.Enum:
		i, next, err := wire.Int(src, at)
		if err != nil || i < 0 || int(i) >= len(n.Symbols()) {
			return nil, at, errors.Join(errSlow, err)
		}
		return n.Symbols()[i], next, nil
	case schemas.Union:
		i, next, err := wire.Int(src, at)
		if err != nil || i < 0 || int(i) >= len(n.Branches()) {
			return nil, at, errors.Join(errSlow, err)
		}
		v, next, err := slowDecode(n.Branches()[i], src, next)
		return slowUnion{n.Branches()[i], v}, next, err
	case schemas.Record:
		out := slowRecord{}
		for _, f := range n.Fields() {
			if v, at, err = slowDecode(f.Type(), src, at); err != nil {
				return nil, at, err
			}
			out = append(out, v)
		}
		return out, at, nil
	}
	var out slowMap
	for {
		count, next, err := wire.Long(src, at)
		if err == nil && count < 0 {
			count = -count
			_, next, err = wire.Long(src, next)
		}
		if err != nil || count == 0 {
			return out, next, err
		}
		for at = next; count > 0; count-- {
			if n.Type() == schemas.Map {
				key, next, err := wire.Bytes(src, at)
				if err != nil {
					return nil, at, err
				}
				out.keys, at = append(out.keys, string(key)), next
			}
			if v, at, err = slowDecode(n.Items(), src, at); err != nil {
				return nil, at, err
			}
			out.values = append(out.values, v)
		}
	}
}

func third[T, U any](v U, next int, err error) (T, int, error) { return any(v).(T), next, err }

// slowResolver resolves values. Its names are the aliases of the reader.
type slowResolver struct {
	types  map[string]string    // alias -> name
	fields map[[2]string]string // record's name, alias -> field
}

func newSlowResolver(writer, reader *schemas.Schema) *slowResolver {
	s := &slowResolver{types: map[string]string{}, fields: map[[2]string]string{}}
	if writer.Canonical() == reader.Canonical() {
		return s
	}
	for n := range reader.Types() {
		for _, a := range n.Aliases() {
			s.types[a] = n.FullName()
		}
		for _, f := range n.Fields() {
			for _, a := range f.Aliases() {
				s.fields[[2]string{n.FullName(), a}] = f.Name()
			}
		}
	}
	return s
}

func (s *slowResolver) name(w *schemas.Node) string {
	if name, ok := s.types[w.FullName()]; ok {
		return name
	}
	return w.FullName()
}

func last(name string) string { return name[strings.LastIndex(name, ".")+1:] }

func (s *slowResolver) named(w, r *schemas.Node) bool {
	return last(s.name(w)) == last(r.FullName()) || last(w.FullName()) == last(r.FullName()) ||
		slices.Contains(r.Aliases(), w.FullName())
}

func (s *slowResolver) resolve(w, r *schemas.Node, v any) (any, error) {
	if w.Type() == schemas.Union {
		u := v.(slowUnion)
		branch := u.branch.(*schemas.Node)
		if s.alike(w, r, nil) {
			to := r.Branches()[slices.Index(w.Branches(), branch)]
			inner, err := s.resolve(branch, to, u.value)
			return slowUnion{to, inner}, err
		}
		return s.resolve(branch, r, u.value)
	}
	if r.Type() == schemas.Union {
		to := s.branch(w, r)
		if to == nil {
			return nil, errSlow
		}
		inner, err := s.resolve(w, to, v)
		return slowUnion{to, inner}, err
	}
	if w.Type() != r.Type() {
		return s.promote(w, r, v)
	}
	switch w.Type() {
	case schemas.Array, schemas.Map:
		out := slowMap{keys: v.(slowMap).keys}
		for _, item := range v.(slowMap).values {
			to, err := s.resolve(w.Items(), r.Items(), item)
			if err != nil {
				return nil, err
			}
			out.values = append(out.values, to)
		}
		return out, nil
	case schemas.Fixed:
		if !s.named(w, r) || w.Size() != r.Size() {
			return nil, errSlow
		}
	case schemas.Enum:
		if !s.named(w, r) {
			return nil, errSlow
		}
		if !slices.Contains(r.Symbols(), v.(string)) {
			def, ok := r.EnumDefault()
			if !ok {
				return nil, errSlow
			}
			return def, nil
		}
	case schemas.Record:
		return s.record(w, r, v.(slowRecord))
	}
	return v, nil
}

func (s *slowResolver) promote(w, r *schemas.Node, v any) (any, error) {
	switch v := v.(type) {
	case int32:
		switch r.Type() {
		case schemas.Long:
			return int64(v), nil
		case schemas.Float:
			return float32(v), nil
		case schemas.Double:
			return float64(v), nil
		}
	case int64:
		switch r.Type() {
		case schemas.Float:
			return float32(v), nil
		case schemas.Double:
			return float64(v), nil
		}
	case float32:
		if r.Type() == schemas.Double {
			return float64(v), nil
		}
	case string:
		if w.Type() != schemas.Fixed && w.Type() != schemas.Enum && (r.Type() == schemas.Bytes || r.Type() == schemas.String) {
			return v, nil
		}
	}
	return nil, errSlow
}

// sources finds the writer's field for each field of the reader, -1 for a
// default. It fails if a field has neither.
func (s *slowResolver) sources(w, r *schemas.Node) ([]int, error) {
	out := make([]int, len(r.Fields()))
	for i, rf := range r.Fields() {
		out[i] = -1
		for j, wf := range w.Fields() {
			name, ok := s.fields[[2]string{s.name(w), wf.Name()}]
			if !ok {
				name = wf.Name()
			}
			if name == rf.Name() {
				if out[i] >= 0 {
					return nil, errSlow
				}
				out[i] = j
			}
		}
	}
	for i, rf := range r.Fields() {
		if _, ok := rf.Default(); ok || out[i] >= 0 {
			continue
		}
		out[i] = slices.IndexFunc(w.Fields(), func(wf *schemas.Field) bool {
			return wf.Name() == rf.Name() || slices.Contains(rf.Aliases(), wf.Name())
		})
		if out[i] < 0 {
			return nil, errSlow
		}
	}
	return out, nil
}

func (s *slowResolver) record(w, r *schemas.Node, v slowRecord) (any, error) {
	from, err := s.sources(w, r)
	if err != nil {
		return nil, err
	}
	out := slowRecord{}
	for i, rf := range r.Fields() {
		var to any
		if from[i] < 0 {
			value, err := AppendDefault(nil, rf)
			if err != nil {
				return nil, errSlow
			}
			to, _, err = slowDecode(rf.Type(), value, 0)
			if err != nil {
				return nil, err
			}
		} else if to, err = s.resolve(w.Fields()[from[i]].Type(), rf.Type(), v[from[i]]); err != nil {
			return nil, err
		}
		out = append(out, to)
	}
	return out, nil
}

// branch is the reader's branch for a type of the writer that is no union.
func (s *slowResolver) branch(w, r *schemas.Node) *schemas.Node {
	for _, b := range r.Branches() {
		if b.Type() == w.Type() && s.name(w) == b.FullName() {
			return b
		}
	}
	var similar *schemas.Node
	for _, b := range r.Branches() {
		switch {
		case b.Type() != w.Type() || w.FullName() == "":
		case w.Type() == schemas.Record:
			if s.fits(w, b) && (similar == nil || last(s.name(w)) == last(b.FullName())) {
				similar = b
			}
		case similar == nil && s.named(w, b) && w.Size() == b.Size():
			similar = b
		}
	}
	if similar != nil {
		return similar
	}
	for _, b := range r.Branches() {
		if _, err := s.promote(w, b, slowSample(w)); err == nil && w.Type() != b.Type() {
			return b
		}
	}
	return nil
}

// slowSample is a value of a primitive type, to ask what it promotes to.
func slowSample(n *schemas.Node) any {
	return map[schemas.Type]any{
		schemas.Int: int32(0), schemas.Long: int64(0), schemas.Float: float32(0), schemas.Bytes: "", schemas.String: "",
	}[n.Type()]
}

// fits reports whether all fields of a record can be told apart and are of types
// that may fit: one level deep.
func (s *slowResolver) fits(w, r *schemas.Node) bool {
	from, err := s.sources(w, r)
	if err != nil {
		return false
	}
	for i, rf := range r.Fields() {
		if from[i] < 0 {
			if _, err := AppendDefault(nil, rf); err != nil {
				return false
			}
		} else if !s.mayFit(w.Fields()[from[i]].Type(), rf.Type()) {
			return false
		}
	}
	return true
}

func (s *slowResolver) mayFit(w, r *schemas.Node) bool {
	switch {
	case w.Type() == schemas.Union:
		return true
	case r.Type() == schemas.Union:
		return s.branch(w, r) != nil
	case w.Type() != r.Type():
		_, err := s.promote(w, r, slowSample(w))
		return err == nil
	case w.Type() == schemas.Fixed:
		return s.named(w, r) && w.Size() == r.Size()
	case w.Type() == schemas.Enum:
		return s.named(w, r)
	case w.Type() == schemas.Record:
		_, err := s.sources(w, r)
		return err == nil
	}
	return true
}

type pair struct{ writer, reader *schemas.Node }

// alike reports whether two types are the same to the last name.
func (s *slowResolver) alike(w, r *schemas.Node, within []pair) bool {
	if w.Type() != r.Type() || last(s.name(w)) != last(r.FullName()) || w.Size() != r.Size() ||
		!slices.Equal(w.Symbols(), r.Symbols()) || len(w.Branches()) != len(r.Branches()) || len(w.Fields()) != len(r.Fields()) {
		return false
	}
	if slices.Contains(within, pair{w, r}) {
		return true
	}
	within = append(within, pair{w, r})
	if w.Items() != nil && !s.alike(w.Items(), r.Items(), within) {
		return false
	}
	for i, b := range w.Branches() {
		if !s.alike(b, r.Branches()[i], within) {
			return false
		}
	}
	for i, f := range w.Fields() {
		name, ok := s.fields[[2]string{s.name(w), f.Name()}]
		if !ok {
			name = f.Name()
		}
		if name != r.Fields()[i].Name() || !s.alike(f.Type(), r.Fields()[i].Type(), within) {
			return false
		}
	}
	return true
}

// slowJSON is Avro's JSON of a value.
func slowJSON(n *schemas.Node, v any) string {
	switch n.Type() {
	case schemas.Null:
		return "null"
	case schemas.Float:
		return string(appendJSONFloat(nil, float64(v.(float32)), 32))
	case schemas.Double:
		return string(appendJSONFloat(nil, v.(float64), 64))
	case schemas.String, schemas.Enum:
		return string(appendJSONString(nil, []byte(v.(string))))
	case schemas.Bytes, schemas.Fixed:
		return string(appendLatin1(nil, []byte(v.(string))))
	case schemas.Union:
		u := v.(slowUnion)
		branch := u.branch.(*schemas.Node)
		if branch.Type() == schemas.Null {
			return "null"
		}
		return fmt.Sprintf("{%q:%s}", branch.BranchName(), slowJSON(branch, u.value))
	case schemas.Record:
		var parts []string
		for i, f := range n.Fields() {
			parts = append(parts, fmt.Sprintf("%q:%s", f.Name(), slowJSON(f.Type(), v.(slowRecord)[i])))
		}
		return "{" + strings.Join(parts, ",") + "}"
	case schemas.Array:
		var parts []string
		for _, item := range v.(slowMap).values {
			parts = append(parts, slowJSON(n.Items(), item))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case schemas.Map:
		var parts []string
		for i, item := range v.(slowMap).values {
			key := string(appendJSONString(nil, []byte(v.(slowMap).keys[i].(string))))
			parts = append(parts, key+":"+slowJSON(n.Items(), item))
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	return fmt.Sprint(v)
}

// requireLaw checks that a resolution does what its slow twin does.
func requireLaw(t *testing.T, writer, reader *schemas.Schema, datum []byte) {
	t.Helper()
	about := fmt.Sprintf("writer %s\nreader %s\ndatum %x", writer, reader, datum)

	check, err := NewJSON(writer)
	require.NoError(t, err)
	asWritten, malformed := check.Append(nil, datum)

	r, err := NewResolution(writer, reader)
	if err != nil {
		var none *ResolveError
		require.ErrorAs(t, err, &none, about)
		if malformed == nil {
			v, _, err := slowDecode(writer.Root(), datum, 0)
			require.NoError(t, err, about)
			_, err = newSlowResolver(writer, reader).resolve(writer.Root(), reader.Root(), v)
			require.Error(t, err, about)
		}
		return
	}
	before := []byte("before")
	out, err := r.Append(before, datum)
	require.True(t, bytes.HasPrefix(out, before), about)
	if err != nil {
		require.Len(t, out, len(before), about)
		var at *DecodeError
		require.ErrorAs(t, err, &at, about)
		require.LessOrEqual(t, at.Offset, len(datum), about)
	}
	if malformed != nil {
		// A block that nobody wants may be jumped over, whatever is in it; nothing else is overlooked.
		require.True(t, err != nil || !r.Identical(), about)
		return
	}
	quick, quickErr := r.AppendUnchecked(nil, datum)
	require.Equal(t, err, quickErr, about)
	if err == nil {
		require.True(t, bytes.Equal(out[len(before):], quick), about)
	}
	v, next, slowErr := slowDecode(writer.Root(), datum, 0)
	require.NoError(t, slowErr, about)
	require.Equal(t, len(datum), next, about)
	require.Equal(t, slowJSON(writer.Root(), v), string(asWritten), about)

	resolved, slowErr := newSlowResolver(writer, reader).resolve(writer.Root(), reader.Root(), v)
	if err != nil || slowErr != nil {
		require.Equal(t, slowErr != nil, err != nil, "%s\nslow: %v\nfast: %v", about, slowErr, err)
		require.False(t, r.Identical() && !errors.Is(err, ErrLimit), about)
		return
	}
	j, err := NewJSON(reader)
	require.NoError(t, err)
	text, err := j.Append(nil, out[len(before):])
	require.NoError(t, err, about)
	require.Equal(t, slowJSON(reader.Root(), resolved), string(text), about)
	if r.Identical() {
		require.True(t, bytes.Equal(datum, out[len(before):]), about)
	}
}

func TestResolutionLaw(t *testing.T) {
	checked := 0
	for seed := range uint64(20000) {
		if writer, reader, datum, ok := randomschema.Pair(seed); ok {
			requireLaw(t, writer, reader, datum)
			checked++
		}
	}
	require.Greater(t, checked, 10000)
}

// What CanRead promises is kept: every datum of the writer's can be read. The
// exception is Java's too: CanRead takes any branch of the reader's union that
// fits by its unqualified name, resolution the one of the full name.
func TestCanReadIsKept(t *testing.T) {
	promised := 0
	for seed := range uint64(40000) {
		writer, reader, datum, ok := randomschema.Pair(seed)
		if !ok || schemas.CanRead(reader, writer) != nil || twins(reader) || !hasValue(writer.Root(), nil) {
			continue
		}
		promised++
		about := fmt.Sprintf("writer %s\nreader %s\ndatum %x", writer, reader, datum)
		r, err := NewResolution(writer, reader)
		require.NoError(t, err, about)
		_, err = r.Append(nil, datum)
		require.NoError(t, err, about)
	}
	require.Greater(t, promised, 10000)
}

// hasValue reports whether a type has a value that ends. The types within are those around it: the
// smallest value of a type contains no other of that type.
func hasValue(n *schemas.Node, within []*schemas.Node) bool {
	if slices.Contains(within, n) {
		return false
	}
	within = append(slices.Clip(within), n)
	switch n.Type() {
	case schemas.Record:
		return !slices.ContainsFunc(n.Fields(), func(f *schemas.Field) bool { return !hasValue(f.Type(), within) })
	case schemas.Union:
		return slices.ContainsFunc(n.Branches(), func(b *schemas.Node) bool { return hasValue(b, within) })
	case schemas.Enum:
		return len(n.Symbols()) > 0
	}
	return true
}

// twins reports whether a union has two named branches of one unqualified name.
func twins(s *schemas.Schema) bool {
	for n := range s.Types() {
		seen := map[string]bool{}
		for _, b := range n.Branches() {
			if b.FullName() == "" {
				continue
			}
			if seen[last(b.FullName())] {
				return true
			}
			seen[last(b.FullName())] = true
		}
	}
	return false
}

// FuzzResolution checks the law on random schemas: on a datum made for the
// writer's, and on one given.
func FuzzResolution(f *testing.F) {
	f.Add(uint64(1), []byte{0})
	f.Add(uint64(82), []byte{0xec, 0xc2, 0xe3, 0xcd, 0xb5, 0xc9, 0xd4, 0xc6, 0x02})
	f.Add(uint64(24), []byte{0x80, 0x00}) // a count of 0, in two bytes
	f.Fuzz(func(t *testing.T, seed uint64, given []byte) {
		writer, reader, datum, ok := randomschema.Pair(seed)
		if !ok {
			return
		}
		requireLaw(t, writer, reader, datum)
		requireLaw(t, writer, reader, given)
	})
}

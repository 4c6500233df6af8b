package avro_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/internal/randomschema"
	"github.com/kavro/kavro/schemas"
	"github.com/stretchr/testify/require"
)

// A view of any datum that decodes has what is in the decoded value; one that fails is of a datum that does
// not decode.
func TestViewLaw(t *testing.T) {
	found, absent, refused := 0, 0, 0
	for seed := range uint64(15_000) {
		a, b, c := requireViews(t, seed)
		found, absent, refused = found+a, absent+b, refused+c
	}
	require.Greater(t, found, 10_000)
	require.Greater(t, absent, 1000)
	require.Greater(t, refused, 1000)
}

func FuzzView(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { requireViews(t, seed) })
}

// FuzzViewDatum is the law for any schema, path and bytes.
func FuzzViewDatum(f *testing.F) {
	f.Add(viewSchema, "parent.lines[0].sku", viewDatum(f, nil))
	f.Add(viewSchema, `payment["shop.Card"].number`, viewDatum(f, nil))
	f.Fuzz(func(t *testing.T, text, path string, datum []byte) {
		s, err := schemas.Parse(text, schemas.Lenient())
		if err != nil {
			return
		}
		requireSameView(t, s, path, datum, nil)
	})
}

// requireViews checks random paths in data of one random schema, some of them wrong: how many values were found,
// were not there, and were refused.
func requireViews(t *testing.T, seed uint64) (found, absent, refused int) {
	s, _, datum, ok := randomschema.Pair(seed)
	if !ok {
		return 0, 0, 0
	}
	r := rand.New(rand.NewPCG(seed, 4))
	other, ok := randomschema.Datum(r, nil, s.Root(), 12)
	if !ok {
		other = datum
	}
	damaged := append([]byte(nil), datum...)
	if len(damaged) > 0 {
		damaged[r.IntN(len(damaged))] ^= 1 << r.IntN(8)
	}
	for range 4 {
		path := &viewPath{Rand: r}
		path.extend(s.Root(), 6)
		for _, d := range [][]byte{datum, other, damaged, datum[:r.IntN(len(datum)+1)]} {
			switch ok, err := requireSameView(t, s, path.text.String(), d, path); {
			case err != nil:
				refused++
			case ok:
				found++
			default:
				absent++
			}
		}
	}
	return found, absent, refused
}

// requireSameView compares a view of anything at a path with the value there in all that is decoded. path nil:
// whether one fails is all that is compared.
func requireSameView(t *testing.T, s *schemas.Schema, text string, datum []byte, path *viewPath) (ok bool, err error) {
	what := fmt.Sprintf("%s of %s: %x", text, s, datum)
	opts := []avro.Option{avro.WithTaggedUnions(), avro.WithRawLogicalTypes()}
	v, err := avro.NewView[any](s, text, opts...)
	if path == nil && err != nil {
		return false, err
	}
	require.NoError(t, err, what)
	got, ok, err := v.Get(datum)

	var all any
	c, errC := avro.NewCodec[any](s, opts...)
	require.NoError(t, errC, what)
	errAll := c.Decode(datum, &all)
	if err != nil {
		require.Error(t, errAll, what)
		return false, err
	}
	if errAll == nil && path != nil {
		want, wantOK := path.follow(all)
		require.Equal(t, wantOK, ok, what)
		if ok { // NaN equals itself as text
			require.Equal(t, fmt.Sprintf("%#v", want), fmt.Sprintf("%#v", got), what)
		}
	}
	return ok, nil
}

// viewPath is a random path, and how to follow it in a generic value.
type viewPath struct {
	*rand.Rand
	text  strings.Builder
	steps []func(v any) (any, bool)
}

func (p *viewPath) step(text string, f func(v any) (any, bool)) {
	if p.text.Len() > 0 && text[0] != '[' {
		p.text.WriteByte('.')
	}
	p.text.WriteString(text)
	p.steps = append(p.steps, f)
}

// extend adds steps into a value of n. A union is passed by the name of a branch.
func (p *viewPath) extend(n *schemas.Node, left int) {
	if left == 0 || p.IntN(6) == 0 {
		return
	}
	switch {
	case n.Type() == schemas.Record && len(n.Fields()) > 0:
		f := randomschema.OneOf(p.Rand, n.Fields())
		p.step(f.Name(), func(v any) (any, bool) { return v.(map[string]any)[f.Name()], true })
		p.extend(f.Type(), left-1)
	case n.Type() == schemas.Array:
		i := p.IntN(4)
		p.step("["+strconv.Itoa(i)+"]", func(v any) (any, bool) {
			items := v.([]any)
			if i >= len(items) {
				return nil, false
			}
			return items[i], true
		})
		p.extend(n.Items(), left-1)
	case n.Type() == schemas.Map:
		key := "key" + strconv.Itoa(p.IntN(4))
		p.step("["+strconv.Quote(key)+"]", func(v any) (any, bool) { e, ok := v.(map[string]any)[key]; return e, ok })
		p.extend(n.Items(), left-1)
	case n.Type() == schemas.Union && len(n.Branches()) > 0:
		b := randomschema.OneOf(p.Rand, n.Branches())
		name := b.BranchName()
		p.step("["+strconv.Quote(name)+"]", func(v any) (any, bool) {
			if v == nil {
				return nil, b.Type() == schemas.Null
			}
			e, ok := v.(map[string]any)[name]
			return e, ok
		})
		p.extend(b, left-1)
	}
}

func (p *viewPath) follow(v any) (any, bool) {
	for _, f := range p.steps {
		var ok bool
		if v, ok = f(v); !ok {
			return nil, false
		}
	}
	return v, true
}

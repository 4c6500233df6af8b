package avro

import (
	"github.com/kavro/kavro/avro/internal/logical"
	"github.com/kavro/kavro/internal/jsontext"
	"github.com/kavro/kavro/schemas"
)

// A jsonPlan is a compiled schema with what its JSON needs. Plans form the same graph as
// compiled schemas.
type jsonPlan struct {
	*compiledSchema
	plain bool // bytes are base64
	human bool // a logical type that is shown to people, not raw

	fields   []jsonField
	index    map[string]int // record: fields by name, and by alias where no name is in the way
	items    *jsonPlan
	branches []jsonBranch
	tagged   bool           // union: some branches are tagged, so that an object is a tag
	bare     [jsonKinds]int // union: the branch that JSON of a kind stands for, or one of the constants below
}

type jsonField struct {
	key  []byte // "name":
	plan *jsonPlan
}

type jsonBranch struct {
	tag  []byte // {"name":
	plan *jsonPlan

	tagged    bool // always
	oddTagged bool // if the value's JSON is of an unusual kind: "NaN", a year beyond 9999
}

const (
	noBranch     = -1
	taggedBranch = -2 // one that must be tagged, or several
)

// jsonKinds is how many kinds a union tells apart; true and false are one.
const jsonKinds = int(jsontext.Object) + 1

type jsonPlanner struct {
	conf config
	seen map[*compiledSchema]*jsonPlan
}

func newJSONPlan(s *compiledSchema, c config) *jsonPlan {
	return (&jsonPlanner{conf: c, seen: map[*compiledSchema]*jsonPlan{}}).plan(s)
}

func (b *jsonPlanner) plan(s *compiledSchema) *jsonPlan {
	if p := b.seen[s]; p != nil {
		return p
	}
	p := &jsonPlan{compiledSchema: s, plain: b.conf.json.plain}
	text := s.logical == logical.UUID && s.typ == schemas.String // for people as it is
	p.human = p.plain && !b.conf.rawLogical && s.logical != logical.None && !text
	b.seen[s] = p
	switch s.typ {
	case schemas.Array, schemas.Map:
		p.items = b.plan(s.items)
	case schemas.Record:
		b.record(p)
	case schemas.Union:
		for _, sub := range s.branches {
			tag := append([]byte{'{'}, appendJSONString(nil, []byte(sub.name()))...)
			p.branches = append(p.branches, jsonBranch{tag: append(tag, ':'), plan: b.plan(sub), tagged: sub.typ != schemas.Null})
		}
		for i := range p.bare {
			p.bare[i] = noBranch
		}
		p.tagged = true
		if b.conf.json.plain {
			p.bareBranches()
		} else if s.nullAt >= 0 {
			p.bare[jsontext.Null] = s.nullAt
		}
	}
	return p
}

func (b *jsonPlanner) record(p *jsonPlan) {
	p.index = make(map[string]int, len(p.compiledSchema.fields))
	for i, f := range p.node.Fields() {
		for _, alias := range f.Aliases() {
			p.index[alias] = i
		}
	}
	for i, f := range p.compiledSchema.fields {
		p.index[f.name] = i
		key := append(appendJSONString(nil, []byte(f.name)), ':')
		p.fields = append(p.fields, jsonField{key: key, plan: b.plan(f.schema)})
	}
}

// kinds are the kinds of JSON that a type's values have: the usual one, and one
// of odd values. anyway is one that is read though it is never written. No kind
// is jsontext.False: true stands for both.
func (p *jsonPlan) kinds() (usual, odd, anyway jsontext.Kind) {
	const none = jsontext.False
	switch {
	case p.human && p.logical.IsDecimal():
		return jsontext.Number, none, jsontext.String
	case p.human && (p.logical.IsTime() || p.logical.IsClock()):
		return jsontext.String, jsontext.Number, jsontext.Number
	case p.human:
		return jsontext.String, none, none
	}
	switch p.typ {
	case schemas.Null:
		return jsontext.Null, none, none
	case schemas.Boolean:
		return jsontext.True, none, none
	case schemas.Int, schemas.Long:
		return jsontext.Number, none, none
	case schemas.Float, schemas.Double:
		return jsontext.Number, jsontext.String, jsontext.String
	case schemas.Array:
		return jsontext.Array, none, none
	case schemas.Map, schemas.Record:
		return jsontext.Object, none, none
	default:
		return jsontext.String, none, none
	}
}

// bareBranches finds the branches of a union that plain JSON need not tag.
func (p *jsonPlan) bareBranches() {
	var count [jsonKinds]int
	for _, b := range p.branches {
		usual, _, _ := b.plan.kinds()
		count[usual]++
	}
	p.tagged = false
	for i := range p.branches {
		b := &p.branches[i]
		usual, odd, _ := b.plan.kinds()
		b.tagged = count[usual] > 1
		b.oddTagged = odd != jsontext.False && count[odd] > 0
		p.tagged = p.tagged || b.tagged || b.oddTagged
	}
	for i := range p.branches {
		b := &p.branches[i]
		usual, _, _ := b.plan.kinds()
		if usual == jsontext.Object && p.tagged { // it would be taken for a tag
			b.tagged = true
		}
		p.assign(usual, i, b.tagged)
	}
	for i, b := range p.branches {
		if _, _, anyway := b.plan.kinds(); anyway != jsontext.False && count[anyway] == 0 {
			p.assign(anyway, i, b.tagged)
		}
	}
	p.bare[jsontext.False] = p.bare[jsontext.True]
}

// assign gives JSON of a kind to a branch, unless another has it.
func (p *jsonPlan) assign(kind jsontext.Kind, branch int, tagged bool) {
	if tagged || p.bare[kind] != noBranch {
		p.bare[kind] = taggedBranch
	} else {
		p.bare[kind] = branch
	}
}

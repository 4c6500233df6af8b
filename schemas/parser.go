package schemas

import "fmt"

// A Parser reads schemas one after the other, where each may use the named types
// that those before it define, as Java's Schema.Parser does. What it takes grows with
// the texts, not with their number times what they define, as it does when each is
// parsed [WithReferences] to those before.
//
// It is not safe for concurrent use. The schemas that it returns are.
type Parser struct {
	options options
	learned learned
	defined []*Schema
}

// maxDefinedNames is what the full names of all that a Parser reads may take, in
// bytes: a namespace is written once and inherited by all below it.
const maxDefinedNames = 64 << 20

// NewParser returns a parser that knows nothing. [WithReferences] does not count
// among its options.
func NewParser(opts ...ParseOption) *Parser {
	p := &Parser{options: defaultOptions(), learned: learned{names: maxDefinedNames}}
	for _, opt := range opts {
		opt(&p.options)
	}
	return p
}

// Define reads a schema whose named types those after it may use. How deep its types
// nest together with those defined before is not looked at: Parse does that. The
// options count besides those of the parser. The error is a [*ParseError]; what was
// defined before is still there.
func (p *Parser) Define(text string, opts ...ParseOption) (*Schema, error) {
	s, err := parse(text, p.with(opts), &p.learned, p.learned.seen)
	if err != nil {
		return nil, err
	}
	if clash := p.learned.add(s.root); clash != nil {
		return nil, &ParseError{Reason: fmt.Sprintf("%s is defined already, and differently", clash.name)}
	}
	p.defined = append(p.defined, s)
	return s, nil
}

// Parse reads a schema that may use the named types of all that was defined, with
// these options besides those of the parser. The error is a [*ParseError].
func (p *Parser) Parse(text string, opts ...ParseOption) (*Schema, error) {
	return parse(text, p.with(opts), &p.learned, nil)
}

func (p *Parser) with(opts []ParseOption) options {
	o := p.options
	for _, opt := range opts {
		opt(&o)
	}
	o.refs = p.defined[:len(p.defined):len(p.defined)]
	return o
}

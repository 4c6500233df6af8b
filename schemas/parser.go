package schemas

import "fmt"

// A Parser parses schemas in sequence. Each may use the named types that earlier ones define, like
// those of Java's Schema.Parser. Its cost is linear in the size of the texts, whereas parsing each
// one [WithReferences] to all earlier ones costs their number times their size.
//
// A Parser is not safe for concurrent use. The schemas that it returns are.
type Parser struct {
	options options
	defined definitions
	schemas []*Schema
}

// maxDefinedNames bounds the full names of all types that a Parser reads, in bytes: a long
// namespace is written once and inherited by many types.
const maxDefinedNames = 64 << 20

// NewParser returns a parser without types. It ignores the option [WithReferences].
func NewParser(opts ...ParseOption) *Parser {
	p := &Parser{options: defaultOptions(), defined: definitions{names: maxDefinedNames}}
	for _, opt := range opts {
		opt(&p.options)
	}
	return p
}

// Define parses a schema and adds its named types to the parser. The options are added to the
// parser's. The depth of types is bounded within the text alone; Parse includes the depth of
// earlier schemas. The error is a [*ParseError], and leaves the parser as it was.
func (p *Parser) Define(text string, opts ...ParseOption) (*Schema, error) {
	s, err := parse(text, p.with(opts), &p.defined, p.defined.seen)
	if err != nil {
		return nil, err
	}
	if clash := p.defined.add(s.root); clash != nil {
		return nil, &ParseError{Reason: fmt.Sprintf("%s is defined already, and differently", clash.name)}
	}
	p.schemas = append(p.schemas, s)
	return s, nil
}

// Parse parses a schema that may use all types of the parser. The options are added to the
// parser's. The error is a [*ParseError].
func (p *Parser) Parse(text string, opts ...ParseOption) (*Schema, error) {
	return parse(text, p.with(opts), &p.defined, nil)
}

func (p *Parser) with(opts []ParseOption) options {
	o := p.options
	for _, opt := range opts {
		opt(&o)
	}
	o.refs = p.schemas[:len(p.schemas):len(p.schemas)]
	return o
}

package java

import (
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kavro/kavro/avro"
	"github.com/kavro/kavro/internal/randomschema"
	"github.com/kavro/kavro/schemas"
)

// go test . -seed N -pairs N -connections N
var (
	firstSeed   = flag.Uint64("seed", 1, "seed of the first pair; the next ones have the next numbers")
	pairs       = flag.Int("pairs", 100_000, "pairs of schemas to compare")
	connections = flag.Int("connections", 4, "connections to the oracle, each a thread of it")
)

// TestPairs compares what both libraries say of random schemas and data. What
// they disagree about is listed in known, or is a failure.
func TestPairs(t *testing.T) {
	address := startOracle(t)
	t.Logf("seeds %d to %d", *firstSeed, *firstSeed+uint64(*pairs)-1)
	var next atomic.Int64
	total := newTally()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range *connections {
		o := dial(t, address)
		wg.Go(func() {
			c := comparison{oracle: o, tally: newTally()}
			for i := next.Add(1) - 1; i < int64(*pairs) && !c.broken && len(c.tally.failures) < 10; i = next.Add(1) - 1 {
				c.pair(*firstSeed + uint64(i))
			}
			mu.Lock()
			defer mu.Unlock()
			total.add(c.tally)
		})
	}
	wg.Wait()
	t.Log(total)
	for _, f := range total.failures {
		t.Error(f)
	}
	for _, what := range []string{"schemas", "incompatible", "data", "resolved", "not resolved", "mutated schemas refused", "mutated schemas accepted", "mutated data refused", "mutated data read"} {
		require.Positive(t, total.compared[what], what)
	}
}

// comparison compares pair after pair.
type comparison struct {
	oracle *oracle
	tally  *tally
	broken bool // the oracle does not answer
	seed   uint64
	about  string
}

// fail notes a disagreement.
func (c *comparison) fail(format string, args ...any) {
	c.tally.failures = append(c.tally.failures, fmt.Sprintf("seed %d: %s\n%s", c.seed, fmt.Sprintf(format, args...), c.about))
}

// equal notes a disagreement unless both say the same.
func (c *comparison) equal(what, ours, javas string) {
	if ours != javas {
		c.fail("%s:\n  kavro %s\n  Java  %s", what, ours, javas)
	}
}

// ask asks the oracle; that it cannot be asked is a failure too.
func (c *comparison) ask(q question) (answer, bool) {
	a, err := c.oracle.ask(q)
	if err != nil {
		c.fail("the oracle: %v", err)
		c.broken = true
	}
	return a, err == nil
}

// pair compares the first pair with a datum that a seed makes, and on the way
// there whether both take the schemas.
func (c *comparison) pair(seed uint64) {
	c.seed = seed
	r := rand.New(rand.NewPCG(seed, 2))
	for !c.broken {
		g := randomschema.New(r)
		s := g.Schema()
		evolved := g.Evolve(s)
		style := g.Style()
		writerText, readerText := style.Text(s), style.Text(evolved)
		c.about = fmt.Sprintf("writer %s\nreader %s", writerText, readerText)

		writer, err := schemas.Parse(writerText)
		if err != nil {
			c.parse(writerText)
			continue
		}
		c.mutatedSchema(g.Mutate(writerText))
		reader, err := schemas.Parse(readerText)
		if err != nil {
			c.parse(readerText)
			continue
		}
		if datum, ok := randomschema.Datum(r, nil, writer.Root(), 12); ok {
			c.about += fmt.Sprintf("\ndatum %x", datum)
			c.all(writer, reader, datum)
			c.mutatedDatum(r, writer, datum)
			return
		}
	}
}

// all compares all there is to say of two schemas and a datum.
func (c *comparison) all(writer, reader *schemas.Schema, datum []byte) {
	json, err := newJSON(writer).Append(nil, datum)
	if err != nil {
		c.fail("our JSON: %v", err)
		return
	}
	a, ok := c.ask(question{"op": "pair", "writer": writer.String(), "reader": reader.String(), "datum": hexOf(datum), "json": string(json)})
	if !ok {
		return
	}
	if a.Error != "" {
		c.fail("Java refuses a schema: %s", a.Error)
		return
	}
	c.describe(writer, a.Writer)
	c.describe(reader, a.Reader)
	c.compatibility(reader, writer, a)
	if why := javaCannot(writer, a.DecodeError); why != "" {
		c.tally.known[why]++
		return
	}
	c.datum(writer, datum, json, a)
	c.resolution(writer, reader, datum, a)
}

func (c *comparison) describe(s *schemas.Schema, javas description) {
	c.tally.compared["schemas"]++
	if why := knownNames(s, javas.Canonical); why != "" {
		c.tally.known[why]++
		return
	}
	md5, sha := s.MD5(), s.SHA256()
	c.equal("canonical form", s.Canonical(), javas.Canonical)
	c.equal("CRC-64-AVRO", fmt.Sprintf("%016x", s.Fingerprint()), javas.CRC64)
	c.equal("MD5", hex.EncodeToString(md5[:]), javas.MD5)
	c.equal("SHA-256", hex.EncodeToString(sha[:]), javas.SHA256)
	c.equal("printed", s.Print(), javas.Text)
}

// compatibility compares all reasons, in their order, to the last word.
func (c *comparison) compatibility(reader, writer *schemas.Schema, a answer) {
	var incompatible *schemas.IncompatibleError
	ours := []reason{}
	if err := schemas.CanRead(reader, writer); err == nil {
		c.tally.compared["compatible"]++
	} else if errors.As(err, &incompatible) {
		c.tally.compared["incompatible"]++
		for _, r := range incompatible.Reasons {
			ours = append(ours, reason{string(r.Kind), r.Path, r.Message})
		}
	} else {
		c.fail("CanRead: %v", err)
		return
	}
	if why := knownCompatibility(reader, ours, a); why != "" {
		c.tally.known[why]++
		return
	}
	c.equal("compatibility", fmt.Sprint(ours), fmt.Sprint(a.Reasons)+a.CompatError)
}

// datum compares the ways to read and write one datum.
func (c *comparison) datum(writer *schemas.Schema, datum, json []byte, a answer) {
	c.tally.compared["data"]++
	codec, err := avro.NewCodec[any](writer, avro.WithRawLogicalTypes(), avro.WithSortedMaps())
	if err != nil {
		c.fail("NewCodec: %v", err)
		return
	}
	var v any
	if err := codec.Decode(datum, &v); err != nil {
		c.fail("Decode: %v", err)
		return
	}
	encoded, err := codec.Append(nil, &v)
	if err != nil {
		c.fail("Append: %v", err)
		return
	}
	c.equal("decoded and encoded", hexOf(encoded), a.Hex+a.DecodeError)
	c.equal("single object", hexOf(avro.AppendSingleObject(nil, writer, encoded)), a.Single)
	if why := javaCannot(writer, a.FromJSONError); why != "" {
		c.tally.known[why]++
	} else {
		c.equal("JSON that Java reads", hexOf(encoded), a.FromJSON+a.FromJSONError)
	}
	if why := knownJSON(writer, encoded, a); why != "" {
		c.tally.known[why]++
		return
	}
	javas, err := newJSON(writer).AppendDatum(nil, []byte(a.JSON))
	if err != nil {
		c.fail("JSON of Java's: %v\n%s", err, a.JSON+a.JSONError)
		return
	}
	c.equal("JSON of Java's that we read", hexOf(encoded), hexOf(javas))
}

// resolution compares what the reader gets of the writer's datum.
func (c *comparison) resolution(writer, reader *schemas.Schema, datum []byte, a answer) {
	ours, err := resolve(writer, reader, datum)
	if err == nil {
		c.tally.compared["resolved"]++
	} else {
		c.tally.compared["not resolved"]++
	}
	if why := knownResolution(writer, reader, ours, err, a); why != "" {
		c.tally.known[why]++
		return
	}
	switch {
	case err != nil && a.ResolveError != "":
	case err != nil:
		c.fail("resolution:\n  kavro %v\n  Java  %s", err, a.Resolved)
	default:
		c.equal("resolution", hexOf(ours), a.Resolved+a.ResolveError)
	}
}

// resolve is a resolved datum, in one block per array and map as Java writes it.
func resolve(writer, reader *schemas.Schema, datum []byte) ([]byte, error) {
	r, err := avro.NewResolution(writer, reader)
	if err != nil {
		return nil, err
	}
	out, err := r.Append(nil, datum)
	if err != nil {
		return nil, err
	}
	return rewritten(reader, out)
}

// rewritten is a datum in one block per array and map.
func rewritten(s *schemas.Schema, datum []byte) ([]byte, error) {
	text, err := newJSON(s).Append(nil, datum)
	if err != nil {
		return nil, err
	}
	return newJSON(s).AppendDatum(nil, text)
}

func newJSON(s *schemas.Schema) *avro.JSON {
	j, err := avro.NewJSON(s)
	if err != nil {
		panic(err) // an option's, and there is none
	}
	return j
}

// parse compares whether a text is a schema, and which.
func (c *comparison) parse(text string) (accepted bool) {
	s, err := schemas.Parse(text)
	a, ok := c.ask(question{"op": "parse", "schema": text})
	if !ok {
		return false
	}
	switch {
	case knownParse(text, err, a) != "":
		c.tally.known[knownParse(text, err, a)]++
	case err != nil && a.Error != "":
		return false
	case err != nil:
		c.fail("schema %s\n  kavro %v\n  Java  %s", text, err, a.Text)
	case a.Error != "":
		c.fail("schema %s\n  kavro %s\n  Java  %s", text, s.Print(), a.Error)
	default:
		c.describe(s, a.description)
		return true
	}
	return err == nil
}

func (c *comparison) mutatedSchema(text string) {
	if c.parse(text) {
		c.tally.compared["mutated schemas accepted"]++
	} else {
		c.tally.compared["mutated schemas refused"]++
	}
}

// mutatedDatum compares what both make of a datum with a byte changed, taken away
// or added.
func (c *comparison) mutatedDatum(r *rand.Rand, s *schemas.Schema, datum []byte) {
	if len(datum) == 0 {
		return
	}
	at := r.IntN(len(datum))
	switch datum = append([]byte(nil), datum...); r.IntN(4) {
	case 0:
		datum = append(datum[:at], datum[at+1:]...)
	case 1:
		datum = append(datum[:at+1], datum[at:]...)
	default:
		datum[at] = byte(r.Uint32())
	}
	c.about = fmt.Sprintf("schema %s\nmutated datum %x", s, datum)
	ours, err := decoded(s, datum)
	if errors.Is(err, avro.ErrLimit) { // items that take no bytes: Java makes as many as the datum says
		c.tally.known["more items than WithMaxEmptyItems: Java is not asked"]++
		return
	}
	a, ok := c.ask(question{"op": "decode", "schema": s.String(), "datum": hexOf(datum)})
	if !ok {
		return
	}
	if err == nil {
		c.tally.compared["mutated data read"]++
	} else {
		c.tally.compared["mutated data refused"]++
	}
	if why := knownDecoding(s, ours, err, a); why != "" {
		c.tally.known[why]++
		return
	}
	switch {
	case err != nil && a.Error != "":
	case err != nil:
		c.fail("decoding:\n  kavro %v\n  Java  %s", err, a.Hex)
	default:
		c.equal("decoding", hexOf(ours), a.Hex+a.Error)
	}
}

// decoded is a datum read and written again.
func decoded(s *schemas.Schema, datum []byte) ([]byte, error) {
	codec, err := avro.NewCodec[any](s, avro.WithRawLogicalTypes())
	if err != nil {
		return nil, err
	}
	var v any
	if err := codec.Decode(datum, &v); err != nil {
		return nil, err
	}
	return rewritten(s, datum)
}

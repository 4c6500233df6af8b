package schemas

import (
	"context"
	"errors"
)

// ErrTooLarge is returned for schemas whose comparison would take too much time or
// memory: types that refer to each other so that millions of pairs would have to
// be compared, or more versions than a [Budget] is left for.
var ErrTooLarge = errors.New("schemas: too large to compare")

// CompareWork is what [CanRead] and [Level.Check] may take, in units of about 50
// ns: 0.2 s. Comparing a record of 500 fields with itself takes about 2,500 units.
const CompareWork = 1 << 22

// A Budget bounds what several comparisons may take together: everything that they
// look at counts, such as fields, branches, symbols and aliases. It is not safe for
// concurrent use.
type Budget struct{ left int }

// NewBudget returns a budget of so much work, in the units of [CompareWork].
func NewBudget(work int) *Budget { return &Budget{left: work} }

// Left is the work that may still be done, in the units of [CompareWork]; 0 once a
// comparison took more than there was.
func (b *Budget) Left() int { return max(b.left, 0) }

// CanRead is [CanRead] within what is left of the budget. The error is [ErrTooLarge]
// if that is not enough, and also that of ctx if it ends; it is checked about every
// millisecond.
func (b *Budget) CanRead(ctx context.Context, reader, writer *Schema) error {
	reasons, err := b.compare(ctx, reader, writer)
	if err != nil {
		return err
	}
	if len(reasons) > 0 {
		return &IncompatibleError{Reasons: reasons}
	}
	return nil
}

func (b *Budget) compare(ctx context.Context, reader, writer *Schema) ([]Reason, error) {
	// What one comparison keeps is bounded as well, whatever is left.
	work := min(b.left, CompareWork)
	c := newComparison(work, ctx.Err)
	reasons := c.compare(reader.root, writer.root, nil, nil)
	if c.stopped != nil {
		b.left -= work - (c.nextCheck + checkEvery)
		return nil, c.stopped
	}
	b.left -= work - c.work
	if c.work < 0 {
		return nil, ErrTooLarge
	}
	return reasons, nil
}

package memory

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/kavro/kavro/internal/subjectname"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/schemas"
)

// What one call may take. A few kilobytes of a request can name a thousand schemas,
// be looked for in every context, and be compared with every version of a subject:
// all that is done for it counts together, whatever its shape, and ends with it.
//
// Changes are planned twice. The first time is without a lock and does the work: it
// parses and compares. The second time is under the lock that keeps other changes
// away, and finds the results of the first, unless what they depend on has changed
// since. Then a little may be done again there, so that small changes to one subject
// do not starve each other; whatever takes more is planned once more without the lock.
const (
	maxRefs           = 1000      // names that a schema refers to, directly or not
	maxReferenceBytes = 8 << 20   // their texts together
	maxEdges          = 100_000   // references that are followed to find them
	maxParsedText     = 32 << 20  // bytes of all texts that one call parses
	maxCompare        = 1 << 24   // all its comparisons, in units of schemas.CompareWork
	heldText          = 64 << 10  // the same under the lock
	heldCompare       = 1 << 15   // the same under the lock
	lightText         = 128 << 10 // bytes that a call may parse beside any number of others
	lightCompare      = 8 << 10   // bytes of two schemas that may be compared beside any number of others
	maxPlans          = 16        // times that a change is planned
)

// textCost is what parsing a text takes besides its length, in bytes.
const textCost = 256

// errWork is wrapped by the errors of calls that would take too much.
var errWork = errors.New("registry: the call takes too much")

// errPlanAgain says that a change is to be planned again without the lock.
var errPlanAgain = errors.New("registry: what the change depends on has changed")

// work is what one call may still do, and what it has found already.
type work struct {
	in      view
	ctx     context.Context
	held    bool // under the lock
	text    int  // bytes that may still be parsed
	edges   int
	compare *schemas.Budget
	found   *findings
	heavy   chan struct{} // for those that take much
	isHeavy bool
}

// findings are the results of one call's work, by all that they depend on.
type findings struct {
	resolved []resolution
	defined  []definitions
	parsed   []parsing
	pairs    map[pairing]check
}

// maxFindings is how many results of a kind are kept: a few subjects, each in a few
// ways. More are needed by those alone who look in many contexts.
const maxFindings = 16

// resolution is what references of a subject led to.
type resolution struct {
	subject  subjectname.Name
	asked    []registry.Reference
	deleted  bool
	change   int64 // the last change that the store had seen
	answered []registry.Reference
	found    []*version
}

// definitions is a parser that knows what some versions define.
type definitions struct {
	found  []*version
	parser *schemas.Parser
	err    error
}

// parsing is what a text is.
type parsing struct {
	parser            *schemas.Parser
	text              string
	strict, normalize bool
	schema            *schemas.Schema
	printed           string
	semantics         semanticHash
	err               error
}

// pairing is a schema and a version that it is compared with.
type pairing struct {
	schema *schemas.Schema
	with   *version
	level  schemas.Level
}

func remember[T any](list *[]T, item T) {
	if len(*list) == maxFindings {
		*list = slices.Delete(*list, 0, 1)
	}
	*list = append(*list, item)
}

// work begins a call's work. The caller must end it.
func (m *Registry) work(ctx context.Context) *work {
	return &work{
		in: m.read, ctx: ctx, heavy: m.heavy, text: maxParsedText, edges: maxEdges, compare: schemas.NewBudget(maxCompare),
		found: &findings{pairs: map[pairing]check{}},
	}
}

// underLock is w for those who hold changes.
func (w *work) underLock(m *Registry) *work {
	return &work{
		in: m.heldView, ctx: w.ctx, held: true, text: heldText, edges: maxEdges, compare: schemas.NewBudget(heldCompare),
		found: w.found,
	}
}

// end ends a call's work.
func (w *work) end() {
	if w.isHeavy {
		<-w.heavy
	}
}

// waitForSlot waits until the call may take much: few may at a time, since a parsed schema
// can take 50 times its text, and there may be a thousand calls. Under the lock little
// is done, and nobody waits.
func (w *work) waitForSlot() error {
	if w.isHeavy || w.held {
		return nil
	}
	select {
	case w.heavy <- struct{}{}:
		w.isHeavy = true
		return nil
	case <-w.ctx.Done():
		return w.ctx.Err()
	}
}

// takeText takes n bytes off what may be parsed.
func (w *work) takeText(n int) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if w.text -= n; w.text < 0 {
		return w.tooMuch("more than %d bytes of schemas to be read", maxParsedText)
	}
	if w.text < maxParsedText-lightText {
		return w.waitForSlot()
	}
	return nil
}

// tooMuch is the error for a call that would take too much.
func (w *work) tooMuch(format string, args ...any) error {
	if w.held {
		return errPlanAgain
	}
	return errInvalidSchema("The request takes too much: "+fmt.Sprintf(format, args...), errWork)
}

// stops reports whether an error is about the call as a whole, and not about what it
// has come to.
func (w *work) stops(err error) bool {
	return err != nil && (errors.Is(err, errWork) || errors.Is(err, errPlanAgain) || w.ctx.Err() != nil)
}

// look returns what f finds in the store.
func look[T any](w *work, f func(s *store) T) (found T) {
	w.in(func(s *store) { found = f(s) })
	return found
}

// change makes a change. plan does its work and finds what keeps it from being made,
// without the lock; commit does so again under the lock and makes it.
func (m *Registry) change(w *work, plan, commit func(w *work) error) error {
	for range maxPlans {
		if err := plan(w); err != nil {
			return err
		}
		end, err := m.begin(w.ctx)
		if err != nil {
			return err
		}
		err = commit(w.underLock(m))
		end()
		if !errors.Is(err, errPlanAgain) {
			return err
		}
	}
	return errBusy()
}

package registry

import (
	"fmt"
	"strings"
)

// A CallOption changes one call of a [Client] or of a registry in this process. Each says which calls
// it is for. Other calls of a Client refuse it with an [*InvalidError], before
// anything is asked; a memory.Registry ignores it.
type CallOption func(*Call)

// optionSet is a set of options, by what sets them.
type optionSet uint16

const (
	normalizes optionSet = 1 << iota
	isPermanent
	withDeleted
	onlyDeleted
	latestOnly
	atID
	forces
	toGlobal
	againstOne
	paged
	formatted
)

var optionNames = [...]string{"Normalize", "Permanent", "WithDeleted", "OnlyDeleted", "LatestOnly", "AtID", "Force", "DefaultToGlobal", "Against", "Page", "Format"}

// String names the options.
func (s optionSet) String() string {
	var names []string
	for i, name := range optionNames {
		if s&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// Call is what the options of one call amount to. The zero value is the
// registry's own default for everything.
type Call struct {
	Normalize   bool
	Permanent   bool
	Deleted     bool
	DeletedOnly bool
	Force       bool
	Global      bool // fall back to the global setting
	LatestOnly  bool
	ID          int // AtID; 0: the registry chooses
	Version     int // AtID; 0: the registry chooses
	Against     int // Against; 0: what the level asks for
	Offset      int // Page
	Limit       int // Page; -1 or 0: no limit
	Format      string

	given optionSet
}

// NewCall folds opts into one value, for implementations of a registry. Nil options are
// passed over.
func NewCall(opts []CallOption) Call {
	if len(opts) == 0 {
		return Call{} // without the allocation that the options' pointer costs
	}
	var c Call
	for _, opt := range opts {
		if opt != nil {
			opt(&c)
		}
	}
	return c
}

// callOf is NewCall for a call of this name that takes these options.
func callOf(name string, takes optionSet, opts []CallOption) (Call, error) {
	c := NewCall(opts)
	if wrong := c.given &^ takes; wrong != 0 {
		return c, &InvalidError{Response: Response{Message: fmt.Sprintf("%s does not take the option %s", name, wrong)}}
	}
	if c.Offset < 0 || c.Limit < -1 {
		return c, &InvalidError{Response: Response{Message: fmt.Sprintf("%s: Page(%d, %d) is negative", name, c.Offset, c.Limit)}}
	}
	return c, nil
}

// Normalize asks the registry to compare and keep the schema in its normal
// form, in which properties are sorted and names are full. For Register,
// Lookup and CheckCompatibility.
func Normalize() CallOption {
	return func(c *Call) { c.Normalize, c.given = true, c.given|normalizes }
}

// Permanent deletes for good what was softly deleted before. For DeleteSubject
// and DeleteVersion.
func Permanent() CallOption {
	return func(c *Call) { c.Permanent, c.given = true, c.given|isPermanent }
}

// WithDeleted also shows what was softly deleted. For Lookup, Version,
// LatestWithMetadata, Versions, Subjects, ReferencedBy, VersionsByID and Schemas.
func WithDeleted() CallOption {
	return func(c *Call) { c.Deleted, c.given = true, c.given|withDeleted }
}

// OnlyDeleted shows only what was softly deleted. For Versions and Subjects.
func OnlyDeleted() CallOption {
	return func(c *Call) { c.DeletedOnly, c.given = true, c.given|onlyDeleted }
}

// LatestOnly shows only the latest version of each subject. For Schemas.
func LatestOnly() CallOption {
	return func(c *Call) { c.LatestOnly, c.given = true, c.given|latestOnly }
}

// AtID registers under this id and version, both from 1, as only a subject in
// mode [Import] allows. Version 0 leaves the version to the registry. For
// Register.
func AtID(id, version int) CallOption {
	return func(c *Call) { c.ID, c.Version, c.given = id, version, c.given|atID }
}

// Force changes the mode although the subject is not empty. For SetMode, and for
// Register, where Confluent's registry has an option of that name.
func Force() CallOption {
	return func(c *Call) { c.Force, c.given = true, c.given|forces }
}

// DefaultToGlobal answers with the setting of the context, or the global one,
// where the subject has none of its own. For Config and Mode.
func DefaultToGlobal() CallOption {
	return func(c *Call) { c.Global, c.given = true, c.given|toGlobal }
}

// Against checks against this one version, -1 for the latest, instead of those
// that the subject's level asks for. For CheckCompatibility.
func Against(version int) CallOption {
	return func(c *Call) { c.Against, c.given = version, c.given|againstOne }
}

// Page skips the first offset results and returns at most limit of them, all
// of them if limit is -1. For Versions, Subjects, ReferencedBy, VersionsByID,
// Contexts and Schemas.
func Page(offset, limit int) CallOption {
	return func(c *Call) { c.Offset, c.Limit, c.given = offset, limit, c.given|paged }
}

// Format asks for the text in another form: "resolved" has references written
// out. The default, "", is the text as registered. For Version.
func Format(name string) CallOption {
	return func(c *Call) { c.Format, c.given = name, c.given|formatted }
}

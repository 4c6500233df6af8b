package registry

// A CallOption changes one call of a [Client] or a [Memory]. Each says which
// calls it is for; others ignore it.
type CallOption func(*call)

// call is what the options of one call amount to. The zero value is the
// registry's own default for everything.
type call struct {
	normalize   bool
	permanent   bool
	deleted     bool
	deletedOnly bool
	force       bool
	global      bool // fall back to the global setting
	latestOnly  bool
	id          int // AtID; 0: the registry chooses
	version     int // AtID; 0: the registry chooses
	against     int // Against; 0: what the level asks for
	offset      int // Page
	limit       int // Page; -1 or 0: no limit
	format      string
}

// newCall folds opts into one value. Nil options are passed over.
func newCall(opts []CallOption) call {
	if len(opts) == 0 {
		return call{} // without the allocation that the options' pointer costs
	}
	var c call
	for _, opt := range opts {
		if opt != nil {
			opt(&c)
		}
	}
	return c
}

// Normalize asks the registry to compare and keep the schema in its normal
// form, in which properties are sorted and names are full. For Register,
// Lookup and CheckCompatibility.
func Normalize() CallOption { return func(c *call) { c.normalize = true } }

// Permanent deletes for good what was softly deleted before. For DeleteSubject
// and DeleteVersion.
func Permanent() CallOption { return func(c *call) { c.permanent = true } }

// WithDeleted also shows what was softly deleted. For Lookup, Version,
// Versions, Subjects, ReferencedBy, VersionsByID and Schemas.
func WithDeleted() CallOption { return func(c *call) { c.deleted = true } }

// OnlyDeleted shows only what was softly deleted. For Versions and Subjects.
func OnlyDeleted() CallOption { return func(c *call) { c.deletedOnly = true } }

// LatestOnly shows only the latest version of each subject. For Schemas.
func LatestOnly() CallOption { return func(c *call) { c.latestOnly = true } }

// AtID registers under this id and version, both from 1, as only a subject in
// mode [Import] allows. Version 0 leaves the version to the registry. For
// Register.
func AtID(id, version int) CallOption {
	return func(c *call) { c.id, c.version = id, version }
}

// Force changes the mode although the subject is not empty. For SetMode.
func Force() CallOption { return func(c *call) { c.force = true } }

// DefaultToGlobal answers with the setting of the context, or the global one,
// where the subject has none of its own. For Config and Mode.
func DefaultToGlobal() CallOption { return func(c *call) { c.global = true } }

// Against checks against this one version, -1 for the latest, instead of those
// that the subject's level asks for. For CheckCompatibility.
func Against(version int) CallOption { return func(c *call) { c.against = version } }

// Page skips the first offset results and returns at most limit of them, all
// of them if limit is -1. For Versions, Subjects, ReferencedBy, VersionsByID,
// Contexts and Schemas.
func Page(offset, limit int) CallOption {
	return func(c *call) { c.offset, c.limit = offset, limit }
}

// Format asks for the text in another form: "resolved" has references written
// out. The default, "", is the text as registered. For Version, SchemaByID and
// SchemaByGUID.
func Format(name string) CallOption { return func(c *call) { c.format = name } }

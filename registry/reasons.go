package registry

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kavro/kavro/schemas"
)

// What Confluent's registry says of an incompatible schema, in the messages of a
// check and in the message of a refused registration:
//
//	{errorType:'TYPE_MISMATCH', description:'The type (path '/fields/1/type') ...', additionalInfo:'...'}
//	{oldSchemaVersion: 3}
//	{validateFields: 'false', compatibility: 'BACKWARD'}
var (
	reasonText  = regexp.MustCompile(`\{errorType:'([A-Z_]+)', description:'(.*?)', additionalInfo:'(.*?)'\}`)
	reasonPath  = regexp.MustCompile(`path '([^']*)'`)
	versionText = regexp.MustCompile(`\{oldSchemaVersion: (\d{1,9})\}`)
	oldReads    = regexp.MustCompile(`^The old schema is missing|in the old schema (does not match|has no default)`)
	levelText   = regexp.MustCompile(`compatibility: '([A-Z_]+)'`)
)

// serverReasons reads the reasons in text, each once; nil if there are none.
func serverReasons(text string) error {
	text = text[:min(len(text), maxErrorBody)]
	found := reasonText.FindAllStringSubmatch(text, -1)
	if len(found) == 0 {
		return nil
	}
	out := &schemas.IncompatibleError{}
	if m := levelText.FindStringSubmatch(text); m != nil {
		out.Level, _ = schemas.ParseLevel(m[1]) // NONE if it is one that we do not know
	}
	version := 0
	if m := versionText.FindStringSubmatch(text); m != nil {
		version, _ = strconv.Atoi(m[1])
	}
	for _, m := range found {
		reason := schemas.Reason{
			Kind: schemas.ReasonKind(m[1]), Message: m[3], Version: version,
			OldReads: oldReads.MatchString(m[2]),
		}
		if reason.Kind == schemas.NameMismatch { // the only one that does not say it
			reason.OldReads = out.Level == schemas.Forward || out.Level == schemas.ForwardTransitive
		}
		if path := reasonPath.FindStringSubmatch(m[2]); path != nil {
			reason.Path = path[1]
		}
		if !slices.ContainsFunc(out.Reasons, func(r schemas.Reason) bool { return sameReason(r, reason) }) {
			out.Reasons = append(out.Reasons, reason)
		}
	}
	return out
}

func sameReason(a, b schemas.Reason) bool {
	return a.Kind == b.Kind && a.Path == b.Path && a.Message == b.Message && a.OldReads == b.OldReads
}

// inWords replaces the reasons in err by those of a comparison made here, where
// they are the same: those know the path of the field, and say it in words. text is
// what err was read from, next the new schema, which may be nil.
func (c *Client) inWords(ctx context.Context, subject string, err error, text string, next *schemas.Schema) error {
	var said *schemas.IncompatibleError
	if next == nil || !errors.As(err, &said) {
		return err
	}
	version := said.Reasons[0].Version
	old := c.oldSchema(text)
	if old == nil && version > 0 { // it refers to others
		if s, err := c.Version(ctx, subject, version, WithDeleted()); err == nil {
			old = s.Schema
		}
	}
	if old == nil {
		return err
	}
	var found []schemas.Reason
	for _, oldReads := range []bool{false, true} {
		reader, writer := next, old
		if oldReads {
			reader, writer = old, next
		}
		var ours *schemas.IncompatibleError
		if errors.As(schemas.CanRead(reader, writer), &ours) {
			for _, r := range ours.Reasons {
				r.Version, r.OldReads = version, oldReads
				found = append(found, r)
			}
		}
	}
	out := &schemas.IncompatibleError{Level: said.Level}
	for _, r := range said.Reasons {
		known := false
		for _, ours := range found { // several, where a union's branches have the same path
			if sameReason(ours, r) {
				out.Reasons = append(out.Reasons, ours)
				known = true
			}
		}
		if !known {
			out.Reasons = append(out.Reasons, r)
		}
	}
	return out
}

// oldSchema is the schema that a registry compared with, if its messages hold it and
// it refers to no other.
func (c *Client) oldSchema(text string) *schemas.Schema {
	_, rest, ok := strings.Cut(text, "{oldSchema: '")
	if !ok {
		return nil
	}
	var old json.RawMessage
	if json.NewDecoder(strings.NewReader(rest)).Decode(&old) != nil {
		return nil
	}
	s, err := schemas.Parse(string(old), schemas.Lenient(), schemas.WithMaxBytes(c.settings.maxSchema))
	if err != nil {
		return nil
	}
	return s
}

// refusedInWords is inWords for a registration that was refused.
func (c *Client) refusedInWords(ctx context.Context, subject string, err error, next *schemas.Schema) error {
	var conflict *ConflictError
	if !errors.As(err, &conflict) || conflict.Err == nil {
		return err
	}
	return &ConflictError{Response: conflict.Response, Err: c.inWords(ctx, subject, conflict.Err, conflict.Message, next)}
}

package pipeline

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/kavro/kavro/kafka"
	"github.com/kavro/kavro/registry"
	"github.com/kavro/kavro/serde"
)

// SchemaSource is the registry that a [Translator] reads from. registry.Client and
// memory.Registry implement it.
type SchemaSource interface {
	SchemaByID(ctx context.Context, subject string, id int) (*registry.SubjectSchema, error)
	SchemaByGUID(ctx context.Context, guid string) (*registry.SubjectSchema, error)
	Version(ctx context.Context, subject string, version int, opts ...registry.CallOption) (*registry.SubjectSchema, error)
}

// SchemaRegistrar is the registry that a [Translator] writes to. registry.Client and
// memory.Registry implement it.
type SchemaRegistrar interface {
	Lookup(ctx context.Context, subject string, d registry.Definition, opts ...registry.CallOption) (*registry.SubjectSchema, error)
	Register(ctx context.Context, subject string, d registry.Definition, opts ...registry.CallOption) (*registry.SubjectSchema, error)
}

// Translator replaces the schema ids of one registry by those of another: it registers the
// schema and its references there, unless they exist, and rewrites the frame. Data are not
// decoded. Each id is requested once. It is safe for concurrent use.
type Translator struct {
	from    SchemaSource
	to      SchemaRegistrar
	subject serde.Subject

	mu         sync.Mutex
	translated map[frameOf]serde.FrameID
}

// frameOf is a frame with the topic and part that the subject may depend on.
type frameOf struct {
	topic string
	part  serde.Part
	frame serde.FrameID
}

// NewTranslator translates from one registry to another. subject returns the subject of a
// schema, by the topic that is written to; serde.TopicName is usual.
func NewTranslator(from SchemaSource, to SchemaRegistrar, subject serde.Subject) *Translator {
	return &Translator{from: from, to: to, subject: subject, translated: map[frameOf]serde.FrameID{}}
}

// payload returns a payload with its frame translated. A payload without a frame is returned
// unchanged.
func (t *Translator) payload(ctx context.Context, topic string, part serde.Part, payload []byte, headers []kafka.Header) ([]byte, error) {
	frame, datum, err := serde.SplitRecord(payload, part, headers)
	if err != nil {
		if f := (*serde.FrameError)(nil); errors.As(err, &f) && f.Header == "" {
			return payload, nil
		}
		return nil, err
	}
	to, err := t.frame(ctx, frameOf{topic, part, frame})
	if err != nil || to == frame || len(datum) == len(payload) { // equal lengths: the frame is in a header
		return payload, err
	}
	out := make([]byte, 0, len(payload))
	return append(appendFrame(out, to), datum...), nil
}

// headers returns a record's headers with their frames translated. payload has translated
// those frames before, so the ids are cached.
func (t *Translator) headers(ctx context.Context, topic string, headers []kafka.Header, parts ...serde.Part) ([]kafka.Header, error) {
	out := headers
	for i, h := range headers {
		for _, part := range parts {
			if h.Key != frameHeader(part) {
				continue
			}
			frame, _, err := serde.SplitFrame(h.Value)
			if err != nil {
				continue // an earlier header with that name, which is ignored
			}
			to, err := t.frame(ctx, frameOf{topic, part, frame})
			if err != nil {
				return nil, err
			}
			if to != frame {
				if &out[0] == &headers[0] {
					out = append([]kafka.Header(nil), headers...)
				}
				out[i].Value = appendFrame(nil, to)
			}
		}
	}
	return out, nil
}

func frameHeader(part serde.Part) string {
	if part == serde.Key {
		return serde.KeyFrameHeader
	}
	return serde.ValueFrameHeader
}

func appendFrame(dst []byte, f serde.FrameID) []byte {
	if f.ID != 0 {
		return serde.AppendFrame(dst, f.ID)
	}
	return serde.AppendGUIDFrame(dst, f.GUID)
}

// errTranslation marks an error of the registries during a translation.
var errTranslation = errors.New("translate")

// frame translates a frame.
func (t *Translator) frame(ctx context.Context, of frameOf) (serde.FrameID, error) {
	t.mu.Lock()
	to, ok := t.translated[of]
	t.mu.Unlock()
	if ok {
		return to, nil
	}
	to, err := t.translate(ctx, of)
	if err != nil {
		return serde.FrameID{}, fmt.Errorf("%w %v: %w", errTranslation, of.frame, err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.translated[of] = to
	return to, nil
}

func (t *Translator) translate(ctx context.Context, of frameOf) (serde.FrameID, error) {
	var s *registry.SubjectSchema
	var err error
	if of.frame.ID != 0 {
		s, err = t.from.SchemaByID(ctx, "", of.frame.ID)
	} else {
		s, err = t.from.SchemaByGUID(ctx, of.frame.GUID.String())
	}
	if err != nil {
		return serde.FrameID{}, err
	}
	record := ""
	if s.Schema != nil {
		record = s.Schema.FullName()
	}
	subject, err := t.subject(of.topic, of.part, record)
	if err != nil {
		return serde.FrameID{}, err
	}
	there, err := t.register(ctx, subject, s.Definition, 0)
	if err != nil {
		return serde.FrameID{}, err
	}
	if of.frame.ID != 0 {
		if there.ID < 1 || there.ID > math.MaxInt32 {
			return serde.FrameID{}, &registry.MalformedResponseError{
				What: "subject " + subject, Reason: fmt.Sprintf("schema id %d, want 1 to %d", there.ID, math.MaxInt32),
			}
		}
		return serde.FrameID{ID: there.ID}, nil
	}
	if there.GUID == "" {
		return of.frame, nil // a GUID names a schema in every registry
	}
	guid, err := serde.ParseGUID(there.GUID)
	return serde.FrameID{GUID: guid}, err
}

// register finds or registers a definition, after its references.
func (t *Translator) register(ctx context.Context, subject string, d registry.Definition, depth int) (*registry.SubjectSchema, error) {
	const deepest = 32
	if depth > deepest {
		return nil, fmt.Errorf("references of %s go more than %d deep", subject, deepest)
	}
	refs := make([]registry.Reference, len(d.References))
	for i, ref := range d.References {
		s, err := t.from.Version(ctx, ref.Subject, ref.Version)
		if err != nil {
			return nil, err
		}
		there, err := t.register(ctx, ref.Subject, s.Definition, depth+1)
		if err != nil {
			return nil, err
		}
		refs[i] = registry.Reference{Name: ref.Name, Subject: ref.Subject, Version: there.Version}
	}
	d.References = refs
	there, err := t.to.Lookup(ctx, subject, d)
	if missing := (*registry.NotFoundError)(nil); errors.As(err, &missing) {
		if there, err = t.to.Register(ctx, subject, d); err == nil && there.Version == 0 {
			there, err = t.to.Lookup(ctx, subject, d) // the registry returned only an id
		}
	}
	return there, err
}

package avro

// WithPlainJSON makes [Codec.AppendJSON], [Codec.DecodeJSON] and [JSON] use the
// JSON that people and other programs expect instead of Avro's own:
//
//	unions                 the bare value, where its JSON tells the branch; else {"branch": value}
//	bytes, fixed           base64 (RFC 4648, with padding)
//	decimal, big-decimal   a number, exact
//	date                   "2026-02-28"
//	time-*                 "13:14:15.016"
//	timestamp-*            "2026-02-28T13:14:15.016Z", any offset when read
//	local-timestamp-*      "2026-02-28T13:14:15.016"
//	uuid                   "01234567-89ab-cdef-0123-456789abcdef"
//	duration               "P1M2DT3.004S"
//
// With [WithRawLogicalTypes] logical types are what lies underneath: numbers,
// strings and base64. Read, both forms are fine in any case.
//
// A union's branches are told apart by the kinds of their JSON: null, boolean,
// number, string, array, object. Those that share a kind are tagged, and then
// objects are too. So ["null", "long", "string"] is bare; of ["null", "long",
// "double"] null is bare and numbers are tagged.
func WithPlainJSON() Option {
	return func(c *config) { c.json.plain = true }
}

// WithJSONDefaults lets JSON leave out fields of records that have a default,
// which is then filled in. By default, as in Java, every field must be there.
func WithJSONDefaults() Option {
	return func(c *config) { c.json.defaults = true }
}

type jsonConfig struct {
	plain    bool
	defaults bool
}

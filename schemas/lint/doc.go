// Package lint finds parts of a schema that are valid but probably mistakes: attributes that every
// reader ignores, and types without a value. [Schema] checks one schema. The command "kavro lint"
// prints the findings, each with the name of its rule:
//
//	logical-type-of-field   "logicalType" beside the type of a field instead of within
//	useless-logical-type    a logical type on a type that cannot have it, or nearly the name of one
//	misspelt-attribute      an attribute that is nearly one of Avro's: "defualt", "alias", "dflt"
//	no-value                a union without branches, an enum without symbols
package lint

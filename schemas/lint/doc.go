// Package lint finds parts of a schema that are valid but probably mistakes: attributes that every
// reader ignores, and types without a value. [Schema] checks one schema. The command "kavro lint"
// prints the findings.
package lint

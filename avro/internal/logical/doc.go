// Package logical has the logical types of the specification, and what dates and times
// are as numbers.
package logical

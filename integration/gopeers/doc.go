// Package gopeers shows that kavro and the other Go libraries understand each
// other: their registry clients run sessions of their own calls against kavro's
// registry, and what their serializers write kavro reads, and the reverse.
package gopeers

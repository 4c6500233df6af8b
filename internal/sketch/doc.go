// Package sketch makes random schemas, evolutions of them, and data: what the
// laws of schemas and avro are tested on, and what they are compared with other
// libraries on.
//
// Everything comes from the *rand.Rand it is given: the same seed gives the same
// schemas and data.
package sketch

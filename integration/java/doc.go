// Package java compares kavro with Apache Avro for Java: random schemas and data,
// all that both say of them, and container files both ways.
//
// Oracle.java is the Java side, a program of ours that answers questions in JSON
// over a connection. The package has tests only.
package java

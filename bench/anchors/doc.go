// Anchors measures the Order of package bench in other languages, in turn with kavro's generated type: in
// Rust with serde_avro_fast and apache-avro, in Java with Avro's generated classes. It prints a table and writes
// it into anchors.md in the folder it is started in, bench:
//
//	go run ./anchors                    five minutes, two of them to build
//	go run ./anchors -rounds 1          a look; nothing is written
//	go run ./cmd/table -chart           chart.svg again, with the new ratios
//
// A language is left out with a line that says so where its tools are missing: cargo; mvn and java, 17 or newer.
// They fetch the libraries at the first run.
//
// # The programs
//
// The programs are in rust and java, and are built in a temporary folder. Each gets the same datum, prints a
// line of operation and library for each of its rows (Java: operation alone), and then an empty line. To a line
// "row n" on its standard input it answers with the CPU time, in nanoseconds, of n operations of that row; if n
// is 0, with the data that one operation encodes, or decodes and then encodes, in hexadecimal digits.
//
// What is measured is CPU time of the whole process: of collectors, of compilers at run time, and of memory that
// is freed. Rows take turns within a round, in slices; ratios are of one round.
package main

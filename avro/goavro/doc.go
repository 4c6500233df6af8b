// Package goavro is for programs that hold the native values of
// github.com/linkedin/goavro: unions as map[string]any{"branch": value}, decimals
// as *big.Rat. [Codec] has the methods of [avro.Codec] for them, so that such
// programs can move to kavro one value at a time.
//
// Only programs that import this package link goavro.
//
// # What is mended
//
//   - goavro reads on past the end of numbers (an int of 64 bits is cut to 32), takes
//     counts and lengths as they are, and overflows the stack on deep data: a datum is
//     validated first, and only a valid one is handed over.
//   - It returns the bytes that follow a datum: they are an error.
//   - Where Go's int has 32 bits it reads large ints as other numbers: there is no
//     such codec there.
//   - It writes some values as others: [Codec.Append] refuses them.
//   - It panics on some Go values and schemas: a panic is an error.
//   - Its errors have no types: they are wrapped in [avro.DecodeError] and
//     [avro.EncodeError].
package goavro

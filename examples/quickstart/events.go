package main

import (
	_ "embed"
	"time"

	"github.com/kavro/kavro"
)

// SourceFile is version 1 of the event: one file of Go source.
type SourceFile struct {
	Path     string    `avro:"path"`
	Package  string    `avro:"package"`
	Bytes    int64     `avro:"bytes"`
	Lines    int32     `avro:"lines"`
	Imports  []string  `avro:"imports"`
	Modified time.Time `avro:"modified"`
	Doc      *string   `avro:"doc"`
}

// SourceFileV2 is version 2: it adds a field with a default.
type SourceFileV2 struct {
	SourceFile
	Generated bool `avro:"generated"`
}

// The schemas: a program carries the ones it was written for. Version 3 is what
// nobody should do: it adds a field without a default and changes a type.
var (
	//go:embed source_file_v1.avsc
	textV1 string
	//go:embed source_file_v2.avsc
	textV2 string
	//go:embed source_file_v3.avsc
	textV3 string

	schemaV1 = kavro.MustParseSchema(textV1)
	schemaV2 = kavro.MustParseSchema(textV2)
	schemaV3 = kavro.MustParseSchema(textV3)
)

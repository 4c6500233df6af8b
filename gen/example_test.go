package gen_test

import (
	"fmt"
	"strings"

	"github.com/kavro/kavro/gen"
	"github.com/kavro/kavro/schemas"
)

// An event in one file of package events.
func ExampleGenerate() {
	s := schemas.MustParse(`{"type": "record", "name": "Click", "fields": [
		{"name": "user_id", "type": "long"},
		{"name": "page", "type": ["null", "string"]}]}`)
	files, err := gen.Generate([]gen.Input{{Name: "click.avsc", Schema: s}})
	if err != nil {
		panic(err)
	}
	fmt.Println(files[0].Path)
	_, after, _ := strings.Cut(string(files[0].Content), "type Click ")
	body, _, _ := strings.Cut(after, "\n}")
	fmt.Println("type Click " + body + "\n}")
	// Output:
	// click_avro.go
	// type Click struct {
	// 	UserID int64   `avro:"user_id" json:"user_id"`
	// 	Page   *string `avro:"page" json:"page"`
	// }
}

// Picture draws docs/packages.svg, the packages and the imports between them, and
// docs/ways.svg, the ways of a record and of a schema:
//
//	go run ./internal/picture docs
package main

import (
	"log"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: go run ./internal/picture FOLDER")
	}
	pictures, err := draw(".")
	if err != nil {
		log.Fatal(err)
	}
	for name, svg := range pictures {
		if err := os.WriteFile(filepath.Join(os.Args[1], name), svg, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}

// draw returns the pictures by the names of their files. root is the folder of the root module.
func draw(root string) (map[string][]byte, error) {
	g, err := packages(root)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{"packages.svg": g.svg(), "ways.svg": waysSVG()}, nil
}

// A program that reads a header with an old golang.org/x/text, for images that hold a Go binary.
package main

import (
	"fmt"
	"os"

	"golang.org/x/text/language"
)

func main() {
	tags, _, err := language.ParseAcceptLanguage(os.Getenv("HTTP_ACCEPT_LANGUAGE"))
	fmt.Println(tags, err)
}

package memory

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/kavro/kavro/internal/exactjson"
	"github.com/kavro/kavro/internal/jsontext"
)

// readBody decodes a JSON body of at most limit bytes into v.
func readBody(w http.ResponseWriter, r *http.Request, limit int64, v any) error {
	if err := checkContentType(r); err != nil {
		return err
	}
	body, err := readAll(w, r, limit)
	if err != nil {
		return err
	}
	text := bytes.TrimSpace(body)
	if len(text) == 0 {
		return errHTTP(http.StatusUnprocessableEntity, "The request body may not be empty")
	}
	if err := checkJSON(body); err != nil {
		return err
	}
	if err := exactjson.Decode(body, v); err != nil {
		return errHTTP(http.StatusBadRequest, "Malformed request: "+malformed(err))
	}
	if bytes.Equal(text, []byte("null")) {
		return errHTTP(http.StatusUnprocessableEntity, "The request body may not be null")
	}
	return nil
}

// checkContentType accepts the types that a registry knows. An absent one means JSON,
// but not from a browser: there any page may send a body without a type, to any server
// and without asking it first, which it must for those types.
func checkContentType(r *http.Request) error {
	t := strings.TrimSpace(r.Header.Get("Content-Type"))
	if t == "" {
		if len(r.Header["Origin"]) > 0 || len(r.Header["Sec-Fetch-Site"]) > 0 {
			return errMediaType()
		}
		return nil
	}
	media, _, err := mime.ParseMediaType(t)
	if err != nil || media != "application/json" && media != "application/octet-stream" &&
		!(strings.HasPrefix(media, "application/vnd.schemaregistry") && strings.HasSuffix(media, "+json")) {
		return errMediaType()
	}
	return nil
}

func errMediaType() error {
	return errHTTP(http.StatusUnsupportedMediaType, "HTTP 415 Unsupported Media Type")
}

// readAll reads a body, or takes one that was read by the server around the handler.
func readAll(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if held, ok := r.Body.(interface{ Bytes() []byte }); ok && int64(len(held.Bytes())) <= limit {
		return held.Bytes(), nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if err == nil {
		return body, nil
	}
	if errors.As(err, new(*http.MaxBytesError)) {
		return nil, errHTTP(http.StatusRequestEntityTooLarge, "Request body is too large")
	}
	return nil, errHTTP(http.StatusBadRequest, "The body cannot be read")
}

// maxValues is how many values and keys a body may hold: decoded, an empty object may
// take a hundred times the space of its text.
const maxValues = 100_000

// checkJSON refuses a body that decoding would change without a word: bytes that are
// not UTF-8 and halves of surrogate pairs, which would become U+FFFD, and keys that are
// there twice, of which one would be lost. Whether it is JSON is left to decoding.
func checkJSON(body []byte) error {
	if !utf8.Valid(body) && json.Valid(body) {
		return errNotText("it is not valid UTF-8")
	}
	var keys []map[string]bool // of the objects around; nil for an array
	key, values := false, 0    // whether a string would be a key
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '{':
			keys = append(keys, map[string]bool{})
			key = true
		case '[':
			keys = append(keys, nil)
			key = false
		case '}', ']':
			keys = keys[:max(len(keys)-1, 0)]
			key = false
			continue
		case ',':
			key = len(keys) > 0 && keys[len(keys)-1] != nil
		case ':':
			key = false
			continue
		case '"':
			size := jsontext.StringSize(body[i:])
			if loneSurrogate(string(body[i : i+size])) {
				return errNotText("it has half of a surrogate pair")
			}
			if key {
				if err := addKey(keys, body[i:i+size]); err != nil {
					return err
				}
			}
			i += size - 1
			continue
		default:
			continue
		}
		if values++; values > maxValues {
			return errHTTP(http.StatusBadRequest, fmt.Sprintf("Malformed request: more than %d values", maxValues))
		}
	}
	return nil
}

func errNotText(why string) error {
	return errHTTP(http.StatusUnprocessableEntity, "The request body cannot be read: "+why)
}

// addKey notes a key of the innermost object.
func addKey(keys []map[string]bool, quoted []byte) error {
	var name string
	if json.Unmarshal(quoted, &name) != nil {
		return nil // decoding says so
	}
	innermost := keys[len(keys)-1]
	if innermost[name] {
		return errHTTP(http.StatusBadRequest, "Malformed request: "+strconv.Quote(name)+" is there twice")
	}
	innermost[name] = true
	return nil
}

// loneSurrogate reports whether a JSON text has an escape that is half of a pair,
// without the other.
func loneSurrogate(quoted string) bool {
	if !strings.Contains(quoted, `\u`) {
		return false
	}
	unit := func(at int) (rune, bool) { // the escape at a place, if it is one of four digits
		if at+6 > len(quoted) || quoted[at] != '\\' || quoted[at+1] != 'u' {
			return 0, false
		}
		n, err := strconv.ParseUint(quoted[at+2:at+6], 16, 16)
		return rune(n), err == nil
	}
	for i := 0; i < len(quoted); i++ {
		if quoted[i] != '\\' {
			continue
		}
		first, ok := unit(i)
		switch {
		case !ok:
			i++
		case !utf16.IsSurrogate(first):
			i += 5
		default:
			second, ok := unit(i + 6)
			if !ok || utf16.DecodeRune(first, second) == utf8.RuneError {
				return true
			}
			i += 11
		}
	}
	return false
}

// malformed says what is wrong with a body, without the names of our types.
func malformed(err error) string {
	wrong, is := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case !is:
		return err.Error()
	case wrong.Field == "":
		return "a JSON " + wrong.Value + ", want an object"
	}
	return wrong.Field + " is a JSON " + wrong.Value
}

package extensions

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// kind is what a JSON value is, in words for people.
type kind string

const (
	isObject kind = "an object"
	isList   kind = "a list"
	isString kind = "a string"
	isNumber kind = "a number"
	isBool   kind = "a boolean"
	isNull   kind = "null"
)

// node is a JSON value that knows where it stands. encoding/json alone tells the place of few errors, takes keys in
// any case and lets the last of two equal keys win; for a list of permissions that is too relaxed.
type node struct {
	kind       kind
	start, end int
	// text is a string's content, or a number as it was written.
	text string
	// parent and key or index say where the value belongs. keyStart is where the key was written.
	parent   *node
	key      string
	keyStart int
	index    int
	// members are an object's values in the order they were written, or a list's items.
	members []*node
}

// document is a JSON text and its tree.
type document struct {
	text []byte
	root *node
}

// parseDocument reads a JSON text. Its error is a single problem.
func parseDocument(text []byte) (*document, *Problem) {
	d := &document{text: bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))}
	if at := firstInvalid(d.text); at >= 0 {
		return nil, d.problem(at, "", "not JSON: the byte %#x is no UTF-8; save the file as UTF-8", d.text[at])
	}
	if len(bytes.TrimSpace(d.text)) == 0 {
		return nil, d.problem(0, "", "the file is empty")
	}
	// The whole text is checked first: after this, reading tokens cannot fail.
	var raw json.RawMessage
	if err := json.Unmarshal(d.text, &raw); err != nil {
		at := len(d.text)
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) && syntax.Error() != "unexpected end of JSON input" {
			at = int(syntax.Offset) - 1
		}
		return nil, d.problem(at, "", "not JSON: %s", err)
	}
	r := treeReader{text: d.text, decoder: json.NewDecoder(bytes.NewReader(d.text))}
	r.decoder.UseNumber()
	var err error
	if d.root, err = r.value(&node{index: -1}); err != nil {
		return nil, d.problem(int(r.decoder.InputOffset()), "", "not JSON: %s", err)
	}
	return d, nil
}

// firstInvalid finds the first byte that is no UTF-8, or -1.
func firstInvalid(text []byte) int {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

// problem makes a problem at a byte of the text.
func (d *document) problem(at int, field, format string, args ...any) *Problem {
	before := d.text[:min(max(at, 0), len(d.text))]
	line := bytes.LastIndexByte(before, '\n') + 1
	return &Problem{
		File:   ManifestFile,
		Line:   bytes.Count(before, []byte("\n")) + 1,
		Column: utf8.RuneCount(before[line:]) + 1,
		Field:  field,
		Text:   fmt.Sprintf(format, args...),
	}
}

// raw is the JSON of a value as it was written.
func (d *document) raw(n *node) json.RawMessage { return bytes.Clone(d.text[n.start:n.end]) }

// path is where a value belongs: `permissions.methods[2]`.
func (n *node) path() string {
	var parts []string
	for ; n.parent != nil; n = n.parent {
		switch {
		case n.index >= 0:
			parts = append(parts, "["+strconv.Itoa(n.index)+"]")
		case tokenProblem(strings.ToLower(n.key)) == "":
			parts = append(parts, "."+n.key)
		default:
			parts = append(parts, "["+quote(n.key)+"]")
		}
	}
	var b strings.Builder
	for _, part := range slices.Backward(parts) {
		b.WriteString(part)
	}
	return strings.TrimPrefix(b.String(), ".")
}

type treeReader struct {
	text    []byte
	decoder *json.Decoder
}

// next reads a token and where it starts.
func (r *treeReader) next() (token json.Token, start int, err error) {
	start = int(r.decoder.InputOffset())
	for start < len(r.text) && strings.IndexByte(" \t\r\n,:", r.text[start]) >= 0 {
		start++
	}
	token, err = r.decoder.Token()
	return token, start, err
}

// value fills n, which has its place, with the value that comes next.
func (r *treeReader) value(n *node) (*node, error) {
	token, start, err := r.next()
	if err != nil {
		return nil, err
	}
	n.start = start
	switch token := token.(type) {
	case json.Delim:
		n.kind = isList
		if token == '{' {
			n.kind = isObject
		}
		err = r.members(n)
	case string:
		n.kind, n.text = isString, token
	case json.Number:
		n.kind, n.text = isNumber, token.String()
	case bool:
		n.kind = isBool
	case nil:
		n.kind = isNull
	}
	n.end = int(r.decoder.InputOffset())
	return n, err
}

func (r *treeReader) members(n *node) error {
	for r.decoder.More() {
		member := &node{parent: n, index: -1}
		if n.kind == isObject {
			key, start, err := r.next()
			if err != nil {
				return err
			}
			member.key, _ = key.(string)
			member.keyStart = start
		} else {
			member.index = len(n.members)
		}
		if _, err := r.value(member); err != nil {
			return err
		}
		n.members = append(n.members, member)
	}
	_, _, err := r.next()
	return err
}

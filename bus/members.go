package bus

import (
	"bytes"
	"encoding/json"
	"errors"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// errNotScanned says that a text is nothing that the quick way reads; the thorough way may.
var errNotScanned = errors.New("no plain JSON object")

// members calls each with the members of a JSON object: the key without its quotes, and the text of the value. It finds
// where values end and does not check them. A follower of all jobs reads some of many members, which encoding/json does at
// a tenth of the speed.
func members(text []byte, each func(key, value []byte) error) error {
	i := space(text, 0)
	if i >= len(text) || text[i] != '{' {
		return errNotScanned
	}
	i = space(text, i+1)
	if i < len(text) && text[i] == '}' {
		return nil
	}
	for i < len(text) && text[i] == '"' {
		end := stringEnd(text, i)
		if end < 0 {
			return errNotScanned
		}
		key := text[i+1 : end-1]
		if bytes.IndexByte(key, '\\') >= 0 {
			return errNotScanned
		}
		i = space(text, end)
		if i >= len(text) || text[i] != ':' {
			return errNotScanned
		}
		i = space(text, i+1)
		end = valueEnd(text, i)
		if end <= i {
			return errNotScanned
		}
		if err := each(key, text[i:end]); err != nil {
			return err
		}
		i = space(text, end)
		switch {
		case i >= len(text):
			return errNotScanned
		case text[i] == '}':
			return nil
		case text[i] != ',':
			return errNotScanned
		}
		i = space(text, i+1)
	}
	return errNotScanned
}

func space(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\n' || text[i] == '\t' || text[i] == '\r') {
		i++
	}
	return i
}

// stringEnd is the index behind the string that begins at i, or -1.
func stringEnd(text []byte, i int) int {
	for i++; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// valueEnd is the index behind the value that begins at i, or -1.
func valueEnd(text []byte, i int) int {
	depth := 0
	for i < len(text) {
		switch text[i] {
		case '"':
			if i = stringEnd(text, i); i < 0 {
				return -1
			}
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\n', '\t', '\r':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return -1
}

// isNull tells whether a value says that there is none.
func isNull(value []byte) bool { return string(value) == "null" }

// textOf is the string that a value is.
func textOf(value []byte) (string, error) {
	if len(value) < 2 || value[0] != '"' {
		return "", errNotScanned
	}
	plain := value[1 : len(value)-1]
	for _, c := range plain {
		if c == '\\' || c < ' ' || c >= utf8.RuneSelf {
			var text string
			err := json.Unmarshal(value, &text)
			return text, err
		}
	}
	return string(plain), nil
}

func uuidOf(value []byte) (uuid.UUID, error) {
	if len(value) != 38 || value[0] != '"' {
		return uuid.Nil, errNotScanned
	}
	return uuid.ParseBytes(value[1:37])
}

// timeOf is the time that a value is.
func timeOf(value []byte) (at time.Time, err error) {
	if len(value) < 2 || value[0] != '"' {
		return at, errNotScanned
	}
	err = at.UnmarshalText(value[1 : len(value)-1])
	return at, err
}

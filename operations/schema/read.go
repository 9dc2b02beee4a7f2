package schema

import (
	"bytes"
	"errors"
	"io"
	"math"

	"github.com/go-json-experiment/json/jsontext"
)

// read makes a value of a document: of the kinds that encoding/json makes of one for any. A number that a float64 cannot hold is the largest
// there is, of its sign: to be compared it need not be exact, and made exact 1e999999999 would fill the memory.
func read(document []byte) (any, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(document))
	value, err := next(d)
	if errors.Is(err, io.EOF) {
		err = &jsontext.SyntacticError{ByteOffset: int64(len(document)), Err: io.ErrUnexpectedEOF}
	}
	if err != nil {
		return nil, err
	}
	switch _, err := d.ReadToken(); {
	case errors.Is(err, io.EOF):
		return value, nil
	case err != nil:
		return nil, err
	default:
		return nil, &jsontext.SyntacticError{ByteOffset: d.InputOffset(), Err: errors.New("there is something after the value")}
	}
}

// next reads the next value.
func next(d *jsontext.Decoder) (any, error) {
	token, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case '{':
		object := map[string]any{}
		for d.PeekKind() != '}' {
			name, err := d.ReadToken()
			if err != nil {
				return nil, err
			}
			key := name.String()
			if object[key], err = next(d); err != nil {
				return nil, err
			}
		}
		_, err := d.ReadToken()
		return object, err
	case '[':
		array := []any{}
		for d.PeekKind() != ']' {
			item, err := next(d)
			if err != nil {
				return nil, err
			}
			array = append(array, item)
		}
		_, err := d.ReadToken()
		return array, err
	case '"':
		return token.String(), nil
	case '0':
		number, _ := token.Float() // its error is that it does not fit
		return math.Max(-math.MaxFloat64, math.Min(math.MaxFloat64, number)), nil
	case 't', 'f':
		return token.Bool(), nil
	default:
		return nil, nil //nolint:nilnil // that is what null is
	}
}

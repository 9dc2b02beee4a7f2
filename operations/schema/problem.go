package schema

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// maxPlace bounds a place that an error names: the names of fields come from who sent the document.
const maxPlace = 200

// leaves are the sentences of the problems that have no more precise cause.
func leaves(e *validator.ValidationError, to []string) []string {
	if len(e.Causes) == 0 {
		return append(to, sentence(e))
	}
	for _, cause := range e.Causes {
		to = leaves(cause, to)
	}
	return to
}

func sentence(e *validator.ValidationError) string {
	var pointer strings.Builder
	for _, name := range e.InstanceLocation {
		pointer.WriteString("/" + escape(name))
	}
	return place(pointer.String()) + ": " + problem(e.ErrorKind)
}

func problem(k validator.ErrorKind) string {
	switch k := k.(type) {
	case *kind.Type:
		return fmt.Sprintf("want %s, got %s", words(k.Want), article(k.Got))
	case *kind.Required:
		return "missing: " + strings.Join(k.Missing, ", ")
	case *kind.Enum:
		return "want one of " + values(k.Want)
	case *kind.Minimum:
		return "want at least " + number(k.Want)
	case *kind.Maximum:
		return "want at most " + number(k.Want)
	case *kind.MinLength:
		return fmt.Sprintf("want at least %d characters, got %d", k.Want, k.Got)
	case *kind.MaxLength:
		return fmt.Sprintf("want at most %d characters, got %d", k.Want, k.Got)
	case *kind.MinItems:
		return fmt.Sprintf("want at least %d items, got %d", k.Want, k.Got)
	case *kind.MaxItems:
		return fmt.Sprintf("want at most %d items, got %d", k.Want, k.Got)
	case *kind.Format:
		if name := map[string]string{"uuid": "a UUID", "date-time": "a time of RFC 3339"}[k.Want]; name != "" {
			return "want " + name
		}
		return fmt.Sprintf("want what JSON Schema calls %q", k.Want)
	case *kind.ContentEncoding:
		return fmt.Sprintf("bytes are not base64 (standard alphabet, padded): %v", k.Err)
	default:
		return k.LocalizedString(message.NewPrinter(language.English))
	}
}

// words are the types of a schema as people call them.
func words(types []string) string {
	types = slices.DeleteFunc(slices.Clone(types), func(t string) bool { return t == "null" })
	for i, t := range types {
		types[i] = article(t)
	}
	return strings.Join(types, " or ")
}

// article is a type of JSON with its article.
func article(name string) string {
	switch name {
	case "string":
		return "text"
	case "boolean":
		return "true or false"
	case "integer":
		return "a whole number"
	case "number":
		return "a number"
	case "array", "object":
		return "an " + name
	default:
		return name
	}
}

func values(enum []any) string {
	var all []string
	for _, v := range enum {
		if v != nil {
			all = append(all, fmt.Sprint(v))
		}
	}
	return strings.Join(all, ", ")
}

func number(n *big.Rat) string {
	f, _ := n.Float64()
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// place is what an error calls a JSON pointer.
func place(pointer string) string {
	if len(pointer) > maxPlace {
		pointer = strings.ToValidUTF8(pointer[:maxPlace], "") + "…"
	}
	if pointer == "" {
		return "input"
	}
	return "input " + pointer
}

// escape writes a name as a JSON pointer has it.
func escape(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}

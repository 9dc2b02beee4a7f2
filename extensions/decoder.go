package extensions

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
)

const (
	// maxFindings bounds how many problems, and how many warnings, one manifest can have.
	maxFindings = 20
	maxText     = 4096
)

// decoder reads values out of a document. It collects what is wrong and goes on, so that an author sees all at once.
type decoder struct {
	*document
	problems []Problem
	warnings []string
	// What is found beyond maxFindings is only counted.
	unsaidProblems, unsaidWarnings int
}

func (d *decoder) fail(n *node, format string, args ...any) {
	if len(d.problems) == maxFindings {
		d.unsaidProblems++
		return
	}
	d.problems = append(d.problems, *d.problem(n.start, n.path(), format, args...))
}

func (d *decoder) warn(at int, field, format string, args ...any) {
	if len(d.warnings) == maxFindings {
		d.unsaidWarnings++
		return
	}
	d.warnings = append(d.warnings, d.problem(at, field, format, args...).String())
}

// finish says how much was left unsaid.
func (d *decoder) finish() {
	if d.unsaidProblems > 0 {
		d.problems = append(d.problems, Problem{File: ManifestFile, Text: fmt.Sprintf("%d more problems are not listed", d.unsaidProblems)})
	}
	if d.unsaidWarnings > 0 {
		d.warnings = append(d.warnings, fmt.Sprintf("%s: %d more warnings are not listed", ManifestFile, d.unsaidWarnings))
	}
}

// fields says what reads the value of which key.
type fields map[string]func(*node)

// object reads an object. null counts as absent, an unknown key is warned of, one that is written twice is a problem.
func (d *decoder) object(n *node, known fields) {
	if !d.is(n, isObject) {
		return
	}
	seen := make(map[string]bool, len(n.members))
	for _, member := range n.members {
		read := known[member.key]
		switch {
		case seen[member.key]:
			d.fail(member, "the key is written twice: keep one")
		case read == nil:
			d.warn(member.keyStart, member.path(), "this host does not know the key: it is kept and has no effect")
		case member.kind != isNull:
			read(member)
		}
		seen[member.key] = true
	}
}

// require reports keys that an object lacks.
func (d *decoder) require(n *node, example string, keys ...string) {
	for _, key := range keys {
		if n.kind == isObject && n.member(key) == nil {
			d.fail(n, "the key %q is missing; %s", key, example)
		}
	}
}

// member is the value of a key, and nil when there is none or it is null.
func (n *node) member(key string) *node {
	for _, member := range n.members {
		if member.key == key && member.kind != isNull {
			return member
		}
	}
	return nil
}

// is reports whether a value is of a kind, and a problem when it is not.
func (d *decoder) is(n *node, want kind) bool {
	if n.kind == want {
		return true
	}
	d.wrongType(n, string(want))
	return false
}

func (d *decoder) wrongType(n *node, want string) {
	got := string(n.kind)
	if n.kind == isString || n.kind == isNumber {
		got += " (" + quote(n.text) + ")"
	}
	d.fail(n, "want %s, got %s", want, got)
}

// list reads a list of at most maxListed items.
func (d *decoder) list(read func(*node)) func(*node) {
	return func(n *node) {
		if !d.is(n, isList) {
			return
		}
		if len(n.members) > maxListed {
			d.fail(n, "the list has %d items, at most %d are allowed", len(n.members), maxListed)
			return
		}
		for _, item := range n.members {
			read(item)
		}
	}
}

// checked reads a string and hands it to a check, whose error is the problem.
func (d *decoder) checked(use func(string) error) func(*node) {
	return func(n *node) {
		if !d.is(n, isString) {
			return
		}
		if err := use(n.text); err != nil {
			d.fail(n, "%s", err)
		}
	}
}

// line reads a text for people that fits on one line; what could play tricks on a terminal is refused.
func (d *decoder) line(into *string) func(*node) { return d.text(into, "") }

// lines reads a text for people.
func (d *decoder) lines(into *string) func(*node) { return d.text(into, "\n\t") }

func (d *decoder) text(into *string, allowed string) func(*node) {
	return d.checked(func(text string) error {
		if len(text) > maxText {
			return fmt.Errorf("the text has %d bytes, at most %d are allowed", len(text), maxText)
		}
		for _, r := range text {
			if (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) && !strings.ContainsRune(allowed, r) {
				return fmt.Errorf("the text holds the control character %+q: remove it", r)
			}
		}
		*into = text
		return nil
	})
}

// integer reads a whole number from 0 to limit. 0 leaves the default that into holds.
func (d *decoder) integer(into *int, limit int, unit string) func(*node) {
	return func(n *node) {
		if !d.is(n, isNumber) {
			return
		}
		number, err := strconv.ParseInt(n.text, 10, 64)
		switch {
		case strings.HasPrefix(n.text, "-"):
			d.fail(n, "%s is negative: write a number of %s, or leave it out", n.text, unit)
		case err != nil && strings.Trim(n.text, "0123456789") != "":
			d.wrongType(n, "a whole number")
		case err != nil || number > int64(limit):
			d.fail(n, "%s is too much: at most %d %s are possible", quote(n.text), limit, unit)
		case number == 0 && *into != 0:
			d.warn(n.start, n.path(), "0 means the default, %d %s", *into, unit)
		default:
			*into = int(number)
		}
	}
}

func (d *decoder) boolean(use func(bool)) func(*node) {
	return func(n *node) {
		if d.is(n, isBool) {
			use(string(d.raw(n)) == "true")
		}
	}
}

// duration reads a duration as Go writes it.
func (d *decoder) duration(into *time.Duration) func(*node) {
	return d.checked(func(text string) error {
		duration, err := time.ParseDuration(text)
		if err != nil || duration < 0 || duration > math.MaxInt64/2 {
			return fmt.Errorf(`%s is no duration: write a number and a unit, such as "90s", "5m" or "1h30m"`, quote(text))
		}
		*into = duration
		return nil
	})
}

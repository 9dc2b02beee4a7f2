package capabilities

import (
	"fmt"
	"strings"
)

// maxPatterns bounds what a call may have to be compared with.
const maxPatterns = 256

// Pattern grants methods: one operation ("ai.ocr"), one version of it ("ai.ocr.v1"), all that is below a name ("vdfs." or
// "vdfs.*"), or a whole kind ("query:"). A kind in front restricts it to that kind. The zero Pattern grants nothing.
type Pattern struct {
	text string
	// kind is empty when both are meant.
	kind Kind
	// name is the operation; with below, a prefix that ends in a dot and is empty for a whole kind.
	name    string
	version string
	below   bool
}

// String is the pattern as it was written.
func (p Pattern) String() string { return p.text }

// ParsePattern reads a pattern of methods.
//
// # Errors
//
// *PatternError, whose sentence names the pattern, says what is wrong and what to write.
func ParsePattern(text string) (Pattern, error) {
	malformed := func(format string, args ...any) (Pattern, error) {
		return Pattern{}, &PatternError{Pattern: text, Problem: fmt.Sprintf(format, args...)}
	}
	if len(text) > maxMethod {
		return malformed("it has %d bytes, at most %d are allowed", len(text), maxMethod)
	}
	p := Pattern{text: text}
	name := text
	if kind, rest, found := strings.Cut(text, ":"); found {
		if !isKind(Kind(kind)) {
			return malformed(`what stands before ":" is neither "query" nor "action"`)
		}
		if p.kind, name = Kind(kind), rest; name == "" {
			p.below = true
			return p, nil
		}
	}
	if strings.Trim(name, ".*>") == "" {
		if p.kind == "" {
			return malformed(`it names no operation; to grant everything but sensitive operations, write the two patterns "query:" and "action:"`)
		}
		return malformed("it names no operation; to grant the whole kind, write %q", string(p.kind)+":")
	}
	if prefix, ok := cutBelow(name); ok {
		if problem := tokenProblem(prefix); problem != "" {
			return malformed("%s", problem)
		}
		p.name, p.below = prefix+".", true
		return p, nil
	}
	if prefix := strings.TrimRight(name, ".*>"); prefix != name && tokenProblem(prefix) == "" {
		whole := strings.TrimSuffix(text, name) + prefix
		return malformed("it matches whole parts between dots; write %q for all that is below %q, or the full name of an operation", whole+".", whole)
	}
	var problem string
	if p.name, p.version, problem = splitName(name); problem != "" {
		return malformed("%s", problem)
	}
	return p, nil
}

// cutBelow takes a trailing "." or ".*" off.
func cutBelow(name string) (prefix string, ok bool) {
	if prefix, ok = strings.CutSuffix(name, ".*"); ok {
		return prefix, true
	}
	return strings.CutSuffix(name, ".")
}

// Matches reports whether the pattern grants the method.
func (p Pattern) Matches(m Method) bool { return p.matches(m, IsSensitive(m.Operation)) }

func (p Pattern) matches(m Method, sensitive bool) bool {
	switch {
	case p.text == "" || p.kind != "" && p.kind != m.Kind:
		return false
	case p.below:
		return !sensitive && strings.HasPrefix(m.Operation, p.name)
	default:
		return p.name == m.Operation && (p.version == "" || p.version == m.Version)
	}
}

// suits reports whether the pattern is for the method's kind, version and sensitivity, given that its name is for the operation.
// To deny, it is for all that it might mean: sensitive operations too, and methods that leave the version to the service.
func (p *Pattern) suits(m *Method, sensitive, deny bool) bool {
	switch {
	case p.kind != "" && p.kind != m.Kind:
		return false
	case p.below:
		return deny || !sensitive
	default:
		return p.version == "" || p.version == m.Version || deny && m.Version == ""
	}
}

// Patterns is a list of patterns; it grants what one of them grants.
type Patterns []Pattern

// ParsePatterns reads all patterns of a manifest. One that is malformed makes all of them useless.
//
// # Errors
//
// As ParsePattern; more than 256 patterns.
func ParsePatterns(texts []string) (Patterns, error) {
	if len(texts) > maxPatterns {
		return nil, fmt.Errorf("%d method patterns, at most %d are allowed; grant a prefix such as \"vdfs.\" instead of each operation", len(texts), maxPatterns)
	}
	patterns := make(Patterns, 0, len(texts))
	for _, text := range texts {
		p, err := ParsePattern(text)
		if err != nil {
			return nil, err
		}
		patterns = append(patterns, p)
	}
	return patterns, nil
}

// Match returns the first pattern that grants the method.
func (ps Patterns) Match(m Method) (Pattern, bool) { return ps.match(m, IsSensitive(m.Operation)) }

func (ps Patterns) match(m Method, sensitive bool) (Pattern, bool) {
	for i := range ps {
		if ps[i].matches(m, sensitive) {
			return ps[i], true
		}
	}
	return Pattern{}, false
}

// PatternError says why a text is not a method pattern.
type PatternError struct {
	Pattern string
	Problem string
}

// Error quotes the pattern, shortened and with control characters escaped.
func (e *PatternError) Error() string {
	return fmt.Sprintf("method pattern %s: %s", quote(e.Pattern), e.Problem)
}

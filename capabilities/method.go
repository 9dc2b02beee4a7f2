package capabilities

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Kind says what a method does to the world: a query reads, an action changes.
type Kind string

// The two kinds of method.
const (
	Query  Kind = "query"
	Action Kind = "action"
)

const (
	maxMethod = 128
	maxToken  = 64
)

// Method is what a guest calls: "query:ai.ocr.v1" is version v1 of the operation ai.ocr, which reads.
type Method struct {
	Kind      Kind
	Operation string
	// Version is "v1", "v2" …, or empty when the method names none.
	Version string
}

// String writes the method the short way, without ".input". [ParseMethod] reads it back.
func (m Method) String() string {
	if m.Version == "" {
		return string(m.Kind) + ":" + m.Operation
	}
	return string(m.Kind) + ":" + m.Operation + "." + m.Version
}

// ParseMethod reads a method as a guest names it: a kind, an operation of tokens separated by dots, and perhaps ".input" and
// a version, which are no part of the operation. The text is untrusted; what comes back holds only a-z, 0-9, "_", "-" and
// single dots between them.
//
// # Errors
//
// *MethodError, whose sentence may be shown to a guest and logged, whatever the text was.
func ParseMethod(text string) (Method, error) {
	if len(text) > maxMethod {
		return Method{}, &MethodError{Method: text, Problem: fmt.Sprintf("it has %d bytes, at most %d are allowed", len(text), maxMethod)}
	}
	kind, name, found := strings.Cut(text, ":")
	if !found || !isKind(Kind(kind)) {
		return Method{}, &MethodError{Method: text, Problem: `it does not begin with "query:" or "action:"`}
	}
	operation, version, problem := splitName(name)
	if problem != "" {
		return Method{}, &MethodError{Method: text, Problem: problem}
	}
	return Method{Kind: Kind(kind), Operation: operation, Version: version}, nil
}

// MethodError says why a text is not a method.
type MethodError struct {
	Method  string
	Problem string
}

// Error quotes the method, shortened and with control characters escaped.
func (e *MethodError) Error() string {
	return fmt.Sprintf("method %s: %s; write a method like query:ai.ocr or action:vdfs.write_sidecar.v1", quote(e.Method), e.Problem)
}

func isKind(k Kind) bool { return k == Query || k == Action }

// wellFormed reports whether the method could have come from ParseMethod. Authorize asks, because fields can be set by hand.
func (m Method) wellFormed() bool {
	length := len(m.Kind) + len(":") + len(m.Operation)
	if m.Version != "" {
		length += len(".") + len(m.Version)
	}
	if length > maxMethod || !isKind(m.Kind) || m.Version != "" && (!isVersion(m.Version) || versionProblem(m.Version) != "") {
		return false
	}
	if tokenProblem(m.Operation) != "" {
		return false
	}
	_, last := cutLast(m.Operation)
	return last == "" || !isVersion(last) && last != "input"
}

// splitName takes ".input" and the version off a dotted name. What remains never ends in another such suffix, so that one
// operation has one name. The problem is empty when there is none.
func splitName(name string) (operation, version, problem string) {
	if problem := tokenProblem(name); problem != "" {
		return "", "", problem
	}
	operation = name
	if head, last := cutLast(operation); isVersion(last) {
		operation, version = head, last
	}
	if head, last := cutLast(operation); last == "input" {
		operation = head
	}
	if operation == "" {
		return "", "", "it names no operation"
	}
	if _, last := cutLast(operation); isVersion(last) || last == "input" {
		return "", "", fmt.Sprintf("after the operation there may be one \".input\" and then one version, but %q is left over", last)
	}
	return operation, version, versionProblem(version)
}

// tokenProblem says what is wrong with a dotted name, and nothing when all its tokens are fine.
func tokenProblem(name string) string {
	start := 0
	for i := 0; i <= len(name); i++ {
		if i < len(name) && name[i] != '.' {
			if !isTokenByte(name[i]) {
				return characterProblem(name[i:])
			}
			continue
		}
		switch length := i - start; {
		case length == 0 && name == "":
			return "it names no operation"
		case length == 0:
			return "it has an empty part: a dot stands at the start, at the end or beside another"
		case length > maxToken:
			return fmt.Sprintf("a part of it has %d bytes, at most %d are allowed", length, maxToken)
		}
		start = i + 1
	}
	return ""
}

func characterProblem(rest string) string {
	r, _ := utf8.DecodeRuneInString(rest)
	return fmt.Sprintf("%+q is not allowed: only a-z, 0-9, \"_\" and \"-\" are, in parts separated by dots", r)
}

func isTokenByte(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_' || c == '-'
}

func versionProblem(version string) string {
	if len(version) > len("v0") && version[1] == '0' {
		return fmt.Sprintf("the version %q has a leading zero", version)
	}
	if len(version) > maxToken {
		return "the version is too long"
	}
	return ""
}

// isVersion reports whether a token is "v" and digits.
func isVersion(token string) bool {
	if len(token) < 2 || token[0] != 'v' {
		return false
	}
	for i := 1; i < len(token); i++ {
		if token[i] < '0' || token[i] > '9' {
			return false
		}
	}
	return true
}

// cutLast splits a dotted name before its last token.
func cutLast(name string) (head, last string) {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		return name[:i], name[i+1:]
	}
	return "", name
}

// quote makes untrusted text fit for one line of a log: escaped, and not longer than a method may be.
func quote(text string) string {
	if len(text) > maxMethod {
		return fmt.Sprintf("%+q…", text[:maxMethod])
	}
	return fmt.Sprintf("%+q", text)
}

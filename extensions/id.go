package extensions

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

const maxName = 64

// ID names an extension: 1 to 64 lower-case letters, digits, "-" and ".", without an empty part between dots.
type ID string

// ParseID reads an extension's id.
func ParseID(text string) (ID, error) {
	switch {
	case text == "":
		return "", fmt.Errorf("extension id is empty: write 1 to %d of a-z, 0-9, \"-\" and \".\"", maxName)
	case len(text) > maxName:
		return "", fmt.Errorf("extension id %s has %d bytes, at most %d are allowed", quote(text), len(text), maxName)
	}
	if i := strings.IndexFunc(text, func(r rune) bool { return !isLetterOrDigit(r) && r != '-' && r != '.' }); i >= 0 {
		return "", fmt.Errorf("extension id %s: %s is not allowed, only a-z, 0-9, \"-\" and \".\" are", quote(text), quoteFirst(text[i:]))
	}
	if strings.HasPrefix(text, ".") || strings.HasSuffix(text, ".") || strings.Contains(text, "..") {
		return "", fmt.Errorf("extension id %s has an empty part: a dot stands at the start, at the end or beside another", quote(text))
	}
	return ID(text), nil
}

// Token is the id as one token of a subject: "." becomes "_", which no id contains.
func (id ID) Token() string { return strings.ReplaceAll(string(id), ".", "_") }

// ParseToken reads back what [ID.Token] wrote.
func ParseToken(token string) (ID, error) {
	if strings.Contains(token, ".") {
		return "", fmt.Errorf("extension token %s holds a dot, which is written \"_\" there", quote(token))
	}
	return ParseID(strings.ReplaceAll(token, "_", "."))
}

// JobName is a job's full name, "finance:process_receipt".
type JobName struct {
	Extension ID
	Name      string
}

// String writes the name with a colon between.
func (n JobName) String() string { return string(n.Extension) + ":" + n.Name }

// ParseJobName reads a full name.
func ParseJobName(text string) (JobName, error) {
	extension, name, found := strings.Cut(text, ":")
	if !found {
		return JobName{}, fmt.Errorf("job %s: write <extension>:<job>, such as finance:process_receipt", quote(text))
	}
	id, err := ParseID(extension)
	if err != nil {
		return JobName{}, fmt.Errorf("job %s: %w", quote(text), err)
	}
	if problem := tokenProblem(name); problem != "" {
		return JobName{}, fmt.Errorf("job %s: the name after the colon %s", quote(text), problem)
	}
	return JobName{Extension: id, Name: name}, nil
}

// tokenProblem says what keeps text from being a job's name or a part of an event's type, and nothing when it is one.
func tokenProblem(text string) string {
	if text == "" {
		return "is empty"
	}
	if len(text) > maxName {
		return fmt.Sprintf("has %d bytes, at most %d are allowed", len(text), maxName)
	}
	if i := strings.IndexFunc(text, func(r rune) bool { return !isLetterOrDigit(r) && r != '_' && r != '-' }); i >= 0 {
		return fmt.Sprintf("holds %s: only a-z, 0-9, \"_\" and \"-\" are allowed", quoteFirst(text[i:]))
	}
	return ""
}

func isLetterOrDigit(r rune) bool { return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' }

// quote makes untrusted text fit for one line on a terminal: escaped, and of bounded length.
func quote(text string) string {
	if len(text) > 2*maxName {
		return fmt.Sprintf("%+q…", text[:2*maxName])
	}
	return fmt.Sprintf("%+q", text)
}

func quoteFirst(text string) string {
	r, _ := utf8.DecodeRuneInString(text)
	return fmt.Sprintf("%+q", r)
}

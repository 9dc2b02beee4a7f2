package extensions

import (
	"fmt"
	"strings"
)

// InvalidError says everything that is wrong with an extension. All of it is for its author to repair.
type InvalidError struct {
	Problems []Problem
}

// Error writes one line for each problem.
func (e *InvalidError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Problem is one thing that is wrong, and where.
type Problem struct {
	// File is relative to the extension's folder.
	File string
	// Line and Column count from 1, columns in characters; both are 0 when the problem is the file as a whole.
	Line, Column int
	// Field is the path in the manifest, "permissions.methods[2]"; empty when there is none.
	Field string
	// Text says what is wrong and what to do.
	Text string
}

// String writes "manifest.json:3:9: permissions.methods[2]: …".
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	if p.Field != "" {
		b.WriteString(": " + p.Field)
	}
	b.WriteString(": " + p.Text)
	return b.String()
}

func invalidFile(file, format string, args ...any) *InvalidError {
	return &InvalidError{Problems: []Problem{{File: file, Text: fmt.Sprintf(format, args...)}}}
}

package capabilities

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxPolicy bounds a policy, in bytes.
const maxPolicy = 1 << 20

//go:embed default_policy.yaml
var defaultPolicy []byte

// DefaultPolicy is the policy of an operator who has set none.
var DefaultPolicy = sync.OnceValue(func() *Policy {
	p, err := ParsePolicy(defaultPolicy)
	if err != nil {
		panic(fmt.Errorf("built-in policy: %w", err))
	}
	return p
})

// PolicyError says why a document is no policy: all that is wrong with it, or the first thing where it cannot be read on.
type PolicyError struct{ Problems []PolicyProblem }

// PolicyProblem is one thing that is wrong with a policy.
type PolicyProblem struct {
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Path   string `json:"path,omitempty"`
	Text   string `json:"text"`
}

// String is "3:12: rules[0].allow[1]: …".
func (p PolicyProblem) String() string {
	if p.Path == "" {
		return fmt.Sprintf("%d:%d: %s", p.Line, p.Column, p.Text)
	}
	return fmt.Sprintf("%d:%d: %s: %s", p.Line, p.Column, p.Path, p.Text)
}

// Error lists the problems, one a line.
func (e *PolicyError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// ParsePolicy reads a policy, a YAML document, and compiles it. It takes all of it or nothing: an unknown key is an error, and so is a
// rule that could have no effect.
//
// # Errors
//
// *PolicyError.
func ParsePolicy(text []byte) (*Policy, error) {
	file, err := readYAML(text)
	if err != nil {
		return nil, err
	}
	p := &Policy{text: slices.Clone(text)}
	if err := yaml.NodeToValue(file.Docs[0].Body, p, yaml.Strict()); err != nil {
		return nil, notReadable(err)
	}
	c := &policyCheck{file: file}
	checked := c.policy(p)
	if len(c.problems) > 0 {
		return nil, &PolicyError{c.problems}
	}
	p.compileRules(checked)
	return p, nil
}

// readYAML parses one document without what makes a document mean something else than it seems to, or grow: anchors, aliases, merges, tags.
func readYAML(text []byte) (file *ast.File, err error) {
	if len(text) > maxPolicy {
		return nil, problemAt(1, 1, fmt.Sprintf("the policy has %d bytes, at most %d are possible", len(text), maxPolicy))
	}
	defer func() { // the parser is given untrusted text
		if r := recover(); r != nil {
			file, err = nil, problemAt(1, 1, "it is not YAML")
		}
	}()
	file, err = parser.ParseBytes(text, 0)
	if err != nil {
		return nil, notReadable(err)
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		return nil, problemAt(1, 1, "want one YAML document; to deny everything, write rules: []")
	}
	body := file.Docs[0].Body
	if body.Type() != ast.MappingType {
		return nil, problemAt(body.GetToken().Position.Line, body.GetToken().Position.Column, "want keys and values, beginning with rules:")
	}
	forbidden := forbiddenNodes{}
	ast.Walk(&forbidden, body)
	if forbidden.found != nil {
		at := forbidden.found.GetToken().Position
		return nil, problemAt(at.Line, at.Column, "anchors, aliases, merges and tags are not taken: write out what is meant")
	}
	return file, nil
}

// forbiddenNodes finds the first node of a kind that policies do not have.
type forbiddenNodes struct{ found ast.Node }

// Visit implements ast.Visitor.
func (f *forbiddenNodes) Visit(node ast.Node) ast.Visitor {
	switch node.Type() { //nolint:exhaustive // all others may be there
	case ast.AnchorType, ast.AliasType, ast.MergeKeyType, ast.TagType:
		if f.found == nil {
			f.found = node
		}
	}
	return f
}

func problemAt(line, column int, text string) error {
	return &PolicyError{[]PolicyProblem{{Line: line, Column: column, Text: text}}}
}

// notReadable is an error of the YAML library as one of ours.
func notReadable(err error) error {
	var known yaml.Error
	if !errors.As(err, &known) || known.GetToken() == nil || known.GetToken().Position == nil {
		return problemAt(1, 1, err.Error())
	}
	at := known.GetToken().Position
	return problemAt(at.Line, at.Column, known.GetMessage())
}

package capabilities

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxNames = 256
	maxName  = 256
)

// Scope narrows methods to targets: to hosts, to names of credentials, to kinds of entries. A list that is nil says nothing about its
// targets; one that is empty means none of them. Names are exact, or have one "*" at their beginning or end, which stands for any text.
type Scope struct {
	// HTTP are the requests http.request may make; one of them has to fit.
	HTTP []HTTPRule `json:"http,omitempty" yaml:"http"`
	// Credentials are names of credentials.
	Credentials CredentialNames `json:"credentials,omitzero" yaml:"credentials"`
	// Sidecars are names of files beside entries.
	Sidecars []string `json:"sidecars,omitempty" yaml:"sidecars"`
	// Entries are kinds of entries that may be created, or listed by their kind.
	Entries []string `json:"entries,omitempty" yaml:"entries"`
	// Dispatch are extensions whose jobs may be dispatched.
	Dispatch []string `json:"dispatch,omitempty" yaml:"dispatch"`
	// Events are types of events.
	Events EventNames `json:"events,omitzero" yaml:"events"`
}

// CredentialNames are the credentials an extension may have a service use in its place, may store, and may read itself.
type CredentialNames struct {
	Use   []string `json:"use,omitempty" yaml:"use"`
	Store []string `json:"store,omitempty" yaml:"store"`
	Read  []string `json:"read,omitempty" yaml:"read"`
}

// EventNames are the types of events an extension may publish, and may be started by.
type EventNames struct {
	Publish []string `json:"publish,omitempty" yaml:"publish"`
	Hear    []string `json:"hear,omitempty" yaml:"hear"`
}

func (s *Scope) list(a aspect) []string {
	switch a { //nolint:exhaustive // addresses are no names
	case onUse:
		return s.Credentials.Use
	case onStore:
		return s.Credentials.Store
	case onRead:
		return s.Credentials.Read
	case onSidecar:
		return s.Sidecars
	case onEntry:
		return s.Entries
	case onDispatch:
		return s.Dispatch
	case onPublish:
		return s.Events.Publish
	case onHear:
		return s.Events.Hear
	}
	return nil
}

// Validate reports the first list or name that cannot be.
func (s *Scope) Validate() error {
	_, err := s.compile(false)
	return err
}

// scope is a compiled Scope.
type scope struct {
	said  aspectSet
	http  []httpRule
	names [aspects]*names
}

// ScopeError says what is wrong with a scope, and where in it: "http[0].hosts[1]".
type ScopeError struct {
	Path    string
	Problem string
}

func (e *ScopeError) Error() string { return e.Path + ": " + e.Problem }

// compile compiles a scope, that of a denial if deny: what a denial leaves out of an HTTP rule stands for everything.
func (s *Scope) compile(deny bool) (*scope, error) {
	c := &scope{}
	if s.HTTP != nil {
		c.said |= setOf(onHTTP)
		if len(s.HTTP) > maxNames {
			return nil, &ScopeError{"http", fmt.Sprintf("%d rules, at most %d are possible", len(s.HTTP), maxNames)}
		}
		for i := range s.HTTP {
			rule, err := s.HTTP[i].compile(fmt.Sprintf("http[%d]", i), deny)
			if err != nil {
				return nil, err
			}
			c.http = append(c.http, rule)
		}
	}
	for a := onHTTP + 1; a < aspects; a++ {
		list := s.list(a)
		if list == nil {
			continue
		}
		c.said |= setOf(a)
		var err error
		if c.names[a], err = compileNames(aspectWords[a].key, list); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// fits reports whether all the aspects that a call has and the scope speaks of are within it, HTTP aside. What is not known is outside.
func (s *scope) fits(q *question) bool {
	if q.have&s.said&^setOf(onHTTP) == 0 {
		return true
	}
	for a := onHTTP + 1; a < aspects; a++ {
		if q.have.has(a) && s.said.has(a) && (q.names[a] == "" || !s.names[a].match(q.names[a])) {
			return false
		}
	}
	return true
}

// touches reports whether a call has all the aspects the scope speaks of and each of them may be within it, HTTP aside. What is not
// known may be.
func (s *scope) touches(q *question) bool {
	if s.said&^q.have != 0 {
		return false
	}
	for a := onHTTP + 1; a < aspects; a++ {
		if s.said.has(a) && q.names[a] != "" && !s.names[a].match(q.names[a]) {
			return false
		}
	}
	return true
}

// names is a compiled list of names.
type names struct {
	any                bool
	exact              map[string]struct{}
	prefixes, suffixes []string
}

func compileNames(path string, list []string) (*names, error) {
	if len(list) > maxNames {
		return nil, &ScopeError{path, fmt.Sprintf("%d names, at most %d are possible", len(list), maxNames)}
	}
	n := &names{exact: make(map[string]struct{}, len(list))}
	for i, text := range list {
		if problem := nameProblem(text); problem != "" {
			return nil, &ScopeError{fmt.Sprintf("%s[%d]", path, i), fmt.Sprintf("%s: %s", quote(text), problem)}
		}
		switch {
		case text == "*":
			n.any = true
		case text[len(text)-1] == '*':
			n.prefixes = append(n.prefixes, text[:len(text)-1])
		case text[0] == '*':
			n.suffixes = append(n.suffixes, text[1:])
		default:
			n.exact[text] = struct{}{}
		}
	}
	return n, nil
}

func nameProblem(text string) string {
	star := strings.IndexByte(text, '*')
	switch {
	case text == "":
		return "the name is empty"
	case len(text) > maxName:
		return fmt.Sprintf("it has %d bytes, at most %d are possible", len(text), maxName)
	case !utf8.ValidString(text):
		return "it is not UTF-8"
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }):
		return "it holds a space or a control character"
	case star >= 0 && (strings.Count(text, "*") > 1 || star != 0 && star != len(text)-1):
		return `there may be one "*", at the beginning or at the end`
	}
	return ""
}

func (n *names) match(text string) bool {
	if n.any {
		return true
	}
	if _, ok := n.exact[text]; ok {
		return true
	}
	for _, prefix := range n.prefixes {
		if len(text) > len(prefix) && strings.HasPrefix(text, prefix) {
			return true
		}
	}
	for _, suffix := range n.suffixes {
		if len(text) > len(suffix) && strings.HasSuffix(text, suffix) {
			return true
		}
	}
	return false
}

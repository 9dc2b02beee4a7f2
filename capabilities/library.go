package capabilities

import (
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Library is somebody's data, and what its owner lets extensions do with it.
type Library struct {
	ID uuid.UUID `json:"id"`
	// Name and Owner are texts for people.
	Name      string    `json:"name,omitempty"`
	Owner     string    `json:"owner,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	// Grants are what its owner granted, by extension. An extension without one does nothing here.
	Grants map[string]LibraryGrant `json:"grants"`
	// ErasingSince is when somebody began to erase the library; its grants hold nothing from then on.
	ErasingSince *time.Time `json:"erasing_since,omitempty"`

	rules map[string]*ruleset
}

// LibraryGrant is what a library's owner granted to one extension.
type LibraryGrant struct {
	// Methods are patterns; none stand for all that the manifest asks but for sensitive operations, which have to be named.
	Methods []string `json:"methods,omitempty"`
	Scope
	GrantedAt time.Time `json:"granted_at"`
}

// AllMethods are the patterns of a grant that names none.
var AllMethods = []string{"query:", "action:"}

// Compile checks a library and makes it ready for decisions.
//
// # Errors
//
// Texts that are too long; a grant with a malformed pattern or target, by the name of its extension.
func (l *Library) Compile() error {
	if l.ID == uuid.Nil {
		return fmt.Errorf("library %s: no library has the id of all zeros", l.ID)
	}
	for _, text := range []string{l.Name, l.Owner} {
		if len(text) > maxName || !utf8.ValidString(text) || !isText(text) {
			return fmt.Errorf("library %s: name and owner have to be text of one line, of at most %d bytes", l.ID, maxName)
		}
	}
	rules := make(map[string]*ruleset, len(l.Grants))
	for extension, grant := range l.Grants {
		set, err := grant.compile(fmt.Sprintf("grant of library %s", l.ID))
		if err != nil {
			return fmt.Errorf("library %s: grant of %s: %w", l.ID, quote(extension), err)
		}
		rules[extension] = set
	}
	l.rules = rules
	if l.ErasingSince != nil {
		l.rules = nil
	}
	return nil
}

func (g *LibraryGrant) compile(name string) (*ruleset, error) {
	texts := g.Methods
	if len(texts) == 0 {
		texts = AllMethods
	}
	patterns, err := ParsePatterns(texts)
	if err != nil {
		return nil, err
	}
	compiled, err := g.Scope.compile(false)
	if err != nil {
		return nil, err
	}
	set := &ruleset{}
	for _, pattern := range patterns {
		set.add(&statement{name: name, pattern: pattern, scope: compiled})
	}
	return set, nil
}

// ParseLibraryRecord reads the JSON of a library and compiles it.
func ParseLibraryRecord(record []byte) (*Library, error) {
	var l Library
	if err := json.Unmarshal(record, &l); err != nil {
		return nil, fmt.Errorf("decode library: %w", err)
	}
	return &l, l.Compile()
}

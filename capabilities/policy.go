package capabilities

import (
	"slices"
	"unicode"

	"github.com/google/uuid"
)

// AnyExtension among the extensions of a rule stands for all.
const AnyExtension = "*"

// Policy is what the operator allows, and the operator's other settings. Make it with [ParsePolicy]; then it never changes, and is safe
// for concurrent use.
type Policy struct {
	Rules []PolicyRule `yaml:"rules"`
	// Sensitive are operations to be treated as sensitive beside those that always are.
	Sensitive  []string          `yaml:"sensitive"`
	Libraries  LibrarySettings   `yaml:"libraries"`
	Signatures SignatureSettings `yaml:"signatures"`
	Audit      AuditSettings     `yaml:"audit"`
	Rates      []RateRule        `yaml:"rates"`
	Budgets    []BudgetRule      `yaml:"budgets"`

	// compiled are the rules for each extension that one of them names, under AnyExtension those for all others.
	compiled  map[string]*policyRules
	sensitive map[string]struct{}
	text      []byte
}

// PolicyRule allows or denies methods to extensions, in libraries, narrowed to targets. A denial wins over all allowances.
type PolicyRule struct {
	Name string `yaml:"name"`
	// Extensions are ids, or AnyExtension.
	Extensions []string `yaml:"extensions"`
	// Libraries are ids; none stand for all, as AnyLibrary does.
	Libraries []string `yaml:"libraries"`
	// Allow or Deny are patterns of methods; a rule has one of them.
	Allow []string `yaml:"allow"`
	Deny  []string `yaml:"deny"`
	Scope `yaml:",inline"`
}

// The words for libraries that nobody has created.
const (
	UnlistedDeny  = "deny"
	UnlistedAllow = "allow"
)

// LibrarySettings are about all libraries.
type LibrarySettings struct {
	// Unlisted says what holds in libraries that nobody has created: "deny", the default, or "allow", as if their owners granted each
	// extension all it asks but sensitive operations.
	Unlisted string `yaml:"unlisted"`
}

// AuditSettings are about the audit.
type AuditSettings struct {
	// Required stops actions while the audit cannot be written.
	Required bool `yaml:"required"`
}

// RateRule bounds requests, beside what manifests say.
type RateRule struct {
	Name              string   `yaml:"name"`
	Extensions        []string `yaml:"extensions"`
	Operations        []string `yaml:"operations"`
	Libraries         []string `yaml:"libraries"`
	RequestsPerMinute int      `yaml:"requests_per_minute"`
}

// BudgetRule bounds what is used in an hour, a day or a month, and what a library has at any time. A bound that is nil is none.
type BudgetRule struct {
	Name       string   `yaml:"name"`
	Extensions []string `yaml:"extensions"`
	Libraries  []string `yaml:"libraries"`
	Calls      *int64   `yaml:"calls"`
	Bytes      *int64   `yaml:"bytes"`
	AITokens   *int64   `yaml:"ai_tokens"`
	Fuel       *int64   `yaml:"fuel"`
	// StorageBytes is how many bytes each library of the rule may have, whoever has put them there.
	StorageBytes *int64 `yaml:"storage_bytes"`
	// Per is "hour", "day" or "month"; a rule of storage alone needs none.
	Per string `yaml:"per"`
}

// policyRules are the compiled rules for one extension.
type policyRules struct {
	rules ruleset
	// everywhere says that a rule allows something in all libraries; otherwise libraries are where one does.
	everywhere bool
	libraries  map[uuid.UUID]struct{}
}

// Text is the document the policy was read from.
func (p *Policy) Text() []byte { return slices.Clone(p.text) }

// IsSensitive reports whether an operation is sensitive, always or by this policy.
func (p *Policy) IsSensitive(operation string) bool {
	if len(p.sensitive) == 0 || IsSensitive(operation) {
		return IsSensitive(operation)
	}
	_, ok := p.sensitive[operation]
	return ok
}

// AllowsUnlisted reports whether extensions may act in libraries that nobody has created.
func (p *Policy) AllowsUnlisted() bool { return p.Libraries.Unlisted == UnlistedAllow }

// StorageBytes is how many bytes a library may have, by the smallest of the rules that name it; false without one.
func (p *Policy) StorageBytes(library uuid.UUID) (bytes int64, bounded bool) {
	for _, rule := range p.Budgets {
		if rule.StorageBytes == nil || bounded && *rule.StorageBytes >= bytes {
			continue
		}
		named := len(rule.Libraries) == 0
		for _, text := range rule.Libraries {
			id, err := ParseLibrary(text)
			named = named || text == AnyLibrary || err == nil && id == library
		}
		if named {
			bytes, bounded = *rule.StorageBytes, true
		}
	}
	return bytes, bounded
}

func (p *Policy) rulesFor(extension string) *policyRules {
	if rules, ok := p.compiled[extension]; ok {
		return rules
	}
	return p.compiled[AnyExtension]
}

func (r *policyRules) runsIn(library uuid.UUID) bool {
	if r.everywhere {
		return true
	}
	_, ok := r.libraries[library]
	return ok
}

// compileRules compiles the rules for each extension they name. The rules themselves were checked.
func (p *Policy) compileRules(checked []checkedRule) {
	p.compiled = map[string]*policyRules{AnyExtension: nil}
	for _, rule := range checked {
		for _, extension := range rule.Extensions {
			p.compiled[extension] = nil
		}
	}
	for extension := range p.compiled {
		compiled := &policyRules{libraries: map[uuid.UUID]struct{}{}}
		for _, rule := range checked {
			if slices.Contains(rule.Extensions, AnyExtension) || slices.Contains(rule.Extensions, extension) {
				compiled.add(rule)
			}
		}
		p.compiled[extension] = compiled
	}
}

func (r *policyRules) add(rule checkedRule) {
	for _, pattern := range rule.patterns {
		r.rules.add(&statement{name: rule.Name, deny: rule.Deny != nil, pattern: pattern, libraries: rule.libraries, scope: rule.scope})
	}
	if rule.Deny != nil {
		return
	}
	r.everywhere = r.everywhere || rule.libraries == nil
	for library := range rule.libraries {
		r.libraries[library] = struct{}{}
	}
}

func isText(text string) bool {
	for _, r := range text {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return false
		}
	}
	return true
}

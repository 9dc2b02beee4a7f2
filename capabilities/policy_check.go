package capabilities

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/google/uuid"
)

const (
	maxRules    = 10_000
	maxProblems = 20
)

// checkedRule is a rule that can be compiled.
type checkedRule struct {
	PolicyRule
	patterns  Patterns
	libraries map[uuid.UUID]struct{}
	scope     *scope
}

// policyCheck collects what is wrong with a policy, and where.
type policyCheck struct {
	file     *ast.File
	problems []PolicyProblem
}

func (c *policyCheck) fail(path, format string, args ...any) {
	if len(c.problems) == maxProblems {
		return
	}
	p := PolicyProblem{Line: 1, Column: 1, Path: path, Text: fmt.Sprintf(format, args...)}
	for at := path; at != ""; at = at[:max(strings.LastIndexAny(at, ".["), 0)] { // what is missing is where it should be
		search, err := yaml.PathString("$." + at)
		if err != nil {
			continue
		}
		if node, err := search.FilterFile(c.file); err == nil && node != nil && node.GetToken() != nil {
			begin := beginning(node).GetToken().Position
			p.Line, p.Column = begin.Line, begin.Column
			break
		}
	}
	c.problems = append(c.problems, p)
}

// beginning is where a node begins to be read: of keys and values the first key.
func beginning(node ast.Node) ast.Node {
	switch n := node.(type) {
	case *ast.MappingNode:
		if len(n.Values) > 0 {
			return n.Values[0].Key
		}
	case *ast.MappingValueNode:
		return n.Key
	}
	return node
}

func (c *policyCheck) policy(p *Policy) []checkedRule {
	if len(p.Rules) > maxRules {
		c.fail("rules", "%d rules, at most %d are possible", len(p.Rules), maxRules)
		return nil
	}
	checked := make([]checkedRule, len(p.Rules))
	names := map[string]bool{}
	for i := range p.Rules {
		path := fmt.Sprintf("rules[%d]", i)
		c.name(path, p.Rules[i].Name, names)
		checked[i] = c.rule(path, &p.Rules[i])
	}
	p.sensitive = map[string]struct{}{}
	for i, operation := range p.Sensitive {
		if problem := tokenProblem(operation); problem != "" {
			c.fail(fmt.Sprintf("sensitive[%d]", i), "operation %s: %s; write one such as http.request", quote(operation), problem)
		}
		p.sensitive[operation] = struct{}{}
	}
	if p.Libraries.Unlisted == "" {
		p.Libraries.Unlisted = UnlistedDeny
	}
	if u := p.Libraries.Unlisted; u != UnlistedDeny && u != UnlistedAllow {
		c.fail("libraries.unlisted", "%s: want %s or %s", quote(u), UnlistedDeny, UnlistedAllow)
	}
	c.signatures(&p.Signatures)
	c.limits(p)
	return checked
}

// name checks a name that people read, and which has to be its rule's alone.
func (c *policyCheck) name(path, name string, taken map[string]bool) {
	switch {
	case name == "":
		c.fail(path, "it has no name: write name: what-it-is-for, which denials tell")
	case len(name) > maxToken || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_-.") != "":
		c.fail(path+".name", "%s: want at most %d of a-z 0-9 - _ and .", quote(name), maxToken)
	case taken[name]:
		c.fail(path+".name", "%s is the name of another one too", quote(name))
	}
	taken[name] = true
}

func (c *policyCheck) rule(path string, r *PolicyRule) checkedRule {
	checked := checkedRule{PolicyRule: *r, libraries: c.libraries(path, r.Libraries)}
	c.extensions(path, r.Extensions)
	list, key := r.Allow, ".allow"
	if r.Deny != nil {
		list, key = r.Deny, ".deny"
	}
	if (r.Allow == nil) == (r.Deny == nil) || len(list) == 0 {
		c.fail(path, `want either "allow" or "deny", with patterns of methods such as query:ai.ocr: write two rules to do both`)
		return checked
	}
	if len(list) > maxPatterns {
		c.fail(path+key, "%d patterns, at most %d are possible", len(list), maxPatterns)
		return checked
	}
	for i, text := range list {
		pattern, err := ParsePattern(text)
		if err != nil {
			c.fail(fmt.Sprintf("%s%s[%d]", path, key, i), "%s", err)
		}
		checked.patterns = append(checked.patterns, pattern)
	}
	var err error
	if checked.scope, err = r.compile(r.Deny != nil); err != nil {
		if wrong, ok := errors.AsType[*ScopeError](err); ok {
			c.fail(path+"."+wrong.Path, "%s", wrong.Problem)
		} else {
			c.fail(path, "%s", err)
		}
		return checked
	}
	c.effect(path, checked)
	return checked
}

// effect refuses a rule that narrows what none of its methods has.
func (c *policyCheck) effect(path string, r checkedRule) {
	var can aspectSet
	for _, operation := range narrowable {
		for i := range r.patterns {
			p := &r.patterns[i]
			if p.below && strings.HasPrefix(operation, p.name) || !p.below && p.name == operation {
				can |= aspectsOf(operation)
			}
		}
	}
	for a := range aspects {
		if r.scope.said.has(a) && !can.has(a) {
			c.fail(path+"."+aspectWords[a].key, "it has no effect: none of the rule's methods has a target of that kind")
		}
	}
}

func (c *policyCheck) extensions(path string, ids []string) {
	if len(ids) == 0 {
		c.fail(path, `it names no extensions: write extensions: ["*"] for all, or their ids`)
	}
	if len(ids) > maxNames {
		c.fail(path+".extensions", "%d extensions, at most %d are possible", len(ids), maxNames)
		return
	}
	for i, id := range ids {
		if id != AnyExtension && (len(id) > maxToken || tokenProblem(id) != "" || strings.Contains(id, "_")) {
			c.fail(fmt.Sprintf("%s.extensions[%d]", path, i), `%s is no extension's id: want a-z 0-9 - in parts separated by dots, or "*" for all`, quote(id))
		}
	}
}

// libraries are the libraries of a rule; nil for all.
func (c *policyCheck) libraries(path string, texts []string) map[uuid.UUID]struct{} {
	if texts == nil || slices.Contains(texts, AnyLibrary) && len(texts) == 1 {
		return nil
	}
	if len(texts) == 0 || len(texts) > maxRules {
		c.fail(path+".libraries", `want 1 to %d libraries: leave it out for all`, maxRules)
	}
	set := make(map[uuid.UUID]struct{}, len(texts))
	for i, text := range texts {
		library, err := ParseLibrary(text)
		if err != nil {
			c.fail(fmt.Sprintf("%s.libraries[%d]", path, i), "%s", err)
			continue
		}
		set[library] = struct{}{}
	}
	return set
}

func (c *policyCheck) signatures(s *SignatureSettings) {
	keys := map[string]bool{}
	for i, key := range s.Keys {
		path := fmt.Sprintf("signatures.keys[%d]", i)
		c.name(path, key.Name, keys)
		if key.PublicKey == "" {
			c.fail(path, "it has no public_key")
		}
	}
	for i, rule := range s.Require {
		path := fmt.Sprintf("signatures.require[%d]", i)
		c.extensions(path, rule.Extensions)
		if len(rule.Keys) == 0 {
			c.fail(path, "it names no keys: no signature could do")
		}
		for n, key := range rule.Keys {
			if !keys[key] {
				c.fail(fmt.Sprintf("%s.keys[%d]", path, n), "there is no key %s among signatures.keys", quote(key))
			}
		}
	}
}

func (c *policyCheck) limits(p *Policy) {
	rates, budgets := map[string]bool{}, map[string]bool{}
	for i := range p.Rates {
		path, rate := fmt.Sprintf("rates[%d]", i), &p.Rates[i]
		c.name(path, rate.Name, rates)
		c.extensions(path, rate.Extensions)
		c.libraries(path, rate.Libraries)
		for n, operation := range rate.Operations {
			if problem := tokenProblem(operation); problem != "" {
				c.fail(fmt.Sprintf("%s.operations[%d]", path, n), "operation %s: %s; write one such as ai.ocr", quote(operation), problem)
			}
		}
		if rate.RequestsPerMinute < 1 {
			c.fail(path, "want requests_per_minute of at least 1; to allow none, write a rule that denies")
		}
	}
	for i := range p.Budgets {
		path, budget := fmt.Sprintf("budgets[%d]", i), &p.Budgets[i]
		c.name(path, budget.Name, budgets)
		c.extensions(path, budget.Extensions)
		c.libraries(path, budget.Libraries)
		used := budget.Calls != nil || budget.Bytes != nil || budget.AITokens != nil || budget.Fuel != nil
		if (used || budget.Per != "") && !slices.Contains([]string{"hour", "day", "month"}, budget.Per) {
			c.fail(path+".per", "%s: want hour, day or month", quote(budget.Per))
		}
		if budget.StorageBytes != nil && !slices.Contains(budget.Extensions, "*") {
			c.fail(path+".extensions", `bytes are a library's, whichever extension has put them there: with storage_bytes want ["*"]`)
		}
		said := false
		for key, bound := range map[string]*int64{
			"calls": budget.Calls, "bytes": budget.Bytes, "ai_tokens": budget.AITokens, "fuel": budget.Fuel, "storage_bytes": budget.StorageBytes,
		} {
			if said = said || bound != nil; bound != nil && *bound < 0 {
				c.fail(path+"."+key, "%d is negative", *bound)
			}
		}
		if !said {
			c.fail(path, "it bounds nothing: name one of calls, bytes, ai_tokens, fuel, storage_bytes")
		}
	}
}

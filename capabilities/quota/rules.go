package quota

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/capabilities"
)

// All among the extensions or libraries of a rule means every one, each counted by itself.
const All = "*"

// RateRule bounds the requests of extensions in any minute.
type RateRule struct {
	// Name is 1 to 64 of a-z 0-9 _ -. A rule that names operations is counted under it.
	Name string
	// Extensions are ids, or All; each is counted by itself.
	Extensions []string
	// Operations are method patterns; those that match are counted together. None means all.
	Operations []string
	// Libraries are ids, or All; each is counted by itself. None means all libraries together.
	Libraries []string
	// RequestsPerMinute is at least 1.
	RequestsPerMinute int64
}

// BudgetRule bounds what extensions use in a period. What is 0 is not bounded.
type BudgetRule struct {
	// Name is 1 to 64 of a-z 0-9 _ -.
	Name string
	// Extensions are ids, or All; each is counted by itself.
	Extensions []string
	// Libraries are ids, or All; each is counted by itself. None means all libraries together.
	Libraries []string

	Calls, Bytes, AITokens, Fuel int64
	Per                          Period
}

func (r BudgetRule) limits() map[Resource]int64 {
	return map[Resource]int64{Calls: r.Calls, Bytes: r.Bytes, AITokens: r.AITokens, Fuel: r.Fuel}
}

// Allowance is what one extension may use. It never changes and is safe for concurrent use.
type Allowance struct {
	extension string
	lines     []line
}

// line is one limit of an allowance.
type line struct {
	account Account // without a library
	limit   int64
	// rule is the name of the rule, "" for one of the extension's own manifest.
	rule string
	// each says that each library is counted by itself; libraries are those that are, nil for all.
	each       bool
	libraries  []uuid.UUID
	operations capabilities.Patterns
}

// maxLines is how many limits can hold for one extension.
const maxLines = 32

// Compile makes the allowance of an extension out of the rules that mean it. Rules of its own manifest have no name.
//
// # Errors
//
// The first rule that is malformed, by its name, and what is wrong: also of those that mean other extensions.
func Compile(extension string, rates []RateRule, budgets []BudgetRule) (*Allowance, error) {
	a := &Allowance{extension: extension}
	for _, r := range rates {
		l, means, err := compile(extension, r.Name, r.Extensions, r.Libraries)
		if err != nil {
			return nil, fmt.Errorf("rate %.70q: %w", r.Name, err)
		}
		if r.RequestsPerMinute < 1 || r.RequestsPerMinute > math.MaxInt32 {
			return nil, fmt.Errorf("rate %.70q: requests_per_minute is %d, want 1 to %d", r.Name, r.RequestsPerMinute, math.MaxInt32)
		}
		if l.operations, err = capabilities.ParsePatterns(r.Operations); err != nil {
			return nil, fmt.Errorf("rate %.70q: %w", r.Name, err)
		}
		l.account.Resource, l.account.Period, l.limit = Requests, Minute, r.RequestsPerMinute
		if len(r.Operations) > 0 {
			if l.account.Scope = r.Name; r.Name == "" {
				return nil, fmt.Errorf("rate of %s: one that names operations needs a name", extension)
			}
		}
		if means {
			a.lines = append(a.lines, l)
		}
	}
	for _, b := range budgets {
		l, means, err := compile(extension, b.Name, b.Extensions, b.Libraries)
		if err != nil {
			return nil, fmt.Errorf("budget %.70q: %w", b.Name, err)
		}
		if l.account.Period, err = ParsePeriod(string(b.Per)); err != nil {
			return nil, fmt.Errorf("budget %.70q: %w", b.Name, err)
		}
		bounded := false
		for resource, limit := range b.limits() {
			if limit < 0 {
				return nil, fmt.Errorf("budget %.70q: %s is %d, want at least 1", b.Name, resource, limit)
			}
			if limit > 0 {
				bounded = true
				l.account.Resource, l.limit = resource, limit
				if means {
					a.lines = append(a.lines, l)
				}
			}
		}
		if !bounded {
			return nil, fmt.Errorf("budget %.70q: it bounds nothing: write calls, bytes, ai_tokens or fuel", b.Name)
		}
	}
	if len(a.lines) > maxLines {
		return nil, fmt.Errorf("%d limits hold for %s, at most %d are possible: leave out those that never are the smallest", len(a.lines), extension, maxLines)
	}
	return a, nil
}

// compile reads what all rules have.
func compile(extension, name string, extensions, libraries []string) (l line, means bool, err error) {
	if name != "" && !validName(name) {
		return l, false, errors.New("the name is not 1 to 64 of a-z 0-9 _ -")
	}
	if len(extensions) == 0 {
		return l, false, fmt.Errorf("it names no extensions: list ids, or %q", All)
	}
	l.rule, l.account.Extension, l.each = name, extension, len(libraries) > 0
	for _, text := range libraries {
		if text == All {
			l.libraries = nil
			break
		}
		library, err := capabilities.ParseLibrary(text)
		if err != nil {
			return l, false, err
		}
		l.libraries = append(l.libraries, library)
	}
	return l, slices.Contains(extensions, extension) || slices.Contains(extensions, All), nil
}

// in is the account of the line in a library, if it has one there.
func (l *line) in(library uuid.UUID) (Account, bool) {
	account := l.account
	if l.each {
		if l.libraries != nil && !slices.Contains(l.libraries, library) {
			return account, false
		}
		account.Library = library
	}
	return account, true
}

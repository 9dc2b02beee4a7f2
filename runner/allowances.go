package runner

import (
	"fmt"
	"sync"

	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/capabilities/quota"
	"github.com/airlock-run/airlock/extensions"
)

// maxAllowances bounds the versions whose allowance is kept.
const maxAllowances = 4096

// allowances are the rates and budgets of extensions by the policy in force: those of their manifests and those of the operator. Reading
// them takes longer than many a job, so what was read is kept until there is another policy. It is safe for concurrent use.
type allowances struct {
	policy func() (*capabilities.Policy, uint64)

	mu sync.Mutex
	// of is the policy that rates, budgets and read come from. A policy never changes; another one is at another address.
	of      *capabilities.Policy
	rates   []quota.RateRule
	budgets []quota.BudgetRule
	read    map[extensions.Version]*quota.Allowance
}

// allowance is what a version may use.
//
// # Errors
//
// The operator's rule that cannot be read. Nothing is allowed then.
func (a *allowances) allowance(version extensions.Version, manifest *extensions.Manifest) (*quota.Allowance, error) {
	policy, _ := a.policy()
	a.mu.Lock()
	defer a.mu.Unlock()
	if policy != a.of || a.read == nil {
		a.of, a.read = policy, map[extensions.Version]*quota.Allowance{}
		a.rates, a.budgets = quota.OfPolicy(policy)
	}
	if known := a.read[version]; known != nil {
		return known, nil
	}
	allowance, err := manifest.Allowance(a.rates, a.budgets)
	if err != nil {
		return nil, fmt.Errorf("read the operator's rules: %w", err)
	}
	if len(a.read) >= maxAllowances {
		clear(a.read)
	}
	a.read[version] = allowance
	return allowance, nil
}

package quota

import "github.com/airlock-run/airlock/capabilities"

// OfPolicy are the limits that an operator's policy has.
func OfPolicy(p *capabilities.Policy) ([]RateRule, []BudgetRule) {
	if p == nil {
		return nil, nil
	}
	rates := make([]RateRule, len(p.Rates))
	for i, r := range p.Rates {
		rates[i] = RateRule{Name: r.Name, Extensions: r.Extensions, Operations: r.Operations, Libraries: r.Libraries, RequestsPerMinute: int64(r.RequestsPerMinute)}
	}
	budgets := make([]BudgetRule, len(p.Budgets))
	for i, b := range p.Budgets {
		budgets[i] = BudgetRule{
			Name: b.Name, Extensions: b.Extensions, Libraries: b.Libraries, Per: Period(b.Per),
			Calls: value(b.Calls), Bytes: value(b.Bytes), AITokens: value(b.AITokens), Fuel: value(b.Fuel),
		}
	}
	return rates, budgets
}

func value(bound *int64) int64 {
	if bound == nil {
		return 0
	}
	return *bound
}

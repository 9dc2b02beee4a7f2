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
	budgets := make([]BudgetRule, 0, len(p.Budgets))
	for _, b := range p.Budgets {
		if b.Per == "" {
			continue // it is of storage alone, which those who keep it count
		}
		budgets = append(budgets, BudgetRule{
			Name: b.Name, Extensions: b.Extensions, Libraries: b.Libraries, Per: Period(b.Per),
			Calls: value(b.Calls), Bytes: value(b.Bytes), AITokens: value(b.AITokens), Fuel: value(b.Fuel),
		})
	}
	return rates, budgets
}

func value(bound *int64) int64 {
	if bound == nil {
		return 0
	}
	return *bound
}

package quota

import (
	"context"
	"errors"
	"time"
)

// Records keeps what a Ledger must not forget, by name. Of two writers that follow the same revision, one is refused.
// Implementations are safe for concurrent use.
type Records interface {
	// Load returns a record, its revision, and how long ago it was written: less rather than more. A record that does not exist has
	// revision 0 and no data.
	Load(ctx context.Context, name string) (data []byte, revision uint64, age time.Duration, err error)
	// Save writes the record that follows a revision, for keep, and returns its own revision when it cannot be lost any more.
	// After an error it may or may not be written.
	Save(ctx context.Context, name string, data []byte, revision uint64, keep time.Duration) (uint64, error)
}

// Record is what is known of an account to whoever has the ledger next. All in it counts as used, also what was only set aside to be
// lent.
type Record struct {
	Account Account `json:"account"`
	Limit   int64   `json:"limit"`
	// Counts are those of a rate: how many are counted as used so long after the record was written; before it, if negative.
	Counts []Count `json:"counts,omitempty"`
	// Start is that of the period of a budget, Used is what is counted in it.
	Start time.Time `json:"start,omitzero"`
	Used  int64     `json:"used,omitempty"`
	// Warned says that somebody was told that most of the budget is used.
	Warned bool `json:"warned,omitempty"`
}

// Count is a part of a rate's count.
type Count struct {
	AfterMS int64 `json:"after_ms"`
	Tokens  int64 `json:"tokens"`
}

// ErrUnknown says that it is not known at the moment what an account has left.
var ErrUnknown = errors.New("what is left is not known at the moment")

// name is the name of an account's record.
func (a Account) name(start time.Time) string {
	scope, library := a.Scope, "all"
	if scope == "" {
		scope = "all"
	} else {
		scope = "rule-" + scope
	}
	if a.Library != [16]byte{} {
		library = a.Library.String()
	}
	name := string(a.Resource) + "." + string(a.Period) + "." + tokenOf(a.Extension) + "." + library + "." + scope
	if a.Period != Minute {
		name += "." + start.Format("2006-01-02T15")
	}
	return name
}

// tokenOf makes one part of a name out of an extension's id, which has no '_'.
func tokenOf(extension string) string {
	token := []byte(extension)
	for i, c := range token {
		if c == '.' {
			token[i] = '_'
		}
	}
	return string(token)
}

// keep is how long the records of a period are of use: those of budgets show what was used.
func (p Period) keep() time.Duration {
	const day = 24 * time.Hour
	switch p {
	case Hour:
		return 14 * day
	case Day:
		return 100 * day
	case Month:
		return 3 * 366 * day
	default:
		return 5 * time.Minute
	}
}

package quota

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Resource is what is counted.
type Resource string

// What can be counted. Requests are those of a rate, all others those of budgets.
const (
	Requests Resource = "requests"
	Calls    Resource = "calls"
	// Bytes are those of payloads and of answers.
	Bytes    Resource = "bytes"
	AITokens Resource = "ai_tokens"
	Fuel     Resource = "fuel"
)

// budgets are the resources of budgets.
var budgets = []Resource{Calls, Bytes, AITokens, Fuel}

// Period is the time for which a limit holds: any minute, or an hour, a day or a month of the calendar, in UTC.
type Period string

// The periods. A minute is that of rates.
const (
	Minute Period = "minute"
	Hour   Period = "hour"
	Day    Period = "day"
	Month  Period = "month"
)

// ParsePeriod reads the period of a budget.
func ParsePeriod(text string) (Period, error) {
	switch p := Period(text); p {
	case Hour, Day, Month:
		return p, nil
	default:
		return "", fmt.Errorf(`%.20q is no period of a budget: write "hour", "day" or "month"`, text)
	}
}

// Start is when the hour, day or month began in which a time lies.
func (p Period) Start(at time.Time) time.Time {
	at = at.UTC()
	switch p {
	case Hour:
		return at.Truncate(time.Hour)
	case Day:
		return time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
	case Month:
		return time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC)
	default:
		return at.Truncate(time.Minute)
	}
}

// End is when the next one begins.
func (p Period) End(at time.Time) time.Time {
	start := p.Start(at)
	switch p {
	case Hour:
		return start.Add(time.Hour)
	case Day:
		return start.AddDate(0, 0, 1)
	case Month:
		return start.AddDate(0, 1, 0)
	default:
		return start.Add(time.Minute)
	}
}

// Account is what is counted together.
type Account struct {
	Extension string `json:"extension"`
	// Library is the library in which calls are counted; the nil UUID for all libraries together.
	Library  uuid.UUID `json:"library"`
	Resource Resource  `json:"resource"`
	Period   Period    `json:"period"`
	// Scope is the name of a rule that counts some operations by themselves; "" for all operations.
	Scope string `json:"scope,omitempty"`
}

// String is for people and for logs.
func (a Account) String() string {
	text := fmt.Sprintf("%s of %s in a %s", a.Resource, a.Extension, a.Period)
	if a.Library != uuid.Nil {
		text += " in library " + a.Library.String()
	}
	if a.Scope != "" {
		text += " by rule " + a.Scope
	}
	return text
}

// validate refuses what no rule leads to: it would become part of a record's name.
func (a Account) validate() error {
	switch {
	case a.Extension == "" || len(a.Extension) > 64 || !plain(a.Extension, "."):
		return fmt.Errorf("%.70q is no extension", a.Extension)
	case a.Scope != "" && !validName(a.Scope):
		return fmt.Errorf("%.70q is no name of a rule", a.Scope)
	case a.Resource == Requests && a.Period == Minute:
		return nil
	}
	if slices.Contains(budgets, a.Resource) {
		_, err := ParsePeriod(string(a.Period))
		return err
	}
	return fmt.Errorf("nobody counts %.20q in a %.20q", a.Resource, a.Period)
}

// validName tells whether a text can be the name of a rule: 1 to 64 of a-z 0-9 _ -.
func validName(name string) bool { return name != "" && len(name) <= 64 && plain(name, "_") }

func plain(text, also string) bool {
	for _, r := range text {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && string(r) != also {
			return false
		}
	}
	return true
}

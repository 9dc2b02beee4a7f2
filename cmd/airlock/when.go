package main

import (
	"fmt"
	"time"
)

// timeLayouts are the ways in which people write a time. Those without a zone are of this machine's.
var timeLayouts = []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"}

// parseTime reads a time as people write it.
func parseTime(text string) (time.Time, error) {
	for _, layout := range timeLayouts {
		if at, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time, want one such as 2026-12-24T18:00:00+01:00, or \"2026-12-24 18:00\" in this machine's time zone", text)
}

// timeValue is a flag that takes a time.
type timeValue struct {
	time.Time
	// ago lets a duration stand for a time that long ago.
	ago bool
}

// Set implements pflag.Value.
func (v *timeValue) Set(text string) (err error) {
	if d, err := time.ParseDuration(text); err == nil && v.ago {
		v.Time = time.Now().Add(-d)
		return nil
	}
	v.Time, err = parseTime(text)
	return err
}

// String implements pflag.Value.
func (v *timeValue) String() string {
	if v.IsZero() {
		return ""
	}
	return v.Format(time.RFC3339)
}

// Type implements pflag.Value.
func (v *timeValue) Type() string { return "time" }

// pointer is the time; nil for none.
func (v *timeValue) pointer() *time.Time {
	if v.IsZero() {
		return nil
	}
	return &v.Time
}

// in is how long it is until a time, in the largest unit that fits.
func in(t time.Time) string {
	switch d := time.Until(t); {
	case d < 0:
		return "now"
	case d < time.Minute:
		return fmt.Sprintf("in %ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("in %dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("in %dh", int(d.Hours()))
	default:
		return fmt.Sprintf("in %dd", int(d.Hours()/24))
	}
}

package extensions

import (
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

var cronFields = []string{"second", "minute", "hour", "day of month", "month", "day of week"}

var cronParser = cron.NewParser(cron.Second | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)

// checkCron refuses what the server would not take for times, and says which field is wrong. What it lets through is checked once more by
// the store, which knows the server.
func checkCron(text string) error {
	if strings.HasPrefix(text, "@") {
		if _, err := cronParser.Parse(text); err != nil || strings.HasPrefix(text, "@every") {
			return fmt.Errorf(`there is no %s: write cron fields, @hourly, @daily, @weekly, @monthly or @yearly, or "every" in place of "cron"`, quote(text))
		}
		return nil
	}
	fields := strings.Fields(text)
	if len(fields) == len(cronFields)-1 {
		fields = append([]string{"0"}, fields...)
	}
	if len(fields) != len(cronFields) {
		return fmt.Errorf("%s has %d fields: write five (minute, hour, day of month, month, day of week) or six with seconds first", quote(text), len(fields))
	}
	for i, field := range fields {
		line := []string{"*", "*", "*", "*", "*", "*"}
		line[i] = field
		if _, err := cronParser.Parse(strings.Join(line, " ")); err != nil {
			return fmt.Errorf("the %s field cannot be %s: %w", cronFields[i], quote(field), err)
		}
	}
	schedule, err := cronParser.Parse(strings.Join(fields, " "))
	if err != nil || schedule.Next(time.Now()).IsZero() {
		return fmt.Errorf("%s is never due", quote(text))
	}
	return nil
}

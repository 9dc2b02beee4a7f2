package extensions_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/extensions"
)

const (
	home = "0b6f0f3e-4a8e-4f0e-9d8c-1f6f4f0f7a01"
	work = "0b6f0f3e-4a8e-4f0e-9d8c-1f6f4f0f7a02"
)

func TestSchedules(t *testing.T) {
	t.Parallel()
	only := `"permissions": {"libraries": ["` + home + `"]}, `
	for members, want := range map[string][]extensions.Schedule{
		`"schedules": [{"job": "fetch", "every": "90m"}]`: {{Name: "fetch", Job: "fetch", Spec: "@every 1h30m0s"}},
		`"schedules": [{"name": "weekly", "job": "report", "cron": "0 7 * * 1", "time_zone": "Europe/Berlin", "input": {"n": 1}, "libraries": ["` + work + `"]},
			{"job": "report", "cron": "@daily"}]`: {
			{
				Name: "weekly", Job: "report", Spec: "0 7 * * 1", TimeZone: "Europe/Berlin", Input: json.RawMessage(`{"n": 1}`),
				Libraries: []uuid.UUID{uuid.MustParse(work)},
			},
			{Name: "report", Job: "report", Spec: "@daily"},
		},
		only + `"schedules": [{"job": "fetch", "cron": "*/5 * * * * *"}]`: {
			{Name: "fetch", Job: "fetch", Spec: "*/5 * * * * *", Libraries: []uuid.UUID{uuid.MustParse(home)}},
		},
		`"schedules": [{"job": "fetch", "every": "1s", "libraries": null}], ` + strings.TrimSuffix(only, ", "): {
			{Name: "fetch", Job: "fetch", Spec: "@every 1s", Libraries: []uuid.UUID{uuid.MustParse(home)}},
		},
		`"schedules": null`: nil,
	} {
		if diff := cmp.Diff(want, parse(t, minimal(`"name": "Finance", `+members)).Schedules); diff != "" {
			t.Errorf("%s (-want +got):\n%s", members, diff)
		}
	}
}

func TestInvalidSchedules(t *testing.T) {
	t.Parallel()
	for schedule, want := range map[string]string{
		`{"every": "1h"}`:                                          `schedules[0]: the key "job" is missing; a schedule is {"job"`,
		`{"job": "A", "every": "1h"}`:                              `schedules[0].job: the job's name holds 'A'`,
		`{"job": "a", "name": "b.c", "every": "1h"}`:               `schedules[0].name: the schedule's name holds '.'`,
		`{"job": "a"}`:                                             `schedules[0]: a schedule says either "every" or "cron"`,
		`{"job": "a", "every": "1h", "cron": "@daily"}`:            `schedules[0]: a schedule says either "every" or "cron"`,
		`{"job": "a", "every": "1 hour"}`:                          `schedules[0].every: "1 hour" is no duration`,
		`{"job": "a", "every": "10ms"}`:                            `schedules[0].every: a schedule is due every "1s" at most: "10ms" is too often`,
		`{"job": "a", "every": "1h", "time_zone": "UTC"}`:          `schedules[0].time_zone: a time zone goes with "cron", not with "every"`,
		`{"job": "a", "cron": "0 7 * *"}`:                          `schedules[0].cron: "0 7 * *" has 4 fields`,
		`{"job": "a", "cron": "0 25 * * *"}`:                       `schedules[0].cron: the hour field cannot be "25"`,
		`{"job": "a", "cron": "0 0 31 2 *"}`:                       `schedules[0].cron: "0 0 31 2 *" is never due`,
		`{"job": "a", "cron": "@every 5m"}`:                        `schedules[0].cron: there is no "@every 5m"`,
		`{"job": "a", "cron": "@fortnightly"}`:                     `schedules[0].cron: there is no "@fortnightly"`,
		`{"job": "a", "cron": "TZ=UTC 0 7 * * 1"}`:                 `schedules[0].cron: the second field cannot be "TZ=UTC"`,
		`{"job": "a", "cron": "@daily", "time_zone": "Mars"}`:      `schedules[0].time_zone: there is no time zone "Mars"`,
		`{"job": "a", "every": "1h", "libraries": ["*"]}`:          `schedules[0].libraries[0]: "*" is no library`,
		`{"job": "a", "every": "1h", "libraries": ["mine"]}`:       `schedules[0].libraries[0]: `,
		`{"job": "a", "every": "1h", "libraries": []}`:             `schedules[0].libraries: the list is empty`,
		`{"job": "a", "every": "1h"}, {"job": "a", "every": "2h"}`: `schedules[1]: there is another schedule "a": give each a name of its own`,
	} {
		got := problems(t, minimal(`"name": "Finance", "schedules": [`+schedule+`]`))
		if len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("%s:\ngot  %q\nwant %s", schedule, got, want)
		}
	}
	got := problems(t, minimal(`"schedules": [{"job": "a", "every": "1h", "libraries": ["`+work+`"]}], "permissions": {"libraries": ["`+home+`"]}`))
	if len(got) != 1 || !strings.Contains(got[0], "schedules[0].libraries[0]: the extension may not run in library "+work) {
		t.Errorf("got %q", got)
	}
}

func TestSchedulesGoWithTheExtension(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.install(t, "a", "1", `, "name": "A", "jobs": {"count": {"priority": "low"}}, "schedules": [{"job": "count", "every": "1h"},
		{"name": "both", "job": "count", "cron": "@daily", "libraries": ["`+home+`", "`+work+`"]}]`)
	want := `[{"name":"a.count","spec":"@every 1h0m0s","job":"count","priority":"low"},` +
		`{"name":"a.both.` + home + `","spec":"@daily","job":"count","library":"` + home + `","priority":"low"},` +
		`{"name":"a.both.` + work + `","spec":"@daily","job":"count","library":"` + work + `","priority":"low"}]`
	if diff := cmp.Diff(want, b.store.Schedules("a")); diff != "" {
		t.Errorf("installed (-want +got):\n%s", diff)
	}
	b.install(t, "a", "2", "")
	if got := b.store.Schedules("a"); got != "[]" {
		t.Errorf("after an update without schedules: %s", got)
	}
	b.install(t, "a", "1", `, "schedules": [{"job": "count", "every": "1h"}]`)
	if err := b.catalogue.Remove(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if got := b.store.Schedules("a"); got != "[]" {
		t.Errorf("after the extension is removed: %s", got)
	}
}

func TestScheduleOfUnknownJobIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, err := extensions.NewPackage([]byte(minimal(`"schedules": [{"job": "fetch", "every": "1h"}]`)), []byte(header))
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.catalogue.Install(t.Context(), p, counter)
	var invalid *extensions.InvalidError
	if !errors.As(err, &invalid) || !strings.Contains(err.Error(), `schedules[0].job: the module registers no job "fetch"`) {
		t.Errorf("error is %v", err)
	}
}

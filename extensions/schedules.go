package extensions

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/capabilities"
)

// maxScheduleInput bounds the input of a schedule, in bytes.
const maxScheduleInput = 64 << 10

// Schedule starts a job again and again.
type Schedule struct {
	// Name is unique in the extension; the job's name where the manifest gives none.
	Name string
	// Job is the job's name within the extension.
	Job string
	// Spec is when: "@every 5m0s", five cron fields or six with seconds first, or one of @hourly, @daily, @weekly, @monthly and @yearly.
	Spec string
	// TimeZone is that of cron fields; empty means UTC.
	TimeZone string
	// Libraries are those it starts the job in. None means the library of who names none.
	Libraries []uuid.UUID
	// Input is the input of each job; nil for none.
	Input json.RawMessage
}

// recurring is a schedule in one library, as the store keeps it.
type recurring struct {
	Name     string          `json:"name"`
	Spec     string          `json:"spec"`
	TimeZone string          `json:"time_zone,omitempty"`
	Job      string          `json:"job"`
	Library  uuid.UUID       `json:"library,omitzero"`
	Priority string          `json:"priority"`
	Input    json.RawMessage `json:"input,omitempty"`
}

// recurring lists the schedules as they are named in the whole of Airlock: by extension and name, and by library when there are several.
func (m *Manifest) recurring() []recurring {
	all := []recurring{}
	for _, s := range m.Schedules {
		one := recurring{
			Name: string(m.ID) + "." + s.Name, Spec: s.Spec, TimeZone: s.TimeZone, Job: s.Job,
			Priority: m.JobSettings(s.Job).Priority, Input: s.Input,
		}
		if len(s.Libraries) < 2 {
			if len(s.Libraries) == 1 {
				one.Library = s.Libraries[0]
			}
			all = append(all, one)
			continue
		}
		name := one.Name
		for _, library := range s.Libraries {
			one.Name, one.Library = name+"."+library.String(), library
			all = append(all, one)
		}
	}
	return all
}

// schedules reads the schedules. What the extension may is known by then.
func (d *decoder) schedules(n *node, m *Manifest) {
	d.list(func(n *node) { d.schedule(n, m) })(n)
}

func (d *decoder) schedule(n *node, m *Manifest) {
	var s Schedule
	var every time.Duration
	d.object(n, fields{
		"name": d.checked(func(text string) error {
			s.Name = text
			return jobName(text, "the schedule's name")
		}),
		"job": d.checked(func(text string) error {
			s.Job = text
			return jobName(text, "the job's name")
		}),
		"every": func(n *node) {
			every = -1
			if d.duration(&every)(n); every >= 0 && every < time.Second {
				d.fail(n, `a schedule is due every "1s" at most: %s is too often`, quote(n.text))
			}
		},
		"cron": d.checked(func(text string) error {
			s.Spec = text
			return checkCron(text)
		}),
		"time_zone": d.checked(func(text string) error {
			s.TimeZone = text
			return checkZone(text)
		}),
		"libraries": d.list(d.checked(func(text string) error {
			library, err := scheduleLibrary(text, m.Permissions.Libraries)
			if err == nil && slices.Contains(s.Libraries, library) {
				err = fmt.Errorf("%s is listed twice", library)
			}
			s.Libraries = append(s.Libraries, library)
			return err
		})),
		"input": func(n *node) {
			if s.Input = d.raw(n); len(s.Input) > maxScheduleInput {
				d.fail(n, "the input has %d bytes, at most %d are allowed", len(s.Input), maxScheduleInput)
			}
		},
	})
	d.require(n, `a schedule is {"job": "fetch", "every": "15m"} or {"job": "report", "cron": "0 7 * * 1", "time_zone": "Europe/Berlin"}`, "job")
	d.when(n, &s, every)
	if s.Name == "" {
		s.Name = s.Job
	}
	if slices.ContainsFunc(m.Schedules, func(other Schedule) bool { return other.Name == s.Name }) {
		d.fail(n, "there is another schedule %s: give each a name of its own", quote(s.Name))
	}
	if n.member("libraries") == nil {
		s.Libraries = usualLibraries(m.Permissions.Libraries)
	}
	m.Schedules = append(m.Schedules, s)
}

// when checks that a schedule says in one way when it is due.
func (d *decoder) when(n *node, s *Schedule, every time.Duration) {
	if n.kind != isObject {
		return
	}
	withEvery, withCron := n.member("every") != nil, n.member("cron") != nil
	switch {
	case withEvery == withCron:
		d.fail(n, `a schedule says either "every" or "cron"`)
	case withEvery && s.TimeZone != "":
		d.fail(n.member("time_zone"), `a time zone goes with "cron", not with "every"`)
	case withEvery:
		s.Spec = "@every " + every.String()
	}
	if list := n.member("libraries"); list != nil && list.kind == isList && len(list.members) == 0 {
		d.fail(list, "the list is empty, so the schedule would start nothing: leave it out or list libraries' ids")
	}
}

func jobName(text, what string) error {
	if problem := tokenProblem(text); problem != "" {
		return fmt.Errorf("%s %s", what, problem)
	}
	return nil
}

// scheduleLibrary reads one of the libraries of a schedule, in which the extension has to be allowed to run.
func scheduleLibrary(text string, allowed []string) (uuid.UUID, error) {
	if text == capabilities.AnyLibrary {
		return uuid.Nil, errors.New(`"*" is no library: a schedule starts jobs in libraries that it lists, or in the one of who names none`)
	}
	library, err := capabilities.ParseLibrary(text)
	if err != nil {
		return uuid.Nil, err //nolint:wrapcheck // it is the problem
	}
	for _, other := range allowed {
		if id, err := capabilities.ParseLibrary(other); other == capabilities.AnyLibrary || err == nil && id == library {
			return library, nil
		}
	}
	return uuid.Nil, fmt.Errorf("the extension may not run in library %s: add it to permissions.libraries", library)
}

// usualLibraries are those of a schedule that names none: those that the extension is for, if it lists them.
func usualLibraries(allowed []string) []uuid.UUID {
	var libraries []uuid.UUID
	for _, text := range allowed {
		library, err := capabilities.ParseLibrary(text)
		if err != nil {
			return nil
		}
		libraries = append(libraries, library)
	}
	return libraries
}

// checkZone refuses what is no time zone.
func checkZone(text string) error {
	if _, err := time.LoadLocation(text); err != nil || text == "" || text == "Local" || strings.HasPrefix(text, "/") {
		return fmt.Errorf("there is no time zone %s: write one such as Europe/Berlin", quote(text))
	}
	return nil
}

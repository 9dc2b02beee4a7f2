package extensions_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/extensions"
)

func TestRetryPolicy(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]extensions.JobSettings{
		`{"retry": {"max_attempts": 7, "initial_ms": 250, "max_ms": 60000, "multiplier": 1.5, "jitter": 0.3}}`: {
			Priority: "normal", MaxAttempts: 7,
			Backoff: extensions.Backoff{Initial: 250 * time.Millisecond, Max: time.Minute, Multiplier: 1.5, Jitter: 0.3},
		},
		`{"retry": {"jitter": 0}}`: {Priority: "normal", Backoff: extensions.Backoff{NoJitter: true}},
		`{"retry": {}}`:            {Priority: "normal"},
		`{"max_attempts": 3, "backoff": {"initial": "1s"}}`: {
			Priority: "normal", MaxAttempts: 3, Backoff: extensions.Backoff{Initial: time.Second},
		},
	} {
		if diff := cmp.Diff(want, parse(t, minimal(`"jobs": {"a": `+text+`}`)).JobSettings("a")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func TestInvalidRetryPolicy(t *testing.T) {
	t.Parallel()
	for policy, want := range map[string]string{
		`"retry": []`:                                  `jobs.a.retry: want an object, got a list`,
		`"retry": {"max_attempts": -1}`:                `jobs.a.retry.max_attempts: -1 is negative`,
		`"retry": {"initial_ms": 0}`:                   `jobs.a.retry.initial_ms: 0 is no pause`,
		`"retry": {"initial_ms": 1.5}`:                 `jobs.a.retry.initial_ms: want a whole number, got a number ("1.5")`,
		`"retry": {"max_ms": "1h"}`:                    `jobs.a.retry.max_ms: want a number, got a string ("1h")`,
		`"retry": {"max_ms": 99999999999}`:             `jobs.a.retry.max_ms: "99999999999" is too much: at most 2592000000 milliseconds`,
		`"retry": {"initial_ms": 5000, "max_ms": 999}`: `jobs.a.retry: the pauses begin with 5s, which is more than their max of 999ms`,
		`"retry": {"multiplier": 0.5}`:                 `jobs.a.retry.multiplier: 0.5 is out of range: write a number from 1 to 100`,
		`"retry": {"multiplier": 1e400}`:               `jobs.a.retry.multiplier: 1e400 is out of range`,
		`"retry": {"jitter": 1.1}`:                     `jobs.a.retry.jitter: 1.1 is out of range: write a number from 0 to 1`,
		`"retry": {"jitter": true}`:                    `jobs.a.retry.jitter: want a number, got a boolean`,
		`"max_attempts": 3, "retry": {"jitter": 1}`:    `jobs.a.retry: retry and max_attempts both say how the job is retried`,
		`"retry": {"jitter": 1}, "backoff": {}`:        `jobs.a.retry: retry and backoff both say how the job is retried`,
	} {
		got := problems(t, minimal(`"jobs": {"a": {`+policy+`}}`))
		if len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("%s:\ngot  %q\nwant %s", policy, got, want)
		}
	}
}

func TestPauses(t *testing.T) {
	t.Parallel()
	host := extensions.Backoff{Initial: 2 * time.Second, Max: time.Hour, Multiplier: extensions.DefaultMultiplier, Jitter: extensions.DefaultJitter}
	pauses := func(b extensions.Backoff, chance float64) (all []time.Duration) {
		for _, failures := range []int{0, 1, 2, 10, 100_000} {
			all = append(all, b.Or(host).Pause(failures, chance).Round(time.Millisecond))
		}
		return all
	}
	for name, c := range map[string]struct {
		policy extensions.Backoff
		chance float64
		want   []time.Duration
	}{
		"doubles up to the host's bound": {extensions.Backoff{}, 0.5, seconds(2, 4, 8, 2048, 3600)},
		"a twentieth shorter":            {extensions.Backoff{}, 0, seconds(1.9, 3.8, 7.6, 1945.6, 3420)},
		"a twentieth longer":             {extensions.Backoff{}, 1, seconds(2.1, 4.2, 8.4, 2150.4, 3780)},
		"without jitter":                 {extensions.Backoff{NoJitter: true}, 1, seconds(2, 4, 8, 2048, 3600)},
		"always the same":                {extensions.Backoff{Multiplier: 1, NoJitter: true}, 0, seconds(2, 2, 2, 2, 2)},
		"up to its own bound":            {extensions.Backoff{Initial: time.Second, Max: 5 * time.Second, Multiplier: 3}, 0.5, seconds(1, 3, 5, 5, 5)},
		"begins beyond the host's bound": {extensions.Backoff{Initial: 2 * time.Hour}, 0.5, seconds(7200, 7200, 7200, 7200, 7200)},
		"anywhere up to twice as long":   {extensions.Backoff{Initial: time.Second, Max: time.Second, Jitter: 1}, 0, seconds(0, 0, 0, 0, 0)},
	} {
		if diff := cmp.Diff(c.want, pauses(c.policy, c.chance)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func seconds(all ...float64) (out []time.Duration) {
	for _, s := range all {
		out = append(out, time.Duration(s*float64(time.Second)).Round(time.Millisecond))
	}
	return out
}

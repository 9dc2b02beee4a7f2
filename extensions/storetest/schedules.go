package storetest

import "context"

const someSchedules = `[{"name":"a.fetch","spec":"@every 1h0m0s","job":"fetch","priority":"normal"},
	{"name":"a.report","spec":"0 7 * * 1","time_zone":"Europe/Berlin","job":"report","priority":"low","input":{"n":1},
		"library":"11b4a417-0000-4000-8000-000000000002"}]`

func schedulesPut(t trial) {
	for _, schedules := range []string{someSchedules, someSchedules, "[]", "[]"} {
		if err := t.store.CheckSchedules(t.Context(), "a", []byte(schedules)); err != nil {
			t.Errorf("check %s: %v", schedules, err)
		}
		if err := t.store.PutSchedules(t.Context(), "a", []byte(schedules)); err != nil {
			t.Errorf("put %s: %v", schedules, err)
		}
	}
}

func schedulesNoList(t trial) {
	ended, end := context.WithCancel(t.Context())
	end()
	for name, put := range map[string]func() error{
		"check a broken list": func() error { return t.store.CheckSchedules(t.Context(), "a", []byte(`[{`)) },
		"put a broken list":   func() error { return t.store.PutSchedules(t.Context(), "a", []byte(`[{`)) },
		"put after the end":   func() error { return t.store.PutSchedules(ended, "a", []byte(someSchedules)) },
	} {
		if put() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

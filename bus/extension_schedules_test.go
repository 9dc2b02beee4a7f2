package bus_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/extensions"
)

// installer is a catalogue on a bus, with a module that registers the job "fetch".
type installer struct {
	t         *testing.T
	conn      *bus.Conn
	catalogue *extensions.Catalogue
}

func newInstaller(t *testing.T, conn *bus.Conn) installer {
	t.Helper()
	store, err := conn.Extensions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := extensions.NewCatalogue(store, extensions.CatalogueConfig{})
	if err != nil {
		t.Fatal(err)
	}
	return installer{t, conn, catalogue}
}

func (i installer) install(members string) error {
	i.t.Helper()
	p, err := extensions.NewPackage([]byte(`{"id":"test-extension","name":"T","version":"1","wasm_file":"t.wasm"`+members+`}`), []byte("\x00asm\x01\x00\x00\x00"))
	if err != nil {
		i.t.Fatal(err)
	}
	_, err = i.catalogue.Install(i.t.Context(), p, []extensions.JobInfo{{Name: "fetch", Export: "execute_job"}})
	return err
}

func (i installer) mustInstall(members string) {
	i.t.Helper()
	if err := i.install(members); err != nil {
		i.t.Fatal(err)
	}
}

// schedules lists what there is: name, when, library.
func (i installer) schedules() []string {
	i.t.Helper()
	all, err := i.conn.AllRecurring(i.t.Context())
	if err != nil {
		i.t.Fatal(err)
	}
	lines := make([]string, len(all))
	for at, r := range all {
		lines[at] = strings.Join([]string{r.Name, r.Spec, r.TimeZone, r.Library.String(), string(r.Priority), string(r.Input)}, " ")
		if !r.Manifest || r.Extension != "test-extension" || r.Job != "fetch" {
			i.t.Errorf("schedule %+v is not of the manifest", r)
		}
	}
	slices.Sort(lines)
	return lines
}

func TestManifestSchedules(t *testing.T) {
	t.Parallel()
	i := newInstaller(t, bustest.New(t))
	other := uuid.NewString()
	first := `,"schedules":[{"job":"fetch","every":"1h"},
		{"name":"mondays","job":"fetch","cron":"0 7 * * 1","time_zone":"Europe/Berlin","input":{"n":1},"libraries":["` + other + `"]}],
		"jobs":{"fetch":{"priority":"low"}}`
	i.mustInstall(first)
	want := []string{
		"test-extension.fetch @every 1h0m0s  " + bus.DefaultLibrary.String() + " low ",
		"test-extension.mondays 0 7 * * 1 Europe/Berlin " + other + ` low {"n":1}`,
	}
	if diff := cmp.Diff(want, i.schedules()); diff != "" {
		t.Errorf("installed (-want +got):\n%s", diff)
	}
	t.Run("installed again, paused ones stay paused and none begins anew", func(t *testing.T) {
		if err := i.conn.PauseRecurring(t.Context(), "test-extension.mondays", true); err != nil {
			t.Fatal(err)
		}
		before, err := i.conn.Recurring(t.Context(), "test-extension.fetch")
		if err != nil {
			t.Fatal(err)
		}
		i.mustInstall(first)
		after, err := i.conn.Recurring(t.Context(), "test-extension.fetch")
		if diff := cmp.Diff(before, after); diff != "" || err != nil {
			t.Errorf("the schedule has changed, error %v (-before +after):\n%s", err, diff)
		}
		if paused, err := i.conn.Recurring(t.Context(), "test-extension.mondays"); err != nil || !paused.Paused {
			t.Errorf("the paused schedule is %+v, error %v", paused, err)
		}
	})
	t.Run("updated", func(t *testing.T) {
		i.mustInstall(`,"schedules":[{"job":"fetch","every":"2h"}]`)
		want := []string{"test-extension.fetch @every 2h0m0s  " + bus.DefaultLibrary.String() + " normal "}
		if diff := cmp.Diff(want, i.schedules()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("another's name is refused, and nothing installed", func(t *testing.T) {
		mine := &bus.Recurring{Name: "test-extension.mine", Spec: "@daily", Extension: "other", Job: "a", Library: uuid.New()}
		if err := i.conn.AddRecurring(t.Context(), mine); err != nil {
			t.Fatal(err)
		}
		err := i.install(`,"schedules":[{"name":"mine","job":"fetch","every":"3h"}]`)
		if bus.CodeOf(err) != bus.AlreadyExists || !strings.Contains(err.Error(), "test-extension.mine for other:a already") {
			t.Errorf("error is %v", err)
		}
		if err := i.conn.RemoveRecurring(t.Context(), mine.Name); err != nil {
			t.Fatal(err)
		}
		if got := i.schedules(); len(got) != 1 || !strings.Contains(got[0], "2h0m0s") {
			t.Errorf("schedules are %q", got)
		}
	})
	t.Run("removed", func(t *testing.T) {
		if err := i.catalogue.Remove(t.Context(), "test-extension"); err != nil {
			t.Fatal(err)
		}
		if got := i.schedules(); len(got) != 0 {
			t.Errorf("schedules are %q", got)
		}
	})
}

func TestManifestScheduleStartsJobs(t *testing.T) {
	t.Parallel()
	conn := bustest.New(t)
	queue := openQueue(t, conn)
	newInstaller(t, conn).mustInstall(`,"schedules":[{"job":"fetch","every":"1s","input":{"n":1}}]`)
	seen := map[uuid.UUID]bool{}
	for range 2 {
		attempt := begin(t, queue)
		job := attempt.Job
		if job.Schedule != "test-extension.fetch" || job.Library != bus.DefaultLibrary || string(job.Input) != `{"n":1}` || seen[job.ID] {
			t.Errorf("started %+v", job)
		}
		seen[job.ID] = true
		if err := attempt.End(t.Context(), completed()); err != nil {
			t.Fatal(err)
		}
	}
}

// A manifest is checked without a bus. What that lets through, the bus must take.
func TestManifestAndBusAgreeOnTimes(t *testing.T) {
	t.Parallel()
	for _, spec := range []string{
		"0 7 * * 1", "*/5 * * * * *", "@hourly", "@daily", "@weekly", "@monthly", "@yearly", "0 0 29 2 *", "0 0 31 2 *", "0 25 * * *", "60 * * * *",
		"* * * *", "* * * * * * *", "", " ", "@every 5m", "@every", "@reboot", "@midnight", "@annually", "0 7 * * MON-FRI", "0 7 1,15 * *", "0-59/7 8-17 * * *",
		"0 7 * JAN ?", "? ? ? ? ?", "TZ=UTC 0 7 * * *", "CRON_TZ=UTC 0 7 * * *", "0 7 L * *", "0 7 * * 7", "-1 * * * *", "1-0 * * * *",
	} {
		manifest := `{"id":"a","name":"A","version":"1","wasm_file":"a.wasm","schedules":[{"job":"b","cron":"` + spec + `"}]}`
		_, refused := extensions.ParseManifest([]byte(manifest))
		r := &bus.Recurring{Name: "a.b", Spec: spec, Extension: "a", Job: "b", Library: uuid.New(), CreatedAt: time.Now()}
		problem := r.Validate()
		if strings.HasPrefix(spec, "@every") {
			problem = refused // the manifest has a key of its own for it
		}
		if (refused == nil) != (problem == nil) {
			t.Errorf("%q: the manifest says %v, the bus says %v", spec, refused, problem)
		}
	}
}

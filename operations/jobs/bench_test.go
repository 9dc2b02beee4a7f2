package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/bus/bustest"
	"github.com/airlock-run/airlock/operations/store/storetest"
)

// benchRows is how many jobs are in the list that is measured: AIRLOCK_BENCH_JOBS of them, or so few that each run of all benchmarks can
// afford it.
func benchRows(b *testing.B) int {
	b.Helper()
	text := os.Getenv("AIRLOCK_BENCH_JOBS")
	if text == "" {
		return 20_000
	}
	rows, err := strconv.Atoi(text)
	if err != nil {
		b.Fatalf("AIRLOCK_BENCH_JOBS: %v", err)
	}
	return rows
}

// population makes jobs as a busy installation has them: fifty extensions and two hundred libraries, most jobs completed, some that
// failed, waited or have a parent, and one extension and one library of which there are hardly any.
type population struct {
	random    *rand.Rand
	libraries []uuid.UUID
	rare      uuid.UUID
	start     time.Time
	made      int
	parent    uuid.UUID
}

func newPopulation() *population {
	p := &population{random: rand.New(rand.NewPCG(1, 2)), start: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), rare: uuid.New()}
	for range 200 {
		p.libraries = append(p.libraries, uuid.New())
	}
	return p
}

// message makes the message of the next job.
func (p *population) message() *bus.Change {
	n := p.made
	p.made++
	at := p.start.Add(time.Duration(n) * 66 * time.Microsecond)
	id := uuid.Must(uuid.NewV7())
	c := &bus.Change{
		Job: id, Extension: "extension-" + strconv.Itoa(n%50), Name: "job", Library: p.libraries[(n%50*4+p.random.IntN(20))%200], Priority: bus.Normal,
		CreatedAt: at, Version: 1, State: bus.StateAvailable,
	}
	switch {
	case n%100_000 == 5:
		c.Extension = "rare"
	case n%100_000 == 7:
		c.Library = p.rare
	case n%1000 < 10 && n%1000 > 0:
		c.Parent = p.parent
	case n%1000 == 0:
		p.parent = id
	}
	return c
}

// record makes the record of its outcome.
func (p *population) record(of *bus.Change, revision int) *bus.Change {
	c := *of
	c.Version, c.State, c.Attempt = 2*uint64(revision), bus.StateCompleted, 1
	c.StartedAt, c.FinishedAt = of.CreatedAt.Add(time.Millisecond), of.CreatedAt.Add(2*time.Millisecond)
	switch n := p.random.IntN(1000); {
	case n < 2:
		c.State, c.Error = bus.StateDead, "the service did not answer"
	case n < 5:
		c.State = bus.StateCancelled
	case n < 6:
		c.State, c.FinishedAt = bus.StateRunning, time.Time{}
	case n < 10:
		c.State, c.Due, c.FinishedAt = bus.StateScheduled, time.Now().Add(time.Duration(n-8)*time.Hour), time.Time{}
	}
	return &c
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func keepAll(b *testing.B, k *keeper, changes []*bus.Change, batch int) {
	b.Helper()
	for part := range slices.Chunk(changes, batch) {
		if err := k.keep(b.Context(), &bus.Changes{All: part, Position: bus.Position{Jobs: k.position.Jobs + 1}}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkKeep measures what a job costs that is written when it is made and again when it has ended.
func BenchmarkKeep(b *testing.B) {
	for dialect, newURL := range storetest.URLs() {
		for _, batch := range []int{100, 500, 2000, 4000} {
			b.Run(fmt.Sprintf("%s/%d", dialect, batch), func(b *testing.B) {
				k, p := newTestKeeper(b, newURL(b)), newPopulation()
				const each = 4000
				var made, ended time.Duration
				var first []*bus.Change // of all kinds, as a list that has been kept for a while knows them
				for range 5 * each {
					first = append(first, p.message())
				}
				keepAll(b, k, first, each)
				for b.Loop() {
					var messages, records []*bus.Change
					for i := range each {
						messages = append(messages, p.message())
						records = append(records, p.record(messages[i], p.made))
					}
					start := cpuTime()
					keepAll(b, k, messages, batch)
					middle := cpuTime()
					keepAll(b, k, records, batch)
					made, ended = made+middle-start, ended+cpuTime()-middle
				}
				b.ReportMetric(float64(made.Nanoseconds())/1e3/each/float64(b.N), "µs-cpu/insert")
				b.ReportMetric(float64(ended.Nanoseconds())/1e3/each/float64(b.N), "µs-cpu/update")
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/1e3/each/float64(b.N), "µs/job")
			})
		}
	}
}

// BenchmarkPage measures pages of a long list, for all combinations of filters: the slowest, and that of a hundred that one is slower than.
func BenchmarkPage(b *testing.B) {
	for dialect, newURL := range storetest.URLs() {
		b.Run(string(dialect), func(b *testing.B) {
			rows := benchRows(b)
			k, p := newTestKeeper(b, newURL(b)), newPopulation()
			start := time.Now()
			for p.made < rows {
				var changes []*bus.Change
				for range min(4000, rows-p.made) {
					message := p.message()
					changes = append(changes, message)
					if p.made < rows-rows/20 { // the newest wait
						changes = append(changes, p.record(message, p.made))
					}
				}
				keepAll(b, k, changes, len(changes))
			}
			b.Logf("%d rows in %s", rows, time.Since(start))
			requests := p.requests()
			for b.Loop() {
				took := map[time.Duration]string{}
				var times []time.Duration
				for _, in := range requests {
					start := time.Now()
					page, err := list(context.Background(), k.list, in, time.Now())
					if err != nil {
						b.Fatal(err)
					}
					d := time.Since(start)
					times = append(times, d)
					took[d] = fmt.Sprintf("%d jobs, next %q: %+v", len(page.Jobs), page.Next, in)
				}
				slices.Sort(times)
				b.ReportMetric(times[len(times)/2].Seconds()*1e3, "ms-p50")
				b.ReportMetric(times[len(times)*99/100].Seconds()*1e3, "ms-p99")
				b.ReportMetric(times[len(times)-1].Seconds()*1e3, "ms-max")
				for _, d := range times[len(times)-5:] {
					b.Log(d, took[d])
				}
			}
		})
	}
}

// requests are all combinations of filters, each as the first page and as one from the middle of the list.
func (p *population) requests() (all []ListRequest) {
	span := time.Duration(p.made) * 66 * time.Microsecond
	from, to := p.start.Add(span/3), p.start.Add(span/2)
	middle := strconv.FormatInt(placeAt(to), 10)
	for _, extension := range []string{"", "extension-3", "rare"} {
		for _, name := range []string{"", "job"} {
			for _, library := range []string{"", p.libraries[3].String(), p.rare.String()} {
				for _, state := range append([]bus.State{""}, states...) {
					for _, parent := range []string{"", p.parent.String()} {
						for _, in := range []ListRequest{{}, {CreatedAfter: &from, CreatedBefore: &to}, {After: middle}, {Limit: maxLimit}} {
							in.Extension, in.Name, in.Library, in.State, in.Parent = extension, name, library, state, parent
							all = append(all, in)
						}
					}
				}
			}
		}
	}
	return all
}

// BenchmarkFollow measures what it costs to catch up with jobs that were made and have ended, the server's part included.
func BenchmarkFollow(b *testing.B) {
	for dialect, newURL := range storetest.URLs() {
		b.Run(string(dialect), func(b *testing.B) {
			rows := benchRows(b)
			server := bustest.Start(b)
			conn := bustest.Connect(b, server)
			publish(b, server, conn, rows)
			k := newTestKeeper(b, newURL(b))
			j := &Jobs{conn: conn, list: k.list}
			var spent time.Duration
			for b.Loop() {
				if err := rebuild(b.Context(), k.list); err != nil {
					b.Fatal(err)
				}
				if err := k.begin(b.Context()); err != nil {
					b.Fatal(err)
				}
				start, batches := cpuTime(), 0
				err := j.conn.FollowChanges(b.Context(), bus.Position{}, func(ctx context.Context, changes *bus.Changes) error {
					if err := k.keep(ctx, changes); err != nil {
						return err
					}
					if batches++; changes.Position.Runs >= uint64(rows) && changes.Position.Jobs >= uint64(rows) {
						return errMoved // enough
					}
					return nil
				})
				if !errors.Is(err, errMoved) {
					b.Fatal(err)
				}
				spent += cpuTime() - start
				b.ReportMetric(float64(2*rows)/float64(batches), "changes/batch")
			}
			b.ReportMetric(float64(spent.Nanoseconds())/1e3/float64(rows)/float64(b.N), "µs-cpu/job")
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
		})
	}
}

// publish publishes jobs and a record of each.
func publish(b *testing.B, server *bus.Server, conn *bus.Conn, rows int) {
	b.Helper()
	nc, err := nats.Connect("nats://airlock", nats.InProcessServer(server))
	if err != nil {
		b.Fatal(err)
	}
	defer nc.Close()
	library, code := uuid.New(), int32(0)
	jobs := make([]*bus.Job, rows)
	for i := range jobs {
		jobs[i] = &bus.Job{Extension: "extension-" + strconv.Itoa(i%50), Name: "job", Library: library}
	}
	if _, err := conn.EnqueueMany(b.Context(), jobs); err != nil {
		b.Fatal(err)
	}
	for part := range slices.Chunk(jobs, 500) {
		var last *nats.Msg
		for i, job := range part {
			at := time.Now()
			data, err := json.Marshal(&bus.Run{
				Job: job.ID, Extension: job.Extension, Name: job.Name, Library: library, Priority: job.Priority, CreatedAt: job.CreatedAt,
				State: bus.StateCompleted, Attempt: 1, Worker: "worker-1", Version: "sha256:" + strings.Repeat("0", 64), StartedAt: &at,
				FinishedAt: &at, ExitCode: &code, Holder: uuid.NewString(), Write: 1, Report: bus.Report{GuestMS: 0.02, Fuel: 1000},
			})
			if err != nil {
				b.Fatal(err)
			}
			if last = nats.NewMsg(bus.RunSubject(job.ID)); i < len(part)-1 {
				last.Data = data
				err = nc.PublishMsg(last)
			} else {
				last.Data = data
				_, err = nc.RequestMsg(last, 30*time.Second)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

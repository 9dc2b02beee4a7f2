package runner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/capabilities"
	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/runner/sandbox"
)

// Worker runs jobs, as many at once as it has slots.
type Worker struct {
	config    Config
	conn      *bus.Conn
	catalogue *extensions.Catalogue
	load      Load
	roster    *roster
	authority *capabilities.Authority
	trust     *trust
	auditor   *bus.Auditor
	refreshes *rate.Limiter
	modules   *modules
	quotas    *quotas
	admission *admission
	// large bounds the large payloads of calls that are under way.
	large   *semaphore.Weighted
	dealer  *bus.Dealer
	arenas  *sync.Pool
	log     *slog.Logger
	ready   chan struct{}
	metrics *Metrics
	// settling are the ended attempts that are not recorded yet, settlements bounds how many there are.
	settling    sync.WaitGroup
	settlements chan struct{}
	// interrupt is what every running guest is answered when it asks whether to go on.
	interrupt atomic.Uint32
}

// largeAtOnce is how many bytes of large payloads may be under way at once.
const largeAtOnce = 256 << 20

// Load makes a module ready to run. See package prepare for what does so with modules of strangers.
type Load func(ctx context.Context, wasm []byte, options sandbox.Options) (*sandbox.Module, error)

// New makes a worker. It runs once Run is called.
func New(conn *bus.Conn, catalogue *extensions.Catalogue, load Load, config Config) (*Worker, error) {
	config = config.withDefaults()
	if err := config.Validate(); err != nil {
		return nil, err
	}
	w := &Worker{
		config: config, conn: conn, catalogue: catalogue, load: load, log: config.Logger, authority: capabilities.NewAuthority(), trust: &trust{settings: config.signatures},
		admission: newAdmission(uint64(config.GuestMemory) << 20), //nolint:gosec // validated not to be negative
		large:     semaphore.NewWeighted(largeAtOnce),
		refreshes: newRefreshes(), arenas: newArenas(), ready: make(chan struct{}), settlements: make(chan struct{}, maxSettling),
	}
	if w.trust.settings == nil {
		w.trust.settings = w.demanded
	}
	w.dealer = conn.NewDealer(bus.DealerConfig{
		Name: config.Name, ExtensionLimit: w.concurrentJobs, LibraryLimit: config.LibraryJobs,
	})
	var err error
	if w.quotas, err = newQuotas(conn, config, w.authority); err != nil {
		return nil, err
	}
	w.auditor = conn.NewAuditor(bus.AuditorConfig{By: config.Name})
	w.modules = newModules(w.prepare, config.Logger)
	w.roster = newRoster(catalogue, config.Logger, w.changed)
	return w, nil
}

// Authority is what decides about calls of this worker's jobs. It is kept up to date while Run is under way.
func (w *Worker) Authority() *capabilities.Authority { return w.authority }

// Name is the worker's name, as it stands in the records of the jobs it ran.
func (w *Worker) Name() string { return w.config.Name }

// Measure has the worker measure its jobs and calls from now on. Call it before Run.
func (w *Worker) Measure() *Metrics {
	w.metrics = newMetrics()
	return w.metrics
}

// Ready is closed once the worker takes jobs.
func (w *Worker) Ready() <-chan struct{} { return w.ready }

// Run takes jobs and runs them until ctx ends. Then it takes no more, asks the running ones to stop, and hands back those that
// did not within the grace time. It returns when all it started has ended.
func (w *Worker) Run(ctx context.Context) error {
	var background sync.WaitGroup
	watching, stopWatching := context.WithCancel(context.WithoutCancel(ctx))
	defer background.Wait()
	defer stopWatching()
	background.Go(func() { w.auditor.Run(watching) })
	background.Go(func() { w.authority.Follow(watching, w.conn, w.log) })
	// Nothing of an extension is prepared before it is known which ones are trusted.
	select {
	case <-w.authority.Ready():
	case <-ctx.Done():
		return nil
	}
	background.Go(func() { w.roster.watch(watching) })
	select {
	case <-w.roster.ready:
	case <-ctx.Done():
		return nil
	}
	if !w.conn.Bound() { // a pool's user may not deal
		background.Go(func() { w.dealer.Run(ctx) })
	}
	queue, err := w.conn.Queue(ctx, bus.QueueConfig{Worker: w.config.Name, Slots: w.config.Slots, Version: w.config.Version})
	if err != nil {
		return fmt.Errorf("run worker: %w", err)
	}

	defer w.quotas.start()() // jobs use them to the end

	jobs, cancelJobs := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancelJobs(nil)
	var slots sync.WaitGroup
	for range w.config.Slots {
		slots.Go(func() { w.slot(ctx, jobs, queue) })
	}
	close(w.ready)
	w.log.InfoContext(ctx, "worker takes jobs", "worker", w.config.Name, "slots", w.config.Slots, "memory_mb", w.config.GuestMemory)

	<-ctx.Done()
	w.interrupt.Store(uint32(sandbox.Shutdown))
	queue.Drain()
	grace := time.AfterFunc(w.config.Grace, func() { cancelJobs(errShutdown) })
	defer grace.Stop()
	slots.Wait()
	w.settling.Wait()
	queue.Leave()
	stopWatching()
	background.Wait()
	w.modules.close()
	return nil
}

// slot runs one job after the other. A slot ends when the guest has returned; what that means for the job is recorded meanwhile.
func (w *Worker) slot(taking, running context.Context, queue *bus.Queue) {
	for {
		delivery, err := queue.Next(taking)
		if err != nil {
			return
		}
		w.handle(running, taking, delivery)
	}
}

const (
	// settleTime is how long a shutdown waits for the bus to take an outcome.
	settleTime = 5 * time.Second
	// maxSettling is how many ended attempts may wait for the bus to take their outcome before no more are begun.
	maxSettling = 4096
)

// handle runs an attempt of a job. It goes on when taking has ended, but does not wait for room any more.
func (w *Worker) handle(ctx, taking context.Context, delivery *bus.Delivery) {
	job, received := delivery.Job, time.Now()
	attempt, err := delivery.Begin(ctx)
	if err != nil {
		if !errors.Is(err, bus.ErrSettled) {
			w.log.WarnContext(ctx, "attempt not begun, the job is dealt again", "job_id", job.ID, "error", err)
		}
		return
	}
	report := newReporter(attempt.Token, w.arenas, func(a bus.Activity) { w.conn.Tell(job.ID, a) })
	report.tellState(bus.StateRunning, w.config.Name)
	e := &execution{worker: w, attempt: attempt, report: report, deadline: deadline{shutdown: &w.interrupt}}
	ctx = e.observed.begin(delivery.Context(ctx), w.metrics, w.config.Name, attempt, attempt.Ready, received)
	attempt.UseTrace(bus.TraceParent(ctx))
	end := e.run(ctx, taking)
	report.finish()
	attempt.Returned()

	w.settlements <- struct{}{}
	w.settling.Add(1)
	recorded := func(err error) {
		e.observed.end(err)
		if err != nil {
			w.log.WarnContext(ctx, "attempt not recorded", "job_id", job.ID, "error", err)
		}
		w.log.DebugContext(ctx, "attempt ended", "job_id", job.ID, "extension", job.Extension, "library", job.Library,
			"attempt", attempt.Token, "duration", time.Since(received), "error", end.err)
		<-w.settlements
		w.settling.Done()
	}
	if end.completed() { // as most do: no goroutine has to wait for it
		attempt.EndSoon(e.outcome(end), func(err error) {
			if err == nil {
				recorded(nil)
				return
			}
			go func() { recorded(w.settle(ctx, e, end)) }()
		})
		return
	}
	go func() { recorded(w.settle(ctx, e, end)) }()
}

// settle records what an ending means, however long the bus takes, but for a shutdown.
func (w *Worker) settle(ctx context.Context, e *execution, end ending) error {
	settling, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(settleTime, func() { cancel(errShutdown) }) })
	defer stop()
	return e.settle(settling, end)
}

// changed keeps up with the catalogue: what is installed is prepared at once, what is not any more is freed.
func (w *Worker) changed(change extensions.Change) {
	w.dealer.Changed(string(change.ID))
	if change.Installed == nil {
		w.modules.removed(change.ID)
		return
	}
	if err := w.trust.check(change.Installed); err != nil {
		w.log.Warn("extension is not prepared", "extension", string(change.ID), "error", err)
		w.modules.removed(change.ID)
		return
	}
	memory := w.memory(change.Installed)
	if asked := w.asked(change.Installed); asked > memory {
		w.log.Warn("jobs get less memory than they may have: raise the memory of guests",
			"extension", string(change.ID), "asked_mb", asked>>20, "memory_mb", memory>>20)
	}
	w.modules.arrived(change.ID, moduleKey{change.Installed.Digest, memory, change.Installed.Manifest.NoSnapshot})
}

// concurrentJobs is how many jobs of an extension may run at once in the cluster. Those of one that is not installed end at once.
func (w *Worker) concurrentJobs(id string) int {
	if installed, ok := w.roster.current(extensions.ID(id)); ok {
		return installed.Manifest.Permissions.ConcurrentJobs
	}
	return extensions.DefaultConcurrentJobs
}

// prepare prepares a module.
func (w *Worker) prepare(ctx context.Context, key moduleKey) (*sandbox.Module, error) {
	wasm, err := w.catalogue.Module(ctx, key.digest)
	if err != nil {
		return nil, err
	}
	return w.load(ctx, wasm, sandbox.Options{MaxMemory: key.memory, NoSnapshot: key.anew})
}

// asked is the memory that a job of an extension may have, in bytes: by its manifest, and by the operator's cap.
func (w *Worker) asked(installed *extensions.Installed) uint64 {
	return uint64(min(installed.Manifest.Permissions.MaxMemoryMB, w.config.MaxMemory)) << 20 //nolint:gosec // both are positive
}

// memory is the memory that a job of an extension gets: what it asked for, or less where all guests together have less.
func (w *Worker) memory(installed *extensions.Installed) uint64 {
	return min(w.asked(installed), w.admission.most())
}

package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
)

// ErrSettled is returned by Begin for a delivery that needs no attempt: the job has ended, is due later, or another
// copy of it runs. There is nothing left to do with it.
var ErrSettled = errors.New("this delivery needs no attempt")

// Attempt is one run of a job by one worker. Its token grows with each attempt of the job; once a newer one has begun,
// every write of an older one returns ErrFenced. It is safe for concurrent use. End it with End, Retry, HandBack or
// Abandon.
type Attempt struct {
	Job *Job
	// Token is the attempt token.
	Token uint64
	// Checkpoint is what an earlier attempt saved; nil for none.
	Checkpoint *Checkpoint
	// Failures counts the failed attempts before this one.
	Failures int
	// Version is the version of the extension that an earlier attempt ran, and Digest its module; empty on the first one. A
	// job that began under an earlier release has a Digest alone.
	Version, Digest string

	delivery *Delivery
	// beating sends heartbeats, following refreshes the record.
	beating, following background

	mu     sync.Mutex
	run    *Run
	writes uint64
}

// Begin starts an attempt of the job and keeps the job dealt to this process until the attempt ends. The first attempt
// of a job writes nothing; each later one writes the run record first, which fences every attempt before it.
//
// # Errors
//
// ErrSettled, or that the bus does not answer: the job is then dealt again.
func (d *Delivery) Begin(ctx context.Context, worker string) (*Attempt, error) {
	run, err := d.conn.Run(ctx, d.Job.ID)
	switch {
	case CodeOf(err) == NotFound:
		run, err = d.first(ctx, worker)
	case err == nil:
		err = d.next(ctx, run, worker)
	}
	if errors.Is(err, ErrFenced) {
		_ = d.msg.NakWithDelay(time.Second)
		return nil, ErrSettled
	}
	if err != nil {
		return nil, err
	}
	a := &Attempt{
		Job: d.Job, Token: run.Attempt, Checkpoint: run.Checkpoint, Failures: run.Failures,
		Version: run.Version, Digest: run.Digest, delivery: d, run: run,
	}
	a.beating.start(a.keepAlive)
	return a, nil
}

// first begins the attempt of a job that has no run record. Delivered once, it is new. Delivered before, a first
// attempt was cut off without a trace, and it is fenced.
func (d *Delivery) first(ctx context.Context, worker string) (*Run, error) {
	run := &Run{
		Job: d.Job.ID, Extension: d.Job.Extension, Name: d.Job.Name, Library: d.Job.Library,
		Priority: d.Job.Priority, CreatedAt: d.Job.CreatedAt, State: StateRunning, Attempt: 1,
		Worker: worker, Holder: uuid.NewString(), Message: d.meta.Sequence.Stream, StartedAt: now(),
	}
	if d.meta.NumDelivered == 1 {
		return run, nil
	}
	run.Attempt = 2
	return run, d.conn.saveRun(ctx, run)
}

// next begins an attempt of a job that has a run record.
func (d *Delivery) next(ctx context.Context, run *Run, worker string) error {
	sequence := d.meta.Sequence.Stream
	switch {
	case run.State.Ended(), sequence < run.Message:
		return d.settle() // over, or an older copy of what the record tells of
	case run.State == StateScheduled && sequence == run.Message:
		// The attempt that failed was cut off before it had scheduled the next one.
		return d.reschedule(ctx, run)
	case run.State == StateRunning && sequence > run.Message:
		return d.settle() // a copy of what runs
	}
	run.State, run.Due = StateRunning, nil
	run.Attempt++
	run.Worker, run.Message, run.StartedAt = worker, sequence, now()
	run.Holder, run.Write = uuid.NewString(), 0
	run.Report = Report{}
	return d.conn.saveRun(ctx, run)
}

func (d *Delivery) settle() error {
	if err := d.msg.Ack(); err != nil {
		return fmt.Errorf("acknowledge job %s: %w", d.Job.ID, err)
	}
	return ErrSettled
}

func (d *Delivery) reschedule(ctx context.Context, run *Run) error {
	if err := d.conn.schedule(ctx, d.msg, run); err != nil {
		return err
	}
	return d.settle()
}

// keepAlive says every heartbeat that the attempt runs.
func (a *Attempt) keepAlive(ctx context.Context) {
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := a.delivery.msg.InProgress(); err != nil {
				a.delivery.conn.log.WarnContext(ctx, "heartbeat not sent", "job_id", a.Job.ID, "error", err)
			}
		}
	}
}

const (
	// visibleAfter is how long an attempt runs before its run record says so.
	visibleAfter = time.Second
	// refresh is how often the run record of a running attempt is brought up to date.
	refresh = 10 * time.Second
)

// Follow keeps the run record of an attempt that lasts up to date with what report returns, until the attempt ends. fenced is
// called when a newer attempt exists.
func (a *Attempt) Follow(report func() Report, fenced func()) {
	a.following.start(func(ctx context.Context) {
		timer := time.NewTimer(visibleAfter)
		defer timer.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-timer.C:
			}
			err := a.write(ctx, func(run *Run) { run.State, run.Report = StateRunning, report() })
			if errors.Is(err, ErrFenced) {
				fenced()
				return
			}
			if err != nil && ctx.Err() == nil {
				a.delivery.conn.log.WarnContext(ctx, "run record not refreshed", "job_id", a.Job.ID, "error", err)
			}
			timer.Reset(refresh)
		}
	})
}

// Save records a checkpoint with what the attempt told so far.
//
// # Errors
//
// ErrFenced; or that the bus does not answer.
func (a *Attempt) Save(ctx context.Context, checkpoint *Checkpoint, report Report) error {
	return a.write(ctx, func(run *Run) {
		run.State, run.Checkpoint, run.Report = StateRunning, checkpoint, report
	})
}

// Outcome is how a job ended.
type Outcome struct {
	// State is one for which Ended is true.
	State    State
	ExitCode *int32
	// Failure is why the job is dead; nil when it is not.
	Failure *Failure
	Report  Report
}

// End records the job's outcome, which ends it, and the attempt. While the bus does not answer it tries again, until
// ctx ends.
//
// # Errors
//
// ErrFenced: the outcome is another's to record. ctx's: the job is dealt again.
func (a *Attempt) End(ctx context.Context, outcome Outcome) error {
	a.following.end()
	defer a.beating.end()
	err := a.persist(ctx, func(run *Run) {
		run.State, run.ExitCode, run.Report, run.FinishedAt = outcome.State, outcome.ExitCode, outcome.Report, now()
		run.fail(outcome.Failure)
	})
	if err != nil {
		return err
	}
	return a.ack()
}

// Retry records a failed attempt and schedules the next one. While the bus does not answer it tries again, until ctx
// ends.
//
// # Errors
//
// As End's.
func (a *Attempt) Retry(ctx context.Context, due time.Time, failure Failure, report Report) error {
	a.following.end()
	defer a.beating.end()
	err := a.persist(ctx, func(run *Run) {
		run.State, run.Due, run.Report = StateScheduled, &due, report
		run.fail(&failure)
	})
	if err != nil {
		return err
	}
	if err := a.delivery.conn.schedule(ctx, a.delivery.msg, a.run); err != nil {
		return err
	}
	return a.ack()
}

// HandBack gives the job to another worker, at once and without counting a failure.
//
// # Errors
//
// As End's.
func (a *Attempt) HandBack(ctx context.Context, report Report) error {
	a.following.end()
	defer a.beating.end()
	err := a.persist(ctx, func(run *Run) { run.State, run.Report = StateAvailable, report })
	if err != nil {
		return err
	}
	if err := a.delivery.msg.Nak(); err != nil {
		return fmt.Errorf("hand back job %s: %w", a.Job.ID, err)
	}
	return nil
}

// Abandon leaves the job as it is: it is dealt again once its heartbeat is missed.
func (a *Attempt) Abandon() {
	a.following.end()
	a.beating.end()
}

// UseVersion notes the version of the extension this attempt runs, and its module, so that later attempts of the job run
// the same.
func (a *Attempt) UseVersion(version, digest string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.run.Version, a.run.Digest = version, digest
}

func (a *Attempt) ack() error {
	if err := a.delivery.msg.Ack(); err != nil {
		return fmt.Errorf("acknowledge job %s: %w", a.Job.ID, err)
	}
	return nil
}

// background is a goroutine that can be ended.
type background struct {
	stop context.CancelFunc
	wg   sync.WaitGroup
}

func (b *background) start(run func(ctx context.Context)) {
	ctx, stop := context.WithCancel(context.Background())
	b.stop = stop
	b.wg.Go(func() { run(ctx) })
}

// end ends the goroutine and waits for it. Without one it does nothing.
func (b *background) end() {
	if b.stop != nil {
		b.stop()
		b.wg.Wait()
	}
}

// write changes the record once.
func (a *Attempt) write(ctx context.Context, change func(*Run)) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	run := *a.run
	change(&run)
	a.writes++
	run.Write = a.writes
	if err := a.delivery.conn.saveRun(ctx, &run); err != nil {
		return err
	}
	a.run = &run
	return nil
}

// persist is write, again and again until the bus has answered.
func (a *Attempt) persist(ctx context.Context, change func(*Run)) error {
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		err := a.write(ctx, change)
		if err == nil || errors.Is(err, ErrFenced) {
			return err
		}
		a.delivery.conn.log.WarnContext(ctx, "run record not written yet", "job_id", a.Job.ID, "error", err)
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-time.After(wait):
		}
	}
}

// fail notes a failed attempt.
func (r *Run) fail(failure *Failure) {
	if failure == nil {
		return
	}
	r.Failures++
	r.Errors = append(slices.Clip(r.Errors), *failure)
	if extra := len(r.Errors) - maxFailures; extra > 0 {
		r.Errors = r.Errors[extra:]
	}
}

// scheduled is what schedule needs of a message of JOBS.
type scheduled interface {
	Subject() string
	Headers() nats.Header
	Data() []byte
}

// schedule publishes the job for the time it is due. Doing it again replaces the schedule.
func (c *Conn) schedule(ctx context.Context, job scheduled, run *Run) error {
	msg := nats.NewMsg(ScheduleSubject(run.Job))
	msg.Data = job.Data()
	for _, name := range []string{headerJob, headerExtension, headerLibrary, "traceparent", "tracestate"} {
		if v := job.Headers().Get(name); v != "" {
			msg.Header.Set(name, v)
		}
	}
	msg.Header.Set("Nats-Schedule", "@at "+run.Due.UTC().Format(time.RFC3339Nano))
	msg.Header.Set("Nats-Schedule-Target", job.Subject())
	if _, err := c.js.PublishMsg(ctx, msg); err != nil {
		return fmt.Errorf("schedule job %s: %w", run.Job, err)
	}
	return nil
}

func now() *time.Time {
	t := time.Now().UTC()
	return &t
}

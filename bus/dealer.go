package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/airlock-run/airlock/bus/fair"
)

// DealerConfig says by which limits jobs are dealt.
type DealerConfig struct {
	// Name is that of the process, for people.
	Name string
	// ExtensionLimit answers how many jobs of an extension may run at once in the whole cluster. It is asked again after
	// Changed. Default: no limit.
	ExtensionLimit func(extension string) int
	// LibraryLimit is how many jobs of one library may run at once. Default: no limit.
	LibraryLimit int
	// CacheBytes bounds the payloads of waiting jobs kept in memory; others are read again when they are dealt. Default 64 MiB.
	CacheBytes int
}

// Dealer deals the jobs of a cluster to its workers. Every process with a worker runs one; one of them at a time deals.
type Dealer struct {
	conn   *Conn
	config DealerConfig
	log    *slog.Logger

	// knowsPauses is closed, by pausesKnown, when it is known which extensions are paused.
	knowsPauses chan struct{}
	pausesKnown func()

	mu     sync.Mutex
	paused map[string]bool
	term   *term
}

// NewDealer makes a dealer. It does its part once Run is called.
func (c *Conn) NewDealer(config DealerConfig) *Dealer {
	if config.ExtensionLimit == nil {
		config.ExtensionLimit = func(string) int { return math.MaxInt }
	}
	if config.LibraryLimit == 0 {
		config.LibraryLimit = math.MaxInt
	}
	if config.CacheBytes == 0 {
		config.CacheBytes = 64 << 20
	}
	d := &Dealer{conn: c, config: config, log: c.log, paused: map[string]bool{}, knowsPauses: make(chan struct{})}
	d.pausesKnown = sync.OnceFunc(func() { close(d.knowsPauses) })
	return d
}

// Run deals whenever it is this process's turn, until ctx ends.
func (d *Dealer) Run(ctx context.Context) {
	var watching background
	watching.start(d.watchPauses)
	defer watching.end()
	select { // or a new process would deal jobs of a paused extension before it knows
	case <-d.knowsPauses:
	case <-ctx.Done():
		return
	}
	defer d.keepRecords(ctx)()
	d.conn.lead(ctx, "dealer", d.config.Name, d.deal)
}

// keepRecords reads and writes run records for the workers of pools until stop is called. Without it they wait, and all others go on.
func (d *Dealer) keepRecords(ctx context.Context) (stop func()) {
	service, err := d.conn.Serve(d.conn.recorder(d.log))
	if err != nil {
		d.log.WarnContext(ctx, "records of pools are not kept by this process", "error", err)
		return func() {}
	}
	return func() {
		if err := service.Stop(); err != nil {
			d.log.DebugContext(ctx, "records of pools are kept no more", "error", err)
		}
	}
}

// Changed says that the limit of an extension is another than before.
func (d *Dealer) Changed(extension string) {
	d.mu.Lock()
	t := d.term
	d.mu.Unlock()
	if t != nil {
		t.call(func() { t.waiting.Changed(extension) })
	}
}

// Extension is how many jobs of an extension may run at once: none while it is paused.
func (d *Dealer) limit(extension string) int {
	d.mu.Lock()
	paused := d.paused[extension]
	d.mu.Unlock()
	if paused {
		return 0
	}
	return d.config.ExtensionLimit(extension)
}

// term is the time in which one process deals: what it knows of jobs and workers. All of it belongs to the goroutine of run.
type term struct {
	*Dealer
	ctx   context.Context //nolint:containedctx // it lasts as long as the term
	epoch uint64
	// unclean says that the term before was cut off: what it dealt in the end may have run, though no record says so.
	unclean bool
	// dealt counts the deals of this term.
	dealt uint64

	calls    chan func()
	arrivals chan arrival
	reports  chan *nats.Msg

	waiting *fair.Queue[queued]
	// cached is the size of the payloads that wait.
	cached int
	// known are the jobs that are dealt or held: those that are not in the queue.
	known   map[uuid.UUID]*entry
	deals   map[uint64]*entry
	members map[string]*member
	// reached are the extensions that have a worker with a free slot.
	reached reach
	holds   holds
	census  census
	live    live
	times   arrivalTimes
	// moved are new sequences of jobs in the queue by their old ones; changed are those of whose record somebody has told, and whether
	// they are over; over counts these, by extension.
	moved   map[uint64]uint64
	changed map[uint64]bool
	over    map[string]int
	// seen is the last sequence that came; gone are later ones of jobs of which it is known already that they are over.
	seen uint64
	gone map[uint64]struct{}
	// again are jobs that were dealt to a worker that is gone.
	again map[uuid.UUID]struct{}
	// checked is when it was last looked whether workers are gone, and greet says that one has not heard of this term.
	checked time.Time
	greet   bool
	sweep   sweep
}

// queued is a job that waits.
type queued struct {
	id       uuid.UUID
	sequence uint64
	// msg is nil when it has to be read again.
	msg *jobMessage
	// fresh says that the job had no run record when it came.
	fresh bool
}

type jobMessage struct {
	header nats.Header
	data   []byte
}

// deal is one term.
func (d *Dealer) deal(ctx context.Context, lease *lease) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	t := &term{
		Dealer: d, ctx: ctx, epoch: lease.epoch, unclean: lease.unclean,
		calls: make(chan func(), 64), arrivals: make(chan arrival, 1024), reports: make(chan *nats.Msg, 8192),
		known: map[uuid.UUID]*entry{}, deals: map[uint64]*entry{}, members: map[string]*member{},
		moved: map[uint64]uint64{}, changed: map[uint64]bool{}, over: map[string]int{}, gone: map[uint64]struct{}{}, again: map[uuid.UUID]struct{}{},
		checked: time.Now(), reached: reach{all: true},
	}
	// What may have run unseen is the next dealer's concern, too.
	defer func() { lease.doubt = len(t.again) > 0 }()
	t.waiting = fair.New[queued](t)
	sub, err := d.conn.nc.ChanSubscribe(dealerSubject, t.reports)
	if err != nil {
		return fmt.Errorf("listen to workers: %w", err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	_ = sub.SetPendingLimits(-1, -1)
	pools, err := d.conn.nc.ChanSubscribe(poolReportSubjects, t.reports)
	if err != nil {
		return fmt.Errorf("listen to workers: %w", err)
	}
	defer func() { _ = pools.Unsubscribe() }()
	_ = pools.SetPendingLimits(-1, -1)
	stopObserving, err := observeQueue(t.depths)
	if err != nil {
		return err
	}
	defer stopObserving()
	service, err := d.conn.Serve(t.service())
	if err != nil {
		return fmt.Errorf("serve queue: %w", err)
	}
	defer func() { _ = service.Stop() }()
	if err := t.beginCensus(); err != nil {
		return err
	}
	d.enter(t)
	defer d.enter(nil)

	var reading sync.WaitGroup
	defer reading.Wait()
	defer cancel()
	failed := make(chan error, 1)
	reading.Go(func() { failed <- t.read(ctx) })
	reading.Go(func() { t.sweepInputs(ctx) })
	return t.run(failed)
}

func (d *Dealer) enter(t *term) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.term = t
}

// tick is how often a term looks whether workers are gone.
const tickPause = 250 * time.Millisecond

// run does what comes, one thing at a time, and deals after each.
func (t *term) run(failed <-chan error) error {
	tick := time.NewTicker(tickPause)
	defer tick.Stop()
	due := time.NewTimer(time.Hour)
	defer due.Stop()
	for {
		t.dealAll()
		if at, ok := t.holds.next(); ok {
			due.Reset(time.Until(at))
		}
		select {
		case <-t.ctx.Done():
			return nil
		case err := <-failed:
			return err
		case a := <-t.arrivals:
			t.arrived(a)
			for range min(len(t.arrivals), 64) {
				t.arrived(<-t.arrivals)
			}
		case msg := <-t.reports:
			t.reported(msg)
			for range min(len(t.reports), 64) {
				t.reported(<-t.reports)
			}
		case f := <-t.calls:
			f()
		case <-due.C:
			t.releaseDue(time.Now())
		case now := <-tick.C:
			t.checkMembers(now)
			t.sweepAt(now)
		}
	}
}

// call has f called by the goroutine of run, soon. It does nothing when the term is over.
func (t *term) call(f func()) {
	select {
	case t.calls <- f:
	case <-t.ctx.Done():
	}
}

// Extension implements fair.Limits. While it is not known what some workers run, they may run this extension's jobs alone.
func (t *term) Extension(id string) int {
	if !t.reached.has(id) {
		return 0
	}
	limit := t.limit(id)
	if limit < math.MaxInt {
		limit = max(0, limit-t.census.slots)
	}
	return limit
}

// Library implements fair.Limits.
func (t *term) Library(uuid.UUID) int {
	if t.config.LibraryLimit < math.MaxInt {
		return max(0, t.config.LibraryLimit-t.census.slots)
	}
	return t.config.LibraryLimit
}

// notice tells the dealer that a job's record was changed by someone else than the worker that runs it.
type notice struct {
	Job       uuid.UUID `json:"job"`
	Extension string    `json:"extension,omitempty"`
	// Sequence is the job's in JOBS, if it is known.
	Sequence uint64 `json:"sequence,omitempty"`
	// Over says that the job has an outcome, Wake that it goes on now. With neither it is to wait.
	Over bool `json:"over,omitempty"`
	Wake bool `json:"wake,omitempty"`
	// Parent is the job's, if it is over.
	Parent *uuid.UUID `json:"parent,omitempty"`
}

// notify tells the dealer of a change, without waiting. A notice that is lost is made up for when the job's turn comes.
func (c *Conn) notify(n notice) {
	data, err := json.Marshal(n)
	if err == nil {
		err = c.nc.Publish(dealerSubject, data)
	}
	if err != nil {
		c.log.Debug("dealer not notified", "job_id", n.Job, "error", err)
	}
}

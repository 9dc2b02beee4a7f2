package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// QueueConfig says how a worker takes part.
type QueueConfig struct {
	// Worker is the worker's name, unique in the cluster.
	Worker string
	// Slots is how many jobs it runs at once.
	Slots int
	// Version is that of its program, for people.
	Version string
}

// Queue is a worker's place at the dealer: jobs are dealt to it while it has free slots. It is safe for concurrent use.
type Queue struct {
	conn    *Conn
	config  QueueConfig
	inbox   chan *nats.Msg
	ready   chan *Delivery
	beating background
	looking background
	subs    []*nats.Subscription
	kick    chan struct{}

	mu sync.Mutex
	// epoch is that of the dealer this worker obeys: the newest it has heard of. received is that dealer's newest deal.
	epoch, received uint64
	deals           map[uint64]*Delivery
	next            report
	draining        bool
	left            bool
}

// Delivery is a job dealt to this process. Whoever has one calls Begin.
type Delivery struct {
	Job *Job

	queue    *Queue
	number   uint64
	subject  string
	sequence uint64
	header   nats.Header
	// again says that the job was dealt before, to a worker that is gone.
	again bool
	// run is the job's run record as it was when the job was dealt; nil for none.
	run *Run
	// deleted says that somebody has deleted what was known of the job, which had ended.
	deleted  bool
	data     []byte
	attempt  *Attempt
	returned bool
}

// Queue takes a worker's place. Leave it with Leave.
func (c *Conn) Queue(ctx context.Context, config QueueConfig) (*Queue, error) {
	if config.Slots < 1 || config.Worker == "" {
		return nil, fmt.Errorf("open job queue: a worker needs a name and a slot, not %q and %d", config.Worker, config.Slots)
	}
	q := &Queue{
		conn: c, config: config, inbox: make(chan *nats.Msg, 1024+2*config.Slots), ready: make(chan *Delivery, config.Slots),
		kick: make(chan struct{}, 1), deals: map[uint64]*Delivery{}, next: report{Worker: config.Worker},
	}
	handlers := map[string]nats.MsgHandler{helloSubject: q.hello, controlSubject: q.controlled}
	for _, subject := range c.config.Pool.dealSubjects(config.Worker) {
		// One channel for all of them, so that deals come in the order of their numbers.
		sub, err := c.nc.ChanSubscribe(subject, q.inbox)
		if err != nil {
			q.unsubscribe()
			return nil, fmt.Errorf("open job queue: %w", err)
		}
		q.subs = append(q.subs, sub)
	}
	for subject, handle := range handlers {
		sub, err := c.nc.Subscribe(subject, handle)
		if err != nil {
			q.unsubscribe()
			return nil, fmt.Errorf("open job queue: %w", err)
		}
		_ = sub.SetPendingLimits(-1, -1)
		q.subs = append(q.subs, sub)
	}
	if err := c.register(ctx, config.Worker, config.Slots); err != nil {
		q.unsubscribe()
		return nil, err
	}
	q.looking.start(q.look)
	q.beating.start(q.talk)
	return q, nil
}

func (q *Queue) unsubscribe() {
	for _, sub := range q.subs {
		_ = sub.Unsubscribe()
	}
}

// Next waits for a job. A message that is no job is ended as dead, with the reason, and passed over.
//
// # Errors
//
// ctx's, when it ends. A server that cannot be reached is waited for.
func (q *Queue) Next(ctx context.Context) (*Delivery, error) {
	select {
	case d := <-q.ready:
		return d, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Drain has no more jobs dealt to the worker. Those that were dealt already and not begun go back.
func (q *Queue) Drain() {
	q.mu.Lock()
	q.draining = true
	q.mu.Unlock()
	q.beat(false)
	q.giveBack()
}

// giveBack has the dealer deal what is ready and not begun to others.
func (q *Queue) giveBack() {
	for {
		select {
		case d := <-q.ready:
			d.settle(heldDeal{State: StateAvailable})
		default:
			return
		}
	}
}

// Leave ends the worker's place. Jobs it still has are dealt to others.
func (q *Queue) Leave() {
	q.Drain()
	q.looking.end()
	q.Drain() // what it was looking up
	q.beating.end()
	q.mu.Lock()
	q.left = true
	q.mu.Unlock()
	q.flush(true)
	q.beat(true)
	q.unsubscribe()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	q.conn.unregister(ctx, q.config.Worker)
	_ = q.conn.nc.FlushWithContext(ctx)
}

// hello answers a new dealer.
func (q *Queue) hello(msg *nats.Msg) {
	q.mu.Lock()
	obeys := q.obey(parseUint(string(msg.Data)))
	q.mu.Unlock()
	if obeys {
		q.beat(false)
	}
}

// obey tells whether a dealer of an epoch is to be listened to. Whoever calls it holds the lock.
func (q *Queue) obey(epoch uint64) bool {
	if epoch < q.epoch || epoch == 0 {
		return false
	}
	if epoch > q.epoch {
		q.epoch, q.received = epoch, 0
	}
	return true
}

// maxLookup is how many run records are looked up with one request.
const maxLookup = 512

// look takes what was dealt, looks up its run records, many at once, and makes it ready.
func (q *Queue) look(ctx context.Context) {
	for {
		var batch []*Delivery
		select {
		case <-ctx.Done():
			return
		case msg := <-q.inbox:
			batch = q.accept(batch, msg)
		}
		for len(batch) < maxLookup && len(q.inbox) > 0 {
			batch = q.accept(batch, <-q.inbox)
		}
		if len(batch) == 0 {
			continue
		}
		for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
			err := q.conn.lookUp(ctx, batch)
			if err == nil || ctx.Err() != nil {
				break
			}
			q.conn.log.DebugContext(ctx, "run records not read yet", "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(wait):
			}
		}
		for _, d := range batch {
			select {
			case q.ready <- d:
			case <-ctx.Done():
				return
			}
		}
		q.mu.Lock()
		draining := q.draining
		q.mu.Unlock()
		if draining { // since it was dealt
			q.giveBack()
		}
	}
}

// accept takes a deal, unless it is of a dealer that is not the newest or no job.
func (q *Queue) accept(batch []*Delivery, msg *nats.Msg) []*Delivery {
	number := parseUint(msg.Header.Get(headerDeal))
	d := &Delivery{
		queue: q, number: number, subject: msg.Header.Get(headerSubject), sequence: parseUint(msg.Header.Get(headerSequence)),
		header: msg.Header, data: msg.Data, again: msg.Header.Get(headerAgain) != "",
	}
	q.mu.Lock()
	if !q.obey(number >> 32) {
		q.mu.Unlock()
		return batch
	}
	// In one step with what it obeys, so that a beat to a newer dealer either lists the deal or has refused it.
	q.received = max(q.received, number)
	q.deals[number] = d
	draining := q.draining
	q.mu.Unlock()
	if draining {
		d.settle(heldDeal{State: StateAvailable})
		return batch
	}
	job, err := decodeJob(d.subject, msg.Data)
	if err != nil {
		go d.bury(msg.Data, err)
		return batch
	}
	q.mu.Lock()
	d.Job = job
	q.mu.Unlock()
	return append(batch, d)
}

// lookUp reads the run records of deals, but for those that the dealer knows to have none.
func (c *Conn) lookUp(ctx context.Context, deals []*Delivery) error {
	ids := make([]uuid.UUID, 0, len(deals))
	for _, d := range deals {
		if d.header.Get(headerFresh) == "" {
			ids = append(ids, d.Job.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	deleted := map[uuid.UUID]bool{}
	runs, err := c.runsOf(ctx, ids, func(id uuid.UUID) { deleted[id] = true })
	if err != nil {
		return err
	}
	for _, d := range deals {
		d.run, d.deleted = runs[d.Job.ID], deleted[d.Job.ID]
	}
	return nil
}

// Returned says that the guest has returned: its slot is free, though what became of it is not on disk yet. Doing it again changes
// nothing.
func (d *Delivery) Returned() {
	q := d.queue
	q.mu.Lock()
	if !d.returned {
		d.returned = true
		q.next.Returned = append(q.next.Returned, d.number)
	}
	q.mu.Unlock()
	q.poke()
}

// ended says that the job has an outcome.
func (d *Delivery) ended() {
	q := d.queue
	q.mu.Lock()
	delete(q.deals, d.number)
	q.next.Ended = append(q.next.Ended, d.number)
	if d.Job != nil && d.Job.Parent != nil {
		q.next.Parents = append(q.next.Parents, *d.Job.Parent)
	}
	q.mu.Unlock()
	q.poke()
	if d.Job != nil && d.Job.Unique != nil {
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), confirmTime)
			defer cancel()
			q.conn.unclaim(ctx, d.Job)
		}()
	}
}

// deadLetter is the job as it is kept when it is dead.
func (d *Delivery) deadLetter() *DeadLetter { return &DeadLetter{Subject: d.subject, Job: d.data} }

// settle says that the job goes on later.
func (d *Delivery) settle(h heldDeal) {
	q := d.queue
	h.Deal = d.number
	q.mu.Lock()
	delete(q.deals, d.number)
	q.next.Held = append(q.next.Held, h)
	q.mu.Unlock()
	q.poke()
}

// abandon forgets a deal: the next beat tells, and the job is dealt again.
func (d *Delivery) abandon() {
	d.queue.mu.Lock()
	delete(d.queue.deals, d.number)
	d.queue.mu.Unlock()
	d.queue.beat(false)
}

func (q *Queue) poke() {
	select {
	case q.kick <- struct{}{}:
	default:
	}
}

// talk reports what became of deals, as it happens, and beats.
func (q *Queue) talk(ctx context.Context) {
	q.beat(false)
	tick := time.NewTicker(beatPause)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-q.kick:
			q.flush(false)
		case <-tick.C:
			q.beat(false)
			if err := q.conn.register(ctx, q.config.Worker, q.config.Slots); err != nil && ctx.Err() == nil {
				q.conn.log.DebugContext(ctx, "worker not registered", "error", err)
			}
		}
	}
}

// flush reports what has become of deals since the last report.
func (q *Queue) flush(last bool) {
	q.mu.Lock()
	r := q.next
	if len(r.Returned)+len(r.Ended)+len(r.Held) == 0 || q.left && !last {
		q.mu.Unlock()
		return
	}
	q.next = report{Worker: q.config.Worker}
	q.send(r, q.conn.config.Pool.reportSubjects()[:1])
	q.mu.Unlock()
}

// beat reports how the worker stands. Reports and beats go out in the order in which they are made.
func (q *Queue) beat(leaving bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.left && !leaving {
		return
	}
	r := q.next
	q.next = report{Worker: q.config.Worker}
	b := &beat{
		Slots: q.config.Slots, Draining: q.draining, Version: q.config.Version, Received: q.received, Epoch: q.epoch, Leaving: leaving,
	}
	if !leaving {
		for number, d := range q.deals {
			b.Deals = append(b.Deals, dealtJob{Deal: number, Subject: d.subject, Sequence: d.sequence, Returned: d.returned})
		}
	}
	r.Beat = b
	q.send(r, q.conn.config.Pool.reportSubjects())
}

// send publishes a report. One that is lost is made up for by the next beat.
func (q *Queue) send(r report, subjects []string) {
	data, err := json.Marshal(r)
	for _, subject := range subjects {
		if err == nil {
			err = q.conn.nc.Publish(subject, data)
		}
	}
	if err != nil {
		q.conn.log.Debug("dealer not told", "error", err)
	}
}

// bury ends a message that is no job, so that it is not dealt for ever.
func (d *Delivery) bury(data []byte, cause error) {
	ctx, cancel := context.WithTimeout(context.Background(), d.queue.conn.config.CallTimeout)
	defer cancel()
	if err := d.queue.conn.bury(ctx, d.subject, d.sequence, data, cause); err != nil {
		d.queue.conn.log.WarnContext(ctx, "message that is no job not buried yet", "subject", d.subject, "error", err)
		d.abandon()
		return
	}
	d.ended()
}

// buried names the dead letters of messages whose subject names no job.
var buried = uuid.MustParse("0d9bbd5e-5f3c-5f0e-9d7c-0b8a7f2c6f10")

// bury records a message that is no job as a dead letter.
func (c *Conn) bury(ctx context.Context, subject string, sequence uint64, data []byte, cause error) error {
	c.log.ErrorContext(ctx, "message is no job", "subject", subject, "error", cause)
	address, ok := parseJobSubject(subject)
	if !ok {
		address.Job = uuid.NewSHA1(buried, fmt.Appendf(nil, "%d %s", sequence, subject))
	}
	at := time.Now().UTC()
	run := &Run{
		Job: address.Job, Extension: address.Extension, Library: address.Library, Priority: address.Priority,
		State: StateDead, FinishedAt: &at,
		Errors:     []Failure{{At: at, Code: InvalidArgument, Error: cause.Error()}},
		DeadLetter: &DeadLetter{Subject: subject, Raw: data},
	}
	err := c.saveRun(ctx, run)
	if err == nil {
		countEnded(ctx, StateDead)
	}
	if isFenced(err) {
		return nil
	}
	return err
}

// buryMessage buries a message of JOBS whose subject is none of a job, and removes it.
func (c *Conn) buryMessage(ctx context.Context, subject string, sequence uint64) error {
	stream, err := c.stream(ctx, jobsStream)
	if err != nil {
		return err
	}
	msg, err := stream.GetMsg(ctx, sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read message: %w", err)
	}
	if err := c.bury(ctx, subject, sequence, msg.Data, Errorf(InvalidArgument, "subject %q is none of a job", subject)); err != nil {
		return err
	}
	if err := stream.DeleteMsg(ctx, sequence); err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) && !errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) {
		return fmt.Errorf("remove message: %w", err)
	}
	return nil
}

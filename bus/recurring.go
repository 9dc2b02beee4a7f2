package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/robfig/cron/v3"
)

// Recurring is a job that starts again and again: once for each time it is due, whatever crashes in between. Times in which no server
// ran start it once, late.
type Recurring struct {
	// Name is unique: 1 to 200 of a-z 0-9 - _ and ., of which . is at neither end.
	Name string `json:"name"`
	// Spec is when: "@every 5m", at least a second; five cron fields, or six with seconds first; @hourly, @daily, @weekly, @monthly or
	// @yearly.
	Spec string `json:"spec"`
	// TimeZone is that of cron fields, as in "Europe/Berlin". Default UTC.
	TimeZone string `json:"time_zone,omitempty"`

	Extension string          `json:"extension"`
	Job       string          `json:"job"`
	Library   uuid.UUID       `json:"library"`
	Priority  Priority        `json:"priority,omitempty"`
	Input     json.RawMessage `json:"input,omitempty"`

	Paused    bool      `json:"paused,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	// Manifest says that it is from an extension's manifest, and goes with the extension.
	Manifest bool `json:"manifest,omitempty"`
}

var recurringName = regexp.MustCompile(`^[a-z0-9_-]([a-z0-9_.-]{0,198}[a-z0-9_-])?$`)

// Validate reports what is wrong with it.
//
// # Errors
//
// invalid_argument; of a cron line, it names the field.
func (r *Recurring) Validate() error {
	if !recurringName.MatchString(r.Name) {
		return Errorf(InvalidArgument, "schedule: name %q, want 1 to 200 of a-z 0-9 - _ and .", r.Name)
	}
	if _, err := r.schedule(); err != nil {
		return Errorf(InvalidArgument, "schedule %s: %v", r.Name, err)
	}
	job := r.job(uuid.Max, time.Now())
	if err := job.Validate(); err != nil {
		return Errorf(InvalidArgument, "schedule %s: %s", r.Name, AsError(err).Message)
	}
	return nil
}

// Next is when it is due next after a time.
func (r *Recurring) Next(after time.Time) (time.Time, error) {
	s, err := r.schedule()
	if err != nil {
		return time.Time{}, err
	}
	if every, ok := s.(cron.ConstantDelaySchedule); ok {
		since := after.Sub(r.CreatedAt)
		return after.Add(every.Delay - since%every.Delay), nil
	}
	return s.Next(after), nil
}

var cronFields = []string{"second", "minute", "hour", "day of month", "month", "day of week"}

var cronParser = cron.NewParser(cron.Second | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)

func (r *Recurring) schedule() (cron.Schedule, error) {
	zone := time.UTC
	if r.TimeZone != "" {
		var err error
		if zone, err = time.LoadLocation(r.TimeZone); err != nil {
			return nil, fmt.Errorf("there is no time zone %q; want one as Europe/Berlin", r.TimeZone)
		}
	}
	if text, ok := strings.CutPrefix(r.Spec, "@every "); ok {
		every, err := time.ParseDuration(strings.TrimSpace(text))
		if err != nil || every < time.Second {
			return nil, fmt.Errorf("@every %q, want a duration of at least 1s, as in @every 5m", text)
		}
		if r.TimeZone != "" {
			return nil, errors.New("a time zone goes with cron fields, not with @every")
		}
		return cron.Every(every), nil
	}
	spec, err := r.sixFields()
	if err != nil {
		return nil, err
	}
	s, err := cronParser.Parse(spec)
	if err != nil {
		return nil, err
	}
	if at, ok := s.(*cron.SpecSchedule); ok {
		at.Location = zone
	}
	if s.Next(time.Now()).IsZero() {
		return nil, fmt.Errorf("%q is never due", r.Spec)
	}
	return s, nil
}

// sixFields is the spec as the server takes it: with seconds.
func (r *Recurring) sixFields() (string, error) {
	if strings.HasPrefix(r.Spec, "@") {
		if _, err := cronParser.Parse(r.Spec); err != nil {
			return "", fmt.Errorf("there is no %q; want @every DURATION, @hourly, @daily, @weekly, @monthly, @yearly or cron fields", r.Spec)
		}
		return r.Spec, nil
	}
	fields := strings.Fields(r.Spec)
	if len(fields) == 5 {
		fields = append([]string{"0"}, fields...)
	}
	if len(fields) != 6 {
		return "", fmt.Errorf("%q has %d fields, want five (minute, hour, day of month, month, day of week) or six with seconds first", r.Spec, len(fields))
	}
	for i, field := range fields {
		line := []string{"*", "*", "*", "*", "*", "*"}
		line[i] = field
		if _, err := cronParser.Parse(strings.Join(line, " ")); err != nil {
			return "", fmt.Errorf("the %s field cannot be %q: %w", cronFields[i], field, err)
		}
	}
	return strings.Join(fields, " "), nil
}

// recurringJobs names the jobs of schedules.
var recurringJobs = uuid.MustParse("4b6c1f0e-0f7e-5b6f-8c53-2d1f5a3e9b77")

func (r *Recurring) job(id uuid.UUID, at time.Time) *Job {
	job := &Job{
		ID: id, Extension: r.Extension, Name: r.Job, Library: r.Library, Priority: r.Priority, Input: r.Input, CreatedAt: at.UTC(),
		Schedule: r.Name,
	}
	job.fill()
	return job
}

func (c *Conn) recurring(ctx context.Context) (jetstream.KeyValue, error) {
	kv, err := c.js.KeyValue(ctx, schedulesBucket)
	if err != nil {
		return nil, Errorf(Unavailable, "there is no list of schedules on %s (%v): start a worker or `airlock up` once", c.address(), err)
	}
	return kv, nil
}

// AddRecurring has a job start again and again.
//
// # Errors
//
// invalid_argument; already_exists when there is another schedule of that name. The same once more is no error.
func (c *Conn) AddRecurring(ctx context.Context, r *Recurring) error {
	if r.CreatedAt.IsZero() {
		r.CreatedAt = time.Now().UTC()
	}
	if err := r.Validate(); err != nil {
		return err
	}
	kv, err := c.recurring(ctx)
	if err != nil {
		return err
	}
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode schedule: %w", err)
	}
	_, err = kv.Create(ctx, r.Name, data)
	if errors.Is(err, jetstream.ErrKeyExists) {
		there, err := c.Recurring(ctx, r.Name)
		if err != nil {
			return err
		}
		same := *r
		same.CreatedAt, same.Paused = there.CreatedAt, there.Paused
		if a, b := mustJSON(&same), mustJSON(there); a != b {
			return Errorf(AlreadyExists, "there is another schedule %s, %q for %s:%s: remove it first, or use another name", r.Name, there.Spec, there.Extension, there.Job)
		}
		*r = *there
		armed, err := c.armed(ctx, r.Name)
		if err != nil || armed {
			return err // arming it once more would have @every begin anew
		}
	} else if err != nil {
		return Errorf(Unavailable, "add schedule %s: %v", r.Name, err)
	}
	return c.arm(ctx, r)
}

func mustJSON(r *Recurring) string {
	data, err := json.Marshal(r)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// arm has the server tell when a schedule is due, or not any more if it is paused.
func (c *Conn) arm(ctx context.Context, r *Recurring) error {
	if r.Paused {
		return c.disarm(ctx, r.Name)
	}
	spec := r.Spec
	if !strings.HasPrefix(spec, "@") {
		var err error
		if spec, err = r.sixFields(); err != nil {
			return err
		}
	}
	msg := nats.NewMsg(recurSubject(r.Name))
	msg.Header.Set("Nats-Schedule", spec)
	msg.Header.Set(headerScheduleTarget, tickSubject(r.Name))
	if r.TimeZone != "" {
		msg.Header.Set("Nats-Schedule-Time-Zone", r.TimeZone)
	}
	if _, err := c.js.PublishMsg(ctx, msg); err != nil {
		return Errorf(Unavailable, "arm schedule %s: %v", r.Name, err)
	}
	return nil
}

// armed tells whether the server has a schedule.
func (c *Conn) armed(ctx context.Context, name string) (bool, error) {
	stream, err := c.stream(ctx, jobsStream)
	if err != nil {
		return false, err
	}
	_, err = stream.GetLastMsgForSubject(ctx, recurSubject(name))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read schedule %s: %w", name, err)
	}
	return true, nil
}

func (c *Conn) disarm(ctx context.Context, name string) error {
	stream, err := c.stream(ctx, jobsStream)
	if err != nil {
		return err
	}
	if err := stream.Purge(ctx, jetstream.WithPurgeSubject(recurSubject(name))); err != nil {
		return Errorf(Unavailable, "disarm schedule %s: %v", name, err)
	}
	return nil
}

// Recurring returns a schedule.
//
// # Errors
//
// not_found.
func (c *Conn) Recurring(ctx context.Context, name string) (*Recurring, error) {
	kv, err := c.recurring(ctx)
	if err != nil {
		return nil, err
	}
	if !recurringName.MatchString(name) {
		return nil, Errorf(NotFound, "there is no schedule %q", name)
	}
	entry, err := kv.Get(ctx, name)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, Errorf(NotFound, "there is no schedule %s", name)
	}
	if err != nil {
		return nil, fmt.Errorf("read schedule %s: %w", name, err)
	}
	r := &Recurring{}
	if err := json.Unmarshal(entry.Value(), r); err != nil {
		return nil, fmt.Errorf("decode schedule %s: %w", name, err)
	}
	return r, nil
}

// AllRecurring returns all schedules, in no order.
func (c *Conn) AllRecurring(ctx context.Context) ([]*Recurring, error) {
	kv, err := c.recurring(ctx)
	if err != nil {
		return nil, err
	}
	names, err := kv.Keys(ctx)
	if err != nil && !errors.Is(err, jetstream.ErrNoKeysFound) {
		return nil, fmt.Errorf("list schedules: %w", err)
	}
	all := make([]*Recurring, 0, len(names))
	for _, name := range names {
		r, err := c.Recurring(ctx, name)
		if CodeOf(err) == NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// RemoveRecurring ends a schedule. Jobs it has started go on.
//
// # Errors
//
// not_found.
func (c *Conn) RemoveRecurring(ctx context.Context, name string) error {
	if _, err := c.Recurring(ctx, name); err != nil {
		return err
	}
	if err := c.disarm(ctx, name); err != nil {
		return err
	}
	kv, err := c.recurring(ctx)
	if err != nil {
		return err
	}
	if err := kv.Delete(ctx, name); err != nil {
		return fmt.Errorf("remove schedule %s: %w", name, err)
	}
	return nil
}

// PauseRecurring has a schedule start nothing until it is paused no more.
//
// # Errors
//
// not_found.
func (c *Conn) PauseRecurring(ctx context.Context, name string, paused bool) error {
	r, err := c.Recurring(ctx, name)
	if err != nil {
		return err
	}
	r.Paused = paused
	kv, err := c.recurring(ctx)
	if err != nil {
		return err
	}
	if _, err := kv.PutString(ctx, name, mustJSON(r)); err != nil {
		return fmt.Errorf("pause schedule %s: %w", name, err)
	}
	return c.arm(ctx, r)
}

// ticked starts the job of a schedule that is due, and then removes the message that said so.
func (t *term) ticked(a arrival) {
	go func() {
		for wait := time.Second; t.ctx.Err() == nil; wait = min(2*wait, 30*time.Second) {
			err := t.conn.startDue(t.ctx, a)
			if err == nil {
				return
			}
			t.log.WarnContext(t.ctx, "scheduled job not started yet", "schedule", a.tick, "error", err)
			select {
			case <-t.ctx.Done():
			case <-time.After(wait):
			}
		}
	}()
}

// startDue enqueues the job of a schedule for the time that has come. Its id is made of the time at which the schedule is due next,
// which the server tells: so the same due time starts one job, however often it is told.
func (c *Conn) startDue(ctx context.Context, a arrival) error {
	r, err := c.Recurring(ctx, a.tick)
	if err == nil && !r.Paused {
		id := uuid.NewSHA1(recurringJobs, []byte(r.Name+"\x00"+a.header.Get("Nats-Schedule-Next")))
		_, err = c.Run(ctx, id)
		if CodeOf(err) == NotFound {
			err = c.Enqueue(ctx, r.job(id, a.at))
		}
	}
	if code := CodeOf(err); code == NotFound || code == InvalidArgument {
		c.log.WarnContext(ctx, "schedule starts nothing", "schedule", a.tick, "error", err)
		err = nil
	}
	if err != nil {
		return err
	}
	stream, err := c.stream(ctx, jobsStream)
	if err != nil {
		return err
	}
	if err := stream.DeleteMsg(ctx, a.sequence); err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) && !errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) {
		return fmt.Errorf("remove tick: %w", err)
	}
	return nil
}

package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Names of streams and buckets.
const (
	eventsStream   = "EVENTS"
	jobsStream     = "JOBS"
	runsStream     = "RUNS"
	activityStream = "ACTIVITY"
	leasesStream   = "LEASES"
	ledgerStream   = "LEDGER"
	auditStream    = "AUDIT"

	extensionsBucket = "airlock-extensions"
	versionsBucket   = "airlock-versions"
	floorsBucket     = "airlock-floors"
	workersBucket    = "airlock-workers"
	schedulesBucket  = "airlock-schedules"
	pausesBucket     = "airlock-pauses"
	policyBucket     = "airlock-policy"
	librariesBucket  = "airlock-libraries"
	modulesBucket    = "airlock-modules"
	contentBucket    = "airlock-content"
	inputsBucket     = "airlock-inputs"
	callsBucket      = "airlock-calls"
)

const (
	// eventAge is how long an event is kept to be looked at; it started its jobs long before.
	eventAge = 7 * 24 * time.Hour
	// activityAge is how long a running job's progress and log can be replayed. The outcome keeps them beyond that.
	activityAge = time.Hour
	// dedupeWindow is how long the server itself recognises a message that is sent again.
	dedupeWindow = 2 * time.Minute
)

// A release whose records those before it would misread marks the streams that have them, in their metadata. Without a mark it is format.
const (
	formatKey = "airlock-format"
	format    = "1"
)

// streamConfigs are the streams. JOBS has no limit of count, size or age: each would silently delete waiting jobs.
func (c *Conn) streamConfigs() []jetstream.StreamConfig {
	return []jetstream.StreamConfig{
		{
			Name: eventsStream, Description: "Airlock: events, CloudEvents in binary mode",
			Subjects: []string{eventSubjects}, MaxAge: eventAge, Duplicates: dedupeWindow,
			AllowDirect: true, Replicas: c.config.Replicas,
		},
		{
			Name: jobsStream, Description: "Airlock: jobs that have no outcome yet, and schedules",
			Subjects: []string{jobSubjects, scheduleSubjects, recurSubjects, tickSubjects}, Duplicates: dedupeWindow,
			MaxMsgsPerSubject: 1,
			AllowDirect:       true, AllowMsgTTL: true, AllowMsgSchedules: true, AllowAtomicPublish: true,
			Replicas: c.config.Replicas,
		},
		{
			Name: runsStream, Description: "Airlock: run records, one a job: newest checkpoint, then outcome",
			Subjects: []string{runSubjects, uniqueSubjects, childSubjects}, MaxMsgsPerSubject: 1,
			AllowDirect: true, AllowMsgTTL: true, AllowAtomicPublish: true, Replicas: c.config.Replicas,
		},
		{
			Name: leasesStream, Description: "Airlock: what one process of a cluster does at a time",
			Subjects: []string{leaseSubjects}, MaxMsgsPerSubject: 1, AllowDirect: true, AllowMsgTTL: true, Replicas: c.config.Replicas,
		},
		{
			Name: ledgerStream, Description: "Airlock: what extensions have used of their rates and budgets",
			Subjects: []string{ledgerSubjects}, MaxMsgsPerSubject: 1,
			AllowDirect: true, AllowMsgTTL: true, AllowAtomicPublish: true, Replicas: c.config.Replicas,
		},
		{
			// What was written stays for its time: nobody deletes a record, and where there is no room none takes another's place.
			Name: auditStream, Description: "Airlock: who did what, and was refused what",
			Subjects: []string{auditSubjects}, MaxAge: c.config.KeepAudit, MaxBytes: c.auditBytes(), Discard: jetstream.DiscardNew,
			DenyDelete: true, DenyPurge: true, Duplicates: dedupeWindow, Compression: jetstream.S2Compression,
			AllowDirect: true, AllowAtomicPublish: true, Replicas: c.config.Replicas,
		},
		{
			Name: activityStream, Description: "Airlock: progress and logs of running jobs",
			Subjects: []string{activitySubjects}, MaxAge: activityAge, MaxBytes: 64 << 20, MaxMsgsPerSubject: 4096,
			Storage: jetstream.MemoryStorage, AllowDirect: true, Replicas: c.config.Replicas,
		},
	}
}

// auditBytes is how large the audit may be, as the server wants it.
func (c *Conn) auditBytes() int64 {
	if c.config.AuditBytes == 0 {
		return -1
	}
	return c.config.AuditBytes
}

// Setup makes the streams and buckets that are missing and brings older ones up to date, now and after each reconnect.
// Several processes may do it at once. Those that are as they should be are left alone, so a process that may not change any, as one
// with a NATS user of few rights, finds them made. A worker of a pool waits until they are there.
//
// # Errors
//
// That one is missing, or older, and this process's user may not make or change it.
func (c *Conn) Setup(ctx context.Context) error {
	c.isSetUp.Store(true)
	ctx, cancel := context.WithTimeout(ctx, setupTime)
	defer cancel()
	if c.bound() {
		return c.awaitSetup(ctx)
	}
	for _, config := range c.streamConfigs() {
		if err := insist(ctx, func(ctx context.Context) error { return c.makeStream(ctx, config) }); err != nil {
			return fmt.Errorf("make stream %s: %w", config.Name, c.refusedOr(err))
		}
	}
	for _, config := range []jetstream.KeyValueConfig{
		{Bucket: extensionsBucket, Description: "Airlock: installed extensions"},
		{Bucket: versionsBucket, Description: "Airlock: versions of extensions that jobs may need"},
		{Bucket: floorsBucket, Description: "Airlock: the newest version of each extension that was installed"},
		{Bucket: schedulesBucket, Description: "Airlock: recurring jobs"},
		{Bucket: pausesBucket, Description: "Airlock: extensions whose jobs wait, and triggers that start nothing, until they are resumed"},
		{Bucket: policyBucket, Description: "Airlock: the operator's policy, and those it replaced", History: policyHistory},
		{Bucket: librariesBucket, Description: "Airlock: libraries, and what their owners granted"},
		{Bucket: workersBucket, Description: "Airlock: workers", TTL: 2 * workerTimeout, Storage: jetstream.MemoryStorage},
	} {
		config.Replicas = c.config.Replicas
		err := insist(ctx, func(ctx context.Context) error {
			if c.hasBucket(ctx, "KV_"+config.Bucket, config.Replicas, config.Description, config.TTL) {
				return nil
			}
			_, err := c.js.CreateOrUpdateKeyValue(ctx, config)
			return err
		})
		if err != nil {
			return fmt.Errorf("make bucket %s: %w", config.Bucket, c.refusedOr(err))
		}
	}
	for _, config := range []jetstream.ObjectStoreConfig{
		{Bucket: modulesBucket},
		{Bucket: contentBucket},
		{Bucket: inputsBucket, Description: "Airlock: inputs of jobs that are too large for their messages"},
		{Bucket: callsBucket, Description: "Airlock: payloads and answers that are too large for a message", TTL: callsAge},
	} {
		config.Replicas = c.config.Replicas
		err := insist(ctx, func(ctx context.Context) error {
			if c.hasBucket(ctx, objectStream(config.Bucket), config.Replicas, config.Description, config.TTL) {
				return nil
			}
			_, err := c.js.CreateOrUpdateObjectStore(ctx, config)
			return err
		})
		if err != nil {
			return fmt.Errorf("make bucket %s: %w", config.Bucket, c.refusedOr(err))
		}
	}
	return nil
}

const (
	// setupTime bounds Setup: with replicas it can take seconds.
	setupTime = time.Minute
	// setupTry is how long one stream is waited for before it is asked for anew.
	setupTry = 2 * time.Second
)

// insist tries anew what was not answered in time: of several who make the same stream in a cluster at once, the server may answer but one.
func insist(ctx context.Context, try func(ctx context.Context) error) error {
	for {
		trying, cancel := context.WithTimeout(ctx, setupTry)
		err := try(trying)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			return err
		}
	}
}

// makeStream makes a stream, or changes one that is not as it should be.
func (c *Conn) makeStream(ctx context.Context, config jetstream.StreamConfig) error {
	there, err := c.js.Stream(ctx, config.Name)
	switch {
	case err == nil && there.CachedInfo().Config.Metadata[unfinished] != "":
		return errUnfinished
	case err == nil && there.CachedInfo().Config.Metadata[formatKey] != "" && there.CachedInfo().Config.Metadata[formatKey] != format:
		return fmt.Errorf("it has format %q, and this airlock knows %q: run a newer airlock", there.CachedInfo().Config.Metadata[formatKey], format)
	case err == nil && upToDate(config, there.CachedInfo().Config):
		return nil
	case errors.Is(err, jetstream.ErrStreamNotFound):
		// Another process may have made it meanwhile, which is no error where it made the same.
		if _, err := c.js.CreateStream(ctx, config); !errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			return err
		}
	case err != nil:
		return err
	}
	if _, err := c.js.UpdateStream(ctx, config); err != nil {
		return err
	}
	if config.Name != jobsStream {
		return nil
	}
	// Earlier releases dealt jobs with a consumer that all workers shared.
	if err := c.js.DeleteConsumer(ctx, jobsStream, "workers"); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return fmt.Errorf("remove the consumer of an earlier release: %w", err)
	}
	return nil
}

// upToDate tells whether a stream is what is wanted. What a configuration does not say, the server chooses.
func upToDate(wanted, is jetstream.StreamConfig) bool {
	members := func(config jetstream.StreamConfig) (m map[string]any) {
		data, err := json.Marshal(config)
		if err != nil || json.Unmarshal(data, &m) != nil {
			return nil
		}
		return m
	}
	there := members(is)
	for name, value := range members(wanted) {
		if zero := reflect.ValueOf(value); value == nil || zero.IsZero() {
			continue
		}
		if !reflect.DeepEqual(there[name], value) {
			return false
		}
	}
	return there != nil
}

// hasBucket tells whether the stream of a bucket is there and as it should be.
func (c *Conn) hasBucket(ctx context.Context, name string, replicas int, description string, age time.Duration) bool {
	there, err := c.js.Stream(ctx, name)
	if err != nil {
		return false
	}
	is := there.CachedInfo().Config
	return is.Replicas == replicas && is.Description == description && is.MaxAge == age
}

// awaitSetup waits until others have made the streams.
func (c *Conn) awaitSetup(ctx context.Context) error {
	for {
		_, err := c.js.KeyValue(ctx, extensionsBucket)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the streams of Airlock (%w): start operations, or a worker that is bound to no pool, first", err)
		case <-time.After(250 * time.Millisecond):
		}
	}
}

// refusedOr says that the server has refused this user something, if it has since the last time, and otherwise what went wrong.
func (c *Conn) refusedOr(err error) error {
	if refusal := c.refusal.Swap(nil); refusal != nil && err != nil {
		return fmt.Errorf("%w (%w): start operations first, whose user may", *refusal, err)
	}
	return err
}

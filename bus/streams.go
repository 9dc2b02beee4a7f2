package bus

import (
	"context"
	"errors"
	"fmt"
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

	extensionsBucket = "airlock-extensions"
	versionsBucket   = "airlock-versions"
	workersBucket    = "airlock-workers"
	schedulesBucket  = "airlock-schedules"
	pausesBucket     = "airlock-pauses"
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
			Name: activityStream, Description: "Airlock: progress and logs of running jobs",
			Subjects: []string{activitySubjects}, MaxAge: activityAge, MaxBytes: 64 << 20, MaxMsgsPerSubject: 4096,
			Storage: jetstream.MemoryStorage, AllowDirect: true, Replicas: c.config.Replicas,
		},
	}
}

// Setup makes the streams and buckets that are missing and brings older ones up to date, now and after each reconnect.
// Several processes may do it at once.
func (c *Conn) Setup(ctx context.Context) error {
	c.isSetUp.Store(true)
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second) // with replicas it can take seconds
	defer cancel()
	for _, config := range c.streamConfigs() {
		if _, err := c.js.CreateOrUpdateStream(ctx, config); err != nil {
			return fmt.Errorf("make stream %s: %w", config.Name, err)
		}
	}
	// Earlier releases dealt jobs with a consumer that all workers shared.
	if err := c.js.DeleteConsumer(ctx, jobsStream, "workers"); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return fmt.Errorf("remove the consumer of an earlier release: %w", err)
	}
	for _, config := range []jetstream.KeyValueConfig{
		{Bucket: extensionsBucket, Description: "Airlock: installed extensions"},
		{Bucket: versionsBucket, Description: "Airlock: versions of extensions that jobs may need"},
		{Bucket: schedulesBucket, Description: "Airlock: recurring jobs"},
		{Bucket: pausesBucket, Description: "Airlock: extensions whose jobs wait until they are resumed"},
		{Bucket: workersBucket, Description: "Airlock: workers", TTL: 2 * workerTimeout, Storage: jetstream.MemoryStorage},
	} {
		config.Replicas = c.config.Replicas
		if _, err := c.js.CreateOrUpdateKeyValue(ctx, config); err != nil {
			return fmt.Errorf("make bucket %s: %w", config.Bucket, err)
		}
	}
	for _, config := range []jetstream.ObjectStoreConfig{
		{Bucket: modulesBucket},
		{Bucket: contentBucket},
		{Bucket: inputsBucket, Description: "Airlock: inputs of jobs that are too large for their messages"},
		{Bucket: callsBucket, Description: "Airlock: payloads and answers that are too large for a message", TTL: callsAge},
	} {
		config.Replicas = c.config.Replicas
		if _, err := c.js.CreateOrUpdateObjectStore(ctx, config); err != nil {
			return fmt.Errorf("make bucket %s: %w", config.Bucket, err)
		}
	}
	return nil
}

package bus

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/nats-io/jsm.go"
	"github.com/nats-io/nats.go/jetstream"
)

// The streams of a backup, in the order in which they are copied. Each is copied as it is at one moment, but not all at the same one, so the
// order is what makes them fit:
//
//   - RUNS, then the database, then JOBS. A record that is older than the database has a job run again, and its actions are answered
//     from the database; one that is newer would say that something was done which the database does not have. A job that the
//     database says was dispatched is in JOBS, which is newer still.
//   - EVENTS and the schedules before JOBS: an event that is acknowledged has its jobs there.
//   - What jobs refer to after JOBS, and content after the database, which refers to it as well.
//   - Of what is installed first the record, then the version it names, then the module.
var (
	copiedBeforeDatabase = []string{runsStream}
	copiedAfterDatabase  = []string{
		keyValueStream(schedulesBucket), eventsStream, jobsStream,
		keyValueStream(extensionsBucket), keyValueStream(versionsBucket), keyValueStream(librariesBucket), keyValueStream(policyBucket),
		keyValueStream(floorsBucket), keyValueStream(pausesBucket), ledgerStream, auditStream,
		objectStream(inputsBucket), objectStream(modulesBucket), objectStream(contentBucket),
	}
	// notCopied are gone with the processes they are about, or with the calls.
	notCopied = []string{leasesStream, activityStream, keyValueStream(workersBucket), objectStream(callsBucket)}
)

// keyValueStream is the stream behind a bucket of keys.
func keyValueStream(bucket string) string { return "KV_" + bucket }

// StreamCopy is what a backup has of one stream.
type StreamCopy struct {
	Name string `json:"name"`
	// Messages and Bytes are what was copied of it.
	Messages uint64 `json:"messages"`
	Bytes    uint64 `json:"bytes"`
}

// ErrBackupRuns is returned by Backup while another one is being taken.
var ErrBackupRuns = errors.New("another backup is being taken, or was cut off less than five minutes ago")

// Backup copies the streams to a folder each in dir, while everything goes on, and calls database when it is the database's turn to be
// copied. Until it returns, jobs that are over stay in JOBS.
//
// # Errors
//
// ErrBackupRuns; unavailable when a stream is missing or does not answer. What was copied by then is of no use.
func (c *Conn) Backup(ctx context.Context, dir string, database func(context.Context) error) ([]StreamCopy, error) {
	release, err := c.keepJobs(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	manager, err := c.manager()
	if err != nil {
		return nil, err
	}
	var copies []StreamCopy
	copyAll := func(names []string) error {
		for _, name := range names {
			one, err := c.copyStream(ctx, manager, name, dir)
			if err != nil {
				return fmt.Errorf("copy stream %s: %w", name, err)
			}
			copies = append(copies, one)
		}
		return nil
	}
	if err := copyAll(copiedBeforeDatabase); err != nil {
		return nil, err
	}
	if err := database(ctx); err != nil {
		return nil, fmt.Errorf("copy database: %w", err)
	}
	return copies, copyAll(copiedAfterDatabase)
}

// manager speaks the parts of JetStream's API that are about whole streams.
func (c *Conn) manager() (*jsm.Manager, error) {
	manager, err := jsm.New(c.nc, jsm.WithAPIPrefix(strings.TrimSuffix(c.config.APIPrefix, ".")), jsm.WithTimeout(c.config.CallTimeout))
	if err != nil {
		return nil, fmt.Errorf("manage streams: %w", err)
	}
	return manager, nil
}

const (
	// backupList is the name of the list of jobs that a backup is: what it has not seen stays in JOBS.
	backupList = listedPrefix + "backup"
	// backupHold is for how long a backup that was cut off keeps what is over in JOBS.
	backupHold = 5 * time.Minute
)

// keepJobs keeps the jobs that are over in JOBS until release is called: a job of which the copy of RUNS has no outcome has its message
// in that of JOBS.
func (c *Conn) keepJobs(ctx context.Context) (release func(), err error) {
	hold := func(ctx context.Context, position Position, age time.Duration, options ...jetstream.PublishOpt) error {
		msg, err := markOf(backupList, position)
		if err == nil {
			_, err = c.js.PublishMsg(ctx, msg, append(options, jetstream.WithMsgTTL(age))...)
		}
		return err
	}
	err = hold(ctx, Position{}, backupHold, jetstream.WithExpectLastSequencePerSubject(0))
	if isConflict(err) {
		return nil, ErrBackupRuns
	}
	if err != nil {
		return nil, fmt.Errorf("keep jobs that are over: %w", c.refusedOr(err))
	}
	var holding background
	holding.start(func(ctx context.Context) {
		tick := time.NewTicker(backupHold / 5)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := hold(ctx, Position{}, backupHold); err != nil && ctx.Err() == nil {
				c.log.WarnContext(ctx, "jobs that are over may be removed before they are copied", "error", err)
			}
		}
	})
	return func() {
		holding.end()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), confirmTime)
		defer cancel()
		if err := hold(ctx, Position{Jobs: math.MaxUint64, Runs: math.MaxUint64}, time.Second); err != nil {
			c.log.WarnContext(ctx, "jobs that are over stay for five minutes", "error", err)
		}
	}, nil
}

package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// MaxInput is the largest input a job can have, in bytes.
	MaxInput = 100 << 20
	// InlineInput is how large an input may be to travel in the job's message. A larger one is kept aside, and a reference travels.
	InlineInput = 512 << 10
	// maxMessageInput is how large an input may be in a message that others publish: with a checkpoint it has to fit in a run record.
	maxMessageInput = 1 << 20
	// inputAge is how old an input of which no job is left has to be before it is removed: its job may be about to be published.
	inputAge = time.Hour
)

// InputRef says which input is a job's that is kept aside.
type InputRef struct {
	// Digest is the SHA-256 of the input, "sha256:<64 hex digits>".
	Digest string `json:"digest"`
	Size   int64  `json:"size"`
}

func (r *InputRef) valid() bool { return ValidContent(r.Digest) && r.Size > 0 && r.Size <= MaxInput }

// inputName is where an input is in its bucket. The job's id comes first: the input lives as long as what is known of the job.
func inputName(job uuid.UUID, digest string) string { return job.String() + "/" + digest }

// stow keeps a large input aside and returns the job as its message carries it.
func (c *Conn) stow(ctx context.Context, job *Job) (*Job, error) {
	if len(job.Input) <= InlineInput {
		return job, nil
	}
	sent := *job
	sent.Input, sent.InputRef = nil, &InputRef{Digest: Digest(job.Input), Size: int64(len(job.Input))}
	store, err := c.bucket(ctx, inputsBucket)
	if err != nil {
		return nil, err
	}
	name := inputName(job.ID, sent.InputRef.Digest)
	if info, err := store.GetInfo(ctx, name); err == nil && time.Since(info.ModTime) < inputAge/2 {
		return &sent, nil // enqueued before; an older one may be about to be removed
	}
	if err := c.keep(ctx, inputsBucket, name, job.Input); err != nil {
		return nil, Errorf(Unavailable, "keep the input of job %s: %v; repeat with the same id", job.ID, err)
	}
	return &sent, nil
}

// discard removes the input that stow has kept of a job that is not enqueued after all.
func (c *Conn) discard(ctx context.Context, sent *Job) {
	if sent.InputRef == nil {
		return
	}
	store, err := c.bucket(ctx, inputsBucket)
	if err == nil {
		err = c.drop(ctx, store, inputName(sent.ID, sent.InputRef.Digest))
	}
	if err != nil {
		c.log.DebugContext(ctx, "input not removed yet", "job_id", sent.ID, "error", err) // SweepInputs does
	}
}

// Input returns the input of a job: the one in its message, or the large one that is kept aside.
//
// # Errors
//
// not_found when it is not kept any more; unavailable.
func (c *Conn) Input(ctx context.Context, job *Job) (json.RawMessage, error) {
	if job.InputRef == nil {
		return job.Input, nil
	}
	store, err := c.bucket(ctx, inputsBucket)
	if err != nil {
		return nil, err
	}
	data, digest, err := c.content(ctx, store, inputName(job.ID, job.InputRef.Digest), job.InputRef.Size)
	switch {
	case errors.Is(err, jetstream.ErrObjectNotFound):
		return nil, Errorf(NotFound, "the input of job %s is not kept any more: submit it anew", job.ID)
	case err != nil:
		return nil, Errorf(Unavailable, "read the input of job %s: %v", job.ID, err)
	case digest != job.InputRef.Digest:
		return nil, Errorf(NotFound, "the input of job %s is another than the one it was submitted with: submit it anew", job.ID)
	}
	return data, nil
}

// SweepInputs removes, as of a time, the inputs kept aside of jobs of which neither a record nor a message is left, once they are an hour
// old, and returns how many. The dealer does it every hour.
func (c *Conn) SweepInputs(ctx context.Context, now time.Time) (removed int, err error) {
	stream, err := c.stream(ctx, objectStream(inputsBucket))
	if err != nil {
		return 0, err
	}
	store, err := c.bucket(ctx, inputsBucket)
	if err != nil {
		return 0, err
	}
	kept, err := store.List(ctx)
	if err != nil && !errors.Is(err, jetstream.ErrNoObjectsFound) {
		return 0, fmt.Errorf("sweep inputs: %w", err)
	}
	known := make(map[string]bool, len(kept))
	old := map[uuid.UUID][]*jetstream.ObjectInfo{}
	for _, info := range kept {
		known[chunkSubject(inputsBucket, info.NUID)] = true
		job, _, _ := strings.Cut(info.Name, "/")
		id, err := uuid.Parse(job)
		if err == nil && now.Sub(info.ModTime) > inputAge {
			old[id] = append(old[id], info)
		}
	}
	if removed, err = c.sweepOld(ctx, stream, old); err != nil {
		return removed, fmt.Errorf("sweep inputs: %w", err)
	}
	if err := sweepRest(ctx, stream, known, now); err != nil {
		return removed, fmt.Errorf("sweep inputs: %w", err)
	}
	return removed, nil
}

// sweepOld removes what is kept of jobs that are gone.
func (c *Conn) sweepOld(ctx context.Context, stream jetstream.Stream, old map[uuid.UUID][]*jetstream.ObjectInfo) (removed int, err error) {
	ids := make([]uuid.UUID, 0, len(old))
	for id := range old {
		ids = append(ids, id)
	}
	runs, err := c.Runs(ctx, ids)
	if err != nil {
		return 0, err
	}
	for id, inputs := range old {
		if runs[id] != nil {
			continue
		}
		if _, _, err := c.find(ctx, id, ""); err == nil {
			continue
		} else if CodeOf(err) != NotFound {
			return removed, err
		}
		for _, info := range inputs {
			// Not with the store's Delete, which leaves a note of each.
			for _, subject := range []string{metaSubject(inputsBucket, info.Name), chunkSubject(inputsBucket, info.NUID)} {
				if err := stream.Purge(ctx, jetstream.WithPurgeSubject(subject)); err != nil {
					return removed, fmt.Errorf("remove the input of job %s: %w", id, err)
				}
			}
			removed++
		}
	}
	return removed, nil
}

// sweepRest removes what was left of inputs whose keeping was cut off.
func sweepRest(ctx context.Context, stream jetstream.Stream, known map[string]bool, now time.Time) error {
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter(chunkSubject(inputsBucket, "*")))
	if err != nil {
		return fmt.Errorf("list parts: %w", err)
	}
	for subject := range info.State.Subjects {
		if known[subject] {
			continue
		}
		last, err := stream.GetLastMsgForSubject(ctx, subject)
		if errors.Is(err, jetstream.ErrMsgNotFound) || err == nil && now.Sub(last.Time) <= inputAge {
			continue
		}
		if err == nil {
			err = stream.Purge(ctx, jetstream.WithPurgeSubject(subject))
		}
		if err != nil {
			return fmt.Errorf("remove parts: %w", err)
		}
	}
	return nil
}

// sweepInputs does so every hour of the term.
func (t *term) sweepInputs(ctx context.Context) {
	tick := time.NewTicker(inputAge)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if _, err := t.conn.SweepInputs(ctx, now); err != nil && ctx.Err() == nil {
				t.log.WarnContext(ctx, "inputs not swept", "error", err)
			}
		}
	}
}

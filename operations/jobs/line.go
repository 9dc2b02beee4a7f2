package jobs

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

const (
	// maxText bounds the texts of a line of the list, in bytes. The whole texts are in the run record.
	maxText = 1024
	// maxDetails is the largest details, input included, that the list keeps of a job; larger ones can be seen as long as the bus has them.
	maxDetails = 16 << 10
)

// What a state is in the tables.
var stateCodes = map[bus.State]int64{
	bus.StateScheduled: 1, bus.StateAvailable: 2, bus.StateRunning: 3, bus.StateCompleted: 4, bus.StateWaiting: 5,
	bus.StateCancelled: 6, bus.StateExpired: 7, bus.StateDead: 8,
}

// deletedState is that of what is left of a deleted job, so that an old message of it does not bring it back.
const deletedState = 9

var stateNames = func() map[int64]bus.State {
	names := make(map[int64]bus.State, len(stateCodes))
	for name, code := range stateCodes {
		names[code] = name
	}
	return names
}()

var priorityNames = []bus.Priority{"", bus.High, bus.Normal, bus.Low}

func priorityCode(p bus.Priority) int64 {
	for code, name := range priorityNames {
		if name == p {
			return int64(code)
		}
	}
	return 0
}

// line is a row of the list.
type line struct {
	*bus.Change

	id      [16]byte
	place   int64
	state   int64
	details []byte
}

// placeBits is how many places there are for jobs of one microsecond.
const placeBits = 10

// placeAt is the first place of a time.
func placeAt(at time.Time) int64 {
	return min(max(at.UnixMicro(), 0), math.MaxInt64>>placeBits-1) << placeBits
}

// placeIn is which of the places of its microsecond a job wants: by the order of ids where they have one.
func placeIn(id uuid.UUID) int64 {
	from := id[14:]
	if id.Version() == 7 { // where it counts within a millisecond
		from = id[6:8]
	}
	return (int64(from[0])<<8 | int64(from[1])) & (1<<placeBits - 1)
}

// timeAt is the time of a place.
func timeAt(place int64) time.Time { return time.UnixMicro(place >> placeBits).UTC() }

// fold makes the lines of changes: one a job, of the newest of its changes.
func fold(changes []*bus.Change) []*line {
	lines := make([]*line, 0, len(changes))
	byJob := make(map[uuid.UUID]*line, len(changes))
	for _, c := range changes {
		code, ok := stateCodes[c.State]
		if c.Deleted {
			code, ok = deletedState, true
		}
		if !ok {
			continue // of a newer version
		}
		l := byJob[c.Job]
		if l == nil {
			l = &line{Change: c, id: c.Job, state: code}
			byJob[c.Job] = l
			lines = append(lines, l)
		} else if c.Version > l.Version {
			l.Change, l.state = c, code
		}
		if len(c.Details) > 0 && len(c.Details) <= maxDetails {
			l.details = c.Details
		}
	}
	taken := make(map[int64]struct{}, len(lines))
	for _, l := range lines {
		l.place = placeAt(madeAt(l.Change)) + placeIn(l.Job)
		for {
			if _, ok := taken[l.place]; !ok {
				break
			}
			l.place++
		}
		taken[l.place] = struct{}{}
	}
	return lines
}

// findPlaces gives each line that is not in the table a place that is free there.
func findPlaces(ctx context.Context, tx *store.Tx, lines []*line) error {
	taken := make(map[int64]uuid.UUID, len(lines))
	for _, l := range lines {
		taken[l.place] = l.Job
	}
	for unsure := lines; len(unsure) > 0; {
		there, err := whoIsAt(ctx, tx, unsure)
		if err != nil {
			return err
		}
		var moved []*line
		for _, l := range unsure {
			if id, ok := there[l.place]; !ok || id == l.Job {
				continue
			}
			for delete(taken, l.place); ; {
				l.place++
				if _, ok := taken[l.place]; !ok {
					break
				}
			}
			taken[l.place] = l.Job
			moved = append(moved, l)
		}
		unsure = moved
	}
	return nil
}

// whoIsAt are the jobs that are in the table at the places of lines.
func whoIsAt(ctx context.Context, tx *store.Tx, lines []*line) (map[int64]uuid.UUID, error) {
	there := map[int64]uuid.UUID{}
	for part := range slices.Chunk(lines, 500) {
		places := make([]string, len(part))
		for i, l := range part {
			places[i] = strconv.FormatInt(l.place, 10)
		}
		err := tx.Query(ctx, func(scan func(...any) error) error {
			var place int64
			var id []byte
			if err := scan(&place, &id); err != nil {
				return err
			}
			job, err := uuid.FromBytes(id)
			there[place] = job
			return err
		}, `SELECT place, id FROM jobs WHERE place IN (`+strings.Join(places, ", ")+`)`)
		if err != nil {
			return nil, err
		}
	}
	return there, nil
}

func (l *line) kind() kind { return kind{extension: l.Extension, name: l.Name, library: l.Library} }

// appendFresh appends the columns that tell something of a job without a record.
func (l *line) appendFresh(row []any, kind int64) []any {
	var parent any
	if l.Parent != uuid.Nil {
		parent = l.Parent[:]
	}
	return append(row, l.place, l.id[:], kind, parent, priorityCode(l.Priority), l.state, int64(l.Version), store.Micros(l.Due)) //nolint:gosec // counts of what happened stay far below 1<<63
}

// append appends all columns of the line.
func (l *line) append(row []any, kind int64) []any {
	row = l.appendFresh(row, kind)
	return append(row, int64(l.Attempt), int64(l.Failures), store.Micros(l.StartedAt), store.Micros(l.FinishedAt), //nolint:gosec // as above
		number(l.CancelRequested), number(l.Paused), int64(min(max(l.Progress, 0), 1)*1e6), text(l.Error), text(l.Message))
}

func number(is bool) int64 {
	if is {
		return 1
	}
	return 0
}

// text is a text as it is kept, nil when it is empty.
func text(t string) any {
	if t == "" {
		return nil
	}
	return plain(t)
}

// madeAt is when a job was made, as far as is told. That of a message that was no job does not tell.
func madeAt(c *bus.Change) time.Time {
	if !c.CreatedAt.IsZero() {
		return c.CreatedAt
	}
	if c.Job.Version() == 7 {
		sec, nsec := c.Job.Time().UnixTime()
		return time.Unix(sec, nsec)
	}
	for _, at := range []time.Time{c.StartedAt, c.FinishedAt} {
		if !at.IsZero() {
			return at
		}
	}
	return time.Now()
}

// plain is text as both databases take it. A text that one of them refused would come again for ever.
func plain(text string) string {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "\ufffd")
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	return text
}

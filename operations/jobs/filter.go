package jobs

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/store"
)

// filter is a request that was found to be in order.
type filter struct {
	db    *store.DB
	now   time.Time
	limit int
	state bus.State
	// kind are conditions on the table kinds, with their arguments.
	kind     []string
	kindArgs []any
	parent   *uuid.UUID
	// The page is from places below high and not below low.
	low, high int64
	bounds
}

// bounds say how much is done for a page.
type bounds struct {
	// legs is of how many kinds the jobs are found one by one.
	legs int
	// looks are how many jobs of a source are looked at: of each source the first number, if that was not enough the next, and so on.
	looks []int
}

var pageBounds = bounds{legs: 200, looks: []int{256, 2048, 6144}}

var states = []bus.State{
	bus.StateScheduled, bus.StateAvailable, bus.StateRunning, bus.StateWaiting,
	bus.StateCompleted, bus.StateCancelled, bus.StateExpired, bus.StateDead,
}

func (in ListRequest) filter(db *store.DB, now time.Time) (f filter, err error) {
	f = filter{db: db, now: now, limit: in.Limit, state: in.State, high: math.MaxInt64, bounds: pageBounds}
	if f.limit == 0 {
		f.limit = defaultLimit
	}
	if f.limit < 1 || f.limit > maxLimit {
		return f, bus.Errorf(bus.InvalidArgument, "limit is %d, want 1 to %d", in.Limit, maxLimit)
	}
	if in.State != "" && !slices.Contains(states, in.State) {
		return f, bus.Errorf(bus.InvalidArgument, "there is no state %.64q; want one of %v", string(in.State), states)
	}
	if in.Extension != "" {
		f.where("extension", plain(in.Extension))
	}
	if in.Name != "" {
		f.where("name", plain(in.Name))
	}
	if in.Library != "" {
		library, err := uuid.Parse(in.Library)
		if err != nil {
			return f, bus.Errorf(bus.InvalidArgument, "library %.64q is no UUID", in.Library)
		}
		f.where("library_id", library[:])
	}
	if in.Parent != "" {
		parent, err := uuid.Parse(in.Parent)
		if err != nil {
			return f, bus.Errorf(bus.InvalidArgument, "parent %.64q is no UUID", in.Parent)
		}
		f.parent = &parent
	}
	if in.CreatedAfter != nil {
		f.low = placeAt(in.CreatedAfter.Add(time.Microsecond - 1)) // a place is of a whole microsecond
	}
	if in.CreatedBefore != nil {
		f.high = placeAt(in.CreatedBefore.Add(time.Microsecond - 1))
	}
	if in.After != "" {
		after, err := strconv.ParseInt(in.After, 10, 64)
		if err != nil || after < 0 {
			return f, bus.Errorf(bus.InvalidArgument, "after %.64q is not the next of a page", in.After)
		}
		f.high = min(f.high, after)
	}
	return f, nil
}

func (f *filter) where(column string, value any) {
	f.kindArgs = append(f.kindArgs, value)
	f.kind = append(f.kind, column+" = ?")
}

// source is one way to find jobs: by conditions that an index answers each, and what is then looked at of a job. Each ? in them
// stands for an argument.
type source struct {
	legs    []string
	legArgs []any
	// rest are the conditions that jobs are looked at for; none for a source whose jobs are all wanted. The plus before a column keeps
	// databases from answering them by its index, and reading all that there is of a state or a kind.
	rest     []string
	restArgs []any
}

// sources are the ways to find what is asked for. kinds are those it is asked for, if kindsKnown; otherwise there are too many to
// find jobs by them.
func (f filter) sources(kinds []int64, kindsKnown bool) []source {
	var stateLegs, stateRest, kindLegs, kindRest []string
	for _, code := range f.stateCodes() {
		stateLegs = append(stateLegs, "state = "+strconv.FormatInt(code, 10))
	}
	byTime := true // the state also depends on when it is
	var stateArgs, kindArgs []any
	switch f.state {
	case "":
		byTime = false
	case bus.StateAvailable:
		stateRest, stateArgs = []string{"(+state = 2 OR +state = 1 AND due <= ?)"}, []any{store.Micros(f.now)}
	case bus.StateScheduled:
		stateRest, stateArgs = []string{"+state = 1 AND due > ?"}, []any{store.Micros(f.now)}
	default:
		stateRest, byTime = []string{"+state = " + strconv.FormatInt(stateCodes[f.state], 10)}, false
	}
	switch {
	case len(f.kind) == 0:
	case kindsKnown:
		texts := make([]string, len(kinds))
		for i, id := range kinds {
			texts[i] = strconv.FormatInt(id, 10)
			kindLegs = append(kindLegs, "kind = "+texts[i])
		}
		kindRest = []string{"+kind IN (" + strings.Join(texts, ", ") + ")"}
	default:
		kindRest, kindArgs = []string{"+kind IN (SELECT id FROM kinds WHERE " + strings.Join(f.kind, " AND ") + ")"}, f.kindArgs
	}
	both, bothArgs := slices.Concat(stateRest, kindRest), slices.Concat(stateArgs, kindArgs)
	if f.parent != nil {
		return []source{{legs: []string{"parent = ?"}, legArgs: []any{f.parent[:]}, rest: both, restArgs: bothArgs}}
	}
	var all []source
	switch {
	case byTime:
		all = append(all, source{legs: stateLegs, rest: both, restArgs: bothArgs})
	case len(stateLegs) > 0:
		all = append(all, source{legs: stateLegs, rest: kindRest, restArgs: kindArgs})
	}
	switch {
	case len(kindLegs) > 0:
		all = append(all, source{legs: kindLegs, rest: stateRest, restArgs: stateArgs})
	case len(stateLegs) == 0:
		all = append(all, source{legs: []string{"1 = 1"}, rest: append(kindRest, "+state <> 9"), restArgs: kindArgs})
	}
	return all
}

// stateCodes are what the state that is asked for can be in the tables.
func (f filter) stateCodes() []int64 {
	switch f.state {
	case "":
		return nil
	case bus.StateAvailable:
		return []int64{stateCodes[bus.StateAvailable], stateCodes[bus.StateScheduled]}
	default:
		return []int64{stateCodes[f.state]}
	}
}

package airlock

// Host is what a guest can ask of the machine it runs in: the functions of the import module `spacedrive`, with Go's types in
// place of pointers. Authors use it through [JobContext]; package airlocktest implements it for tests.
type Host interface {
	// Call runs one operation and returns its JSON answer, or nil if the host could not even write an error.
	Call(method string, library *UUID, payload []byte) []byte
	// CallMany runs the calls of a JSON array in parallel and returns a JSON array of their answers, in the same order.
	CallMany(calls []byte) []byte
	// Log writes one line to the extension's log.
	Log(level Level, message string)
	// Progress tells how far a job is, 0 to 1.
	Progress(job UUID, fraction float32, message string)
	// Checkpoint saves a job's state and reports whether it was saved.
	Checkpoint(job UUID, state []byte) bool
	// CheckInterrupt tells whether a job should stop.
	CheckInterrupt(job UUID) Interrupt
	// Warn adds a warning to a job's record.
	Warn(job UUID, message string)
	// AddBytes adds to the bytes a job has dealt with.
	AddBytes(job UUID, count int64)
	// AddItems adds to the items a job has dealt with.
	AddItems(job UUID, count int64)
	// RegisterJob announces a job and the export that runs it, and reports whether the host took it.
	RegisterJob(name, export string, resumable bool) bool
}

// Level says how much a log line matters.
type Level int32

// The levels of a log line.
const (
	LevelDebug Level = iota
	LevelInfo
	LevelWarn
	LevelError
)

// String returns the level's name in lower case.
func (l Level) String() string {
	switch l {
	case LevelDebug:
		return "debug"
	case LevelWarn:
		return "warn"
	case LevelError:
		return "error"
	case LevelInfo:
	}
	return "info"
}

// Interrupt is the host's answer to whether a job should stop. Anything but Continue means: save what is worth saving and
// return [ErrInterrupted].
type Interrupt int32

// What a job may be asked to do.
const (
	Continue Interrupt = iota // go on
	Pause                     // stop here; the job goes on later, perhaps on another worker
	Cancel                    // stop for good
)

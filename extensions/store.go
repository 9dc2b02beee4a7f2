package extensions

import "context"

// Store keeps records, small, by extension id and by version, modules, large, by digest, and the schedules of extensions. Its methods use
// only types of the language and the standard library, so that an implementation need not know this package.
//
// All methods are safe for concurrent use, in several processes on the same data. None retains a slice it is given, nor
// hands out one that it keeps. None retries; what fails may be repeated.
type Store interface {
	// PutRecord writes the record of an extension over the one there is, and returns its revision, which grows with
	// each write to the store. Once it has returned, Record answers with this record or a newer one.
	PutRecord(ctx context.Context, id string, record []byte) (revision uint64, err error)
	// Record returns the newest record of an extension. Without one the error is fs.ErrNotExist.
	Record(ctx context.Context, id string) (record []byte, revision uint64, err error)
	// DeleteRecord removes the record of an extension; there need not be one.
	DeleteRecord(ctx context.Context, id string) error
	// WatchRecords calls changed with each record there is, then caughtUp once, then changed after each change: with the
	// new record, or with nil when it was deleted. Of changes in quick succession to one record only the last is
	// sure to be seen. The calls come one after the other. It returns nil when ctx has ended, and an error only when
	// watching broke; no call comes after it returned.
	WatchRecords(ctx context.Context, caughtUp func(), changed func(id string, record []byte, revision uint64)) error

	// PutVersion writes the record of a version, "sha256:<64 hex digits>", over the one there is.
	PutVersion(ctx context.Context, version string, record []byte) error
	// Version returns the newest record of a version. Without one the error is fs.ErrNotExist.
	Version(ctx context.Context, version string) (record []byte, err error)
	// Versions returns the records of all versions there are, by version.
	Versions(ctx context.Context) (map[string][]byte, error)
	// DeleteVersion removes the record of a version; there need not be one.
	DeleteVersion(ctx context.Context, version string) error

	// PutFloor writes the floor of an extension over the one of a revision, 0 for none. If there is another one, the error is fs.ErrExist.
	PutFloor(ctx context.Context, id string, floor []byte, revision uint64) error
	// Floor returns the floor of an extension, which DeleteRecord leaves. Without one the error is fs.ErrNotExist.
	Floor(ctx context.Context, id string) (floor []byte, revision uint64, err error)

	// PutModule keeps a module under its digest. One that is there already is the same.
	PutModule(ctx context.Context, digest string, wasm []byte) error
	// Module returns a module. Without one the error is fs.ErrNotExist.
	Module(ctx context.Context, digest string) ([]byte, error)
	// DeleteModule removes a module; there need not be one.
	DeleteModule(ctx context.Context, digest string) error

	// CheckSchedules tells whether PutSchedules would refuse schedules.
	CheckSchedules(ctx context.Context, id string, schedules []byte) error
	// PutSchedules makes the schedules of an extension those of a JSON list of {"name", "spec", "time_zone"?, "job", "library"?,
	// "priority", "input"?}: it removes those that are not in it. Without a library it is the one of who names none. Those that are
	// already there as they are in the list, or paused, stay so.
	PutSchedules(ctx context.Context, id string, schedules []byte) error
}

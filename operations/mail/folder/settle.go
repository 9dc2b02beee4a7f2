package folder

import "time"

// Settle is how long a file .eml has to stand still.
const Settle = 2 * time.Second

// maxSettling bounds how many files are waited for at once; others come after them.
const maxSettling = 10_000

// Settling tells which files are whole. It is not safe for concurrent use.
type Settling struct {
	since map[string]stood
}

type stood struct {
	file  File
	since time.Time
}

// Whole tells whether a file may be taken: it was changed long ago, or stood still for [Settle] as we saw it, whatever the clock of its file
// system says. One without bytes has not been written yet.
func (s *Settling) Whole(f *Folder, file File, now time.Time) bool {
	if f.Maildir {
		return true
	}
	before, waits := s.since[file.Name]
	stands := waits && before.file == file
	switch {
	case file.Size == 0:
		delete(s.since, file.Name)
		return false
	case now.Sub(file.Time()) >= Settle, stands && now.Sub(before.since) >= Settle:
		delete(s.since, file.Name)
		return true
	case stands:
		return false
	}
	if s.since == nil {
		s.since = map[string]stood{}
	}
	if waits || len(s.since) < maxSettling {
		s.since[file.Name] = stood{file, now}
	}
	return false
}

// Forget forgets files that have not been seen, by whether they have.
func (s *Settling) Forget(seen func(name string) bool) {
	for name := range s.since {
		if !seen(name) {
			delete(s.since, name)
		}
	}
}

// Waiting tells whether there are files that are waited for.
func (s *Settling) Waiting() bool { return len(s.since) > 0 }

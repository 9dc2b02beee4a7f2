package mail

import (
	"context"
	"errors"
	"hash/maphash"
	"io/fs"
	"time"

	"github.com/airlock-run/airlock/operations/mail/folder"
)

// forgetPage is how many rows of the index are looked at at once for files that have gone.
const forgetPage = 1000

// scanner goes through a folder again and again, and keeps its index. It remembers 16 bytes of each file, so that only what has changed is
// looked up in the database.
type scanner struct {
	index    *index
	seed     maphash.Seed
	known    map[uint64]uint64
	settling folder.Settling
}

func newScanner(x *index) *scanner {
	return &scanner{index: x, seed: maphash.MakeSeed(), known: map[uint64]uint64{}}
}

// found is what a scan has found.
type found struct {
	standing
	// unsettled says that there are files that may be whole soon; unreadable is how many may not be read.
	unsettled  bool
	unreadable int
}

// scan goes through the folder once.
func (s *scanner) scan(ctx context.Context, f *folder.Folder) (out found, err error) {
	now := time.Now()
	seen := make(map[uint64]struct{}, len(s.known))
	err = f.Each(ctx, func(files []folder.File) error {
		fresh := files[:0]
		for _, file := range files {
			name, is := s.hashes(file)
			seen[name] = struct{}{}
			if s.known[name] == is || !s.settling.Whole(f, file, now) {
				continue
			}
			if s.known[name] == 0 && !readable(f, file) {
				out.unreadable++
				continue
			}
			fresh = append(fresh, file)
		}
		if len(fresh) == 0 {
			return nil
		}
		if err := s.index.take(ctx, fresh, f.Maildir); err != nil {
			return err
		}
		for _, file := range fresh {
			name, is := s.hashes(file)
			s.known[name] = is
		}
		return nil
	})
	if err != nil {
		return out, err
	}
	if err := s.forget(ctx, seen); err != nil {
		return out, err
	}
	_, out.standing, err = s.index.after(ctx, 0, 0)
	out.unsettled = s.settling.Waiting()
	return out, err
}

// hashes are those of what a file is known by, and of what is known of it, which is never 0.
func (s *scanner) hashes(file folder.File) (name, is uint64) {
	return maphash.String(s.seed, file.Name), maphash.Comparable(s.seed, file) | 1
}

// readable tells whether a file may be read. One that may not gets no UID before it may.
func readable(f *folder.Folder, file folder.File) bool {
	open, err := f.Open(file)
	if err == nil {
		_ = open.Close()
	}
	return !errors.Is(err, fs.ErrPermission)
}

// forget forgets what was not seen, when there is more in the index than was.
func (s *scanner) forget(ctx context.Context, seen map[uint64]struct{}) error {
	unseen := func(name string) bool {
		_, has := seen[maphash.String(s.seed, name)]
		return !has
	}
	s.settling.Forget(func(name string) bool { return !unseen(name) })
	for name := range s.known {
		if _, has := seen[name]; !has {
			delete(s.known, name)
		}
	}
	_, at, err := s.index.after(ctx, 0, 0)
	if err != nil || int(at.messages) <= len(s.known) {
		return err
	}
	for from := uint32(0); ; {
		page, _, err := s.index.after(ctx, from, forgetPage)
		if err != nil {
			return err
		}
		var gone []uint32
		for _, file := range page {
			if from = file.UID; unseen(file.Name) {
				gone = append(gone, file.UID)
			}
		}
		if len(gone) > 0 {
			if err := s.index.miss(ctx, gone); err != nil {
				return err
			}
		}
		if len(page) < forgetPage {
			return nil
		}
	}
}

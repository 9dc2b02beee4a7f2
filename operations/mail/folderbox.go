package mail

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/content"
	"github.com/airlock-run/airlock/operations/mail/folder"
	"github.com/airlock-run/airlock/operations/mail/message"
)

const (
	// inbox is what the one mailbox of a folder is called.
	inbox = "INBOX"
	// maxHeader bounds what is read of a file to list it.
	maxHeader = 256 << 10
)

// folderbox is a folder as a mailbox, for a call.
type folderbox struct {
	*folder.Folder
	index   *index
	account *Account
}

// openFolder opens the folder of an account.
//
// # Errors
//
// For guests, without the path: permission_denied for a folder that the operator does not allow; not_found; failed_precondition for one that
// may not be read; unavailable.
func (s *Service) openFolder(ctx context.Context, a *Account) (*folderbox, error) {
	f, err := s.config.Folders.Open(a.Folder)
	if err != nil {
		return nil, folderFailure(ctx, a, err)
	}
	x, err := s.openIndex(ctx, a, f.Maildir)
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return &folderbox{f, x, a}, nil
}

// folderFailure is why a folder cannot be read.
func folderFailure(ctx context.Context, a *Account, err error) error {
	var known *bus.Error
	switch {
	case ctx.Err() != nil:
		return bus.AsError(ctx.Err())
	case errors.As(err, &known):
		return known
	case errors.Is(err, folder.ErrNotAllowed):
		return &bus.Error{Code: bus.PermissionDenied, Rule: "operator: mail-folders", Message: "account " + a.ID + ": " + folder.ErrNotAllowed.Error()}
	case errors.Is(err, fs.ErrNotExist):
		return bus.Errorf(bus.NotFound, "the folder of account %s is not there; every process of the operations has to see it at the same path", a.ID)
	case errors.Is(err, fs.ErrPermission):
		return bus.Errorf(bus.FailedPrecondition, "the service may not read the folder of account %s: permission denied; let its user read it", a.ID)
	}
	if at, ok := errors.AsType[*fs.PathError](err); ok { // such as that a link leads out of where it may
		return bus.Errorf(bus.Unavailable, "the folder of account %s cannot be read: %s", a.ID, oneLine(at.Err.Error()))
	}
	return err
}

// open checks that a call means this mailbox.
func (b *folderbox) open(p place) error {
	switch {
	case p.Mailbox != inbox:
		return bus.Errorf(bus.NotFound, "account %s is a folder, whose only mailbox is %s: there is no %q", b.account.ID, inbox, p.Mailbox)
	case p.UIDValidity != 0 && p.UIDValidity != b.index.validity:
		return bus.Errorf(bus.FailedPrecondition, "mailbox %q has UIDVALIDITY %d by now, not %d: its messages have other UIDs", p.Mailbox, b.index.validity, p.UIDValidity)
	}
	return nil
}

// mailboxes is the one there is.
func (b *folderbox) mailboxes(ctx context.Context) ([]Mailbox, error) {
	_, at, err := b.index.after(ctx, 0, 0)
	return []Mailbox{{Name: inbox, UIDValidity: b.index.validity, UIDNext: at.uidNext, Messages: at.messages}}, err
}

// count counts what is there, also what has no UID yet.
func (b *folderbox) count(ctx context.Context) (n uint32, err error) {
	err = b.Each(ctx, func(files []folder.File) error {
		n += uint32(len(files)) //nolint:gosec // a chunk
		return nil
	})
	return n, err
}

// messages lists those after a UID. A page without any is passed over, as nobody could tell it from the end.
func (b *folderbox) messages(ctx context.Context, p place, after uint32, limit int) (out listOutput, err error) {
	if err := b.open(p); err != nil {
		return out, err
	}
	for {
		page, at, err := b.index.after(ctx, after, limit+1)
		if err != nil {
			return out, err
		}
		out.UIDValidity, out.UIDNext, out.Next = b.index.validity, at.uidNext, 0
		if len(page) > limit {
			page = page[:limit]
			out.Next = page[limit-1].UID
		}
		if out.Messages, err = b.tell(ctx, page); err != nil || len(out.Messages) > 0 || out.Next == 0 {
			return out, err
		}
		after = out.Next
	}
}

// tell tells of files, but of those that have gone. Those that have moved since the folder was gone through are looked for.
func (b *folderbox) tell(ctx context.Context, files []numbered) ([]listed, error) {
	out, at, moved := make([]*listed, len(files)), map[string]int{}, map[string]bool{}
	for i, n := range files {
		var err error
		if out[i], err = b.read(ctx, n.File, n.UID); errors.Is(err, fs.ErrNotExist) && b.Maildir {
			moved[n.Name], at[n.Name] = true, i
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	if len(moved) > 0 {
		found, err := b.Find(ctx, moved)
		if err != nil {
			return nil, err
		}
		for name, file := range found {
			i := at[name]
			if out[i], err = b.read(ctx, file, files[i].UID); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
		}
	}
	all := make([]listed, 0, len(files))
	for _, m := range out {
		if m != nil {
			all = append(all, *m)
		}
	}
	return all, ctx.Err()
}

// read reads the header of a file. One that may not be read is told of without.
func (b *folderbox) read(ctx context.Context, file folder.File, uid uint32) (*listed, error) {
	received := file.Time()
	out := &listed{UID: uid, Flags: b.Flags(file), Size: file.Size, Received: timeOf(received)}
	open, err := b.Open(file)
	if errors.Is(err, fs.ErrPermission) {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = open.Close() }()
	said, err := message.Read(ctx, bytes.NewReader(headerOf(open)), nil)
	if err != nil {
		return nil, fmt.Errorf("read header of mail: %w", err)
	}
	out.Subject, out.MessageID = oneLine(said.Subject), oneLine(said.ID)
	out.From, out.To = said.From, said.To
	if said.Date != nil {
		out.Date = timeOf(*said.Date)
	}
	return out, nil
}

// headerOf are the first lines of a mail, up to an empty one, as far as they can be read.
func headerOf(r io.Reader) []byte {
	var header []byte
	lines := bufio.NewReader(io.LimitReader(r, maxHeader))
	for {
		line, err := lines.ReadBytes('\n')
		header = append(header, line...)
		if err != nil || len(bytes.TrimRight(line, "\r\n")) == 0 {
			return header
		}
	}
}

// fetch streams a message to keep.
func (b *folderbox) fetch(ctx context.Context, p place, uid uint32, most int64, keep func(io.Reader) (content.Reference, error)) (out fetchOutput, err error) {
	if err := b.open(p); err != nil {
		return out, err
	}
	gone := bus.Errorf(bus.NotFound, "there is no message %d in the mailbox", uid)
	files, _, err := b.index.after(ctx, uid-1, 1)
	if err != nil {
		return out, err
	}
	if len(files) == 0 || files[0].UID != uid {
		return out, gone
	}
	file := files[0].File
	open, err := b.Open(file)
	if errors.Is(err, fs.ErrNotExist) && b.Maildir {
		moved, failed := b.Find(ctx, map[string]bool{file.Name: true})
		if failed != nil {
			return out, failed
		}
		if now, is := moved[file.Name]; is {
			file = now
			open, err = b.Open(file)
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return out, gone
	case errors.Is(err, fs.ErrPermission):
		return out, bus.Errorf(bus.FailedPrecondition, "the service may not read message %d of account %s: permission denied", uid, b.account.ID)
	case err != nil:
		return out, err
	}
	defer func() { _ = open.Close() }()
	tooLarge := func(size int64) error {
		return bus.Errorf(bus.FailedPrecondition, "message %d has %d bytes or more, more than max_bytes, %d", uid, size, most)
	}
	if file.Size > most {
		return out, tooLarge(file.Size)
	}
	ref, err := keep(io.LimitReader(open, most+1)) // it may have grown
	if err == nil && ref.Size > most {
		err = tooLarge(ref.Size)
	}
	return fetchOutput{UID: uid, Flags: b.Flags(file), Content: ref.Digest, Size: ref.Size}, err
}

// onlyRead refuses what a folder does not do.
func (a *Account) onlyRead(what string) error {
	return bus.Errorf(bus.FailedPrecondition, "account %s is a folder of files, which are listed and fetched, but not %s", a.ID, what)
}

// listFolder is list, of a folder.
func (s *Service) listFolder(ctx context.Context, a *Account, p place, in listInput) (out listOutput, err error) {
	box, err := s.openFolder(ctx, a)
	if err != nil {
		return out, err
	}
	defer func() { _ = box.Close() }()
	if in.Mailbox == "" {
		out.Mailboxes, err = box.mailboxes(ctx)
	} else {
		out, err = box.messages(ctx, p, in.AfterUID, in.Limit)
	}
	if err != nil {
		return out, folderFailure(ctx, a, err)
	}
	return out, nil
}

// fetchFile is fetch, of a folder.
func (s *Service) fetchFile(
	ctx context.Context, a *Account, p place, in fetchInput, keep func(io.Reader) (content.Reference, error),
) (out fetchOutput, err error) {
	box, err := s.openFolder(ctx, a)
	if err != nil {
		return out, err
	}
	defer func() { _ = box.Close() }()
	if out, err = box.fetch(ctx, p, in.UID, in.MaxBytes, keep); err != nil {
		return out, folderFailure(ctx, a, err)
	}
	return out, nil
}

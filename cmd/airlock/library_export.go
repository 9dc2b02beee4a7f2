package main

import (
	"archive/tar"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/bus"
)

// exported is what an export has.
type exported struct {
	Library  uuid.UUID `json:"library"`
	File     string    `json:"file"`
	Entries  int       `json:"entries"`
	Contents int       `json:"contents"`
	Bytes    int64     `json:"bytes"`
	// Gone are contents that were removed after their entry was exported.
	Gone []string `json:"gone,omitempty"`
}

func (c *cli) exportLibraryCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "export LIBRARY FILE", Short: "Write the entries of a library, with files and contents, into an archive", Args: twoArgs("the library's id and a file that is not there yet"),
		Long: `Write the entries of a library, with the files beside them and their contents, into a tar archive:

  library.json      the library, and what its owner granted
  entries.jsonl     a line for each entry: what vdfs.get_entry answers, with metadata and the names and digests of its files
  contents/DIGEST   the bytes of each content once, by their SHA-256 in hex

Everything goes on meanwhile: each entry is as it was when it was read. Each content is checked against its digest. Credentials, jobs and what
extensions keep for themselves are not in it; a backup has those.`,
		Example: `  airlock library export a1510c00-0000-4000-8000-000000000001 household.tar`,
	}
	c.jsonFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
		library, _, err := findLibrary(ctx, conn, args[0])
		if err != nil {
			return err
		}
		c.act(bus.AuditRecord{Operation: "library.export", Library: library.ID})
		record, err := json.MarshalIndent(library, "", "  ")
		if err != nil {
			return fmt.Errorf("encode library: %w", err)
		}
		e := &export{conn: conn, seen: map[[sha256.Size]byte]bool{}, done: exported{Library: library.ID, File: args[1]}}
		if err := e.write(ctx, append(record, '\n')); err != nil {
			return err
		}
		for _, digest := range e.done.Gone {
			_, _ = fmt.Fprintf(c.stderr, "warning: content %s was removed meanwhile\n", digest)
		}
		if c.json {
			return c.printJSON(e.done)
		}
		c.printf("library %s is exported to %s\n", library.ID, args[1])
		c.line("entries", "%d", e.done.Entries)
		c.line("contents", "%d, of %d bytes", e.done.Contents, e.done.Bytes)
		return nil
	})
	return cmd
}

// export writes a library into an archive.
type export struct {
	conn *bus.Conn
	tar  *tar.Writer
	seen map[[sha256.Size]byte]bool
	// contents are digests in the order in which entries named them.
	contents [][sha256.Size]byte
	done     exported
}

// write makes the archive under another name, which it has until it is whole.
func (e *export) write(ctx context.Context, library []byte) (err error) {
	if _, err := os.Lstat(e.done.File); !errors.Is(err, fs.ErrNotExist) {
		return usageError{fmt.Errorf("%s is there already: name a file that is not", e.done.File)}
	}
	file, err := os.CreateTemp(filepath.Dir(e.done.File), "."+filepath.Base(e.done.File)+"-*")
	if err != nil {
		return fmt.Errorf("create archive: %w", err)
	}
	defer func() { _ = os.Remove(file.Name()) }() // once it has its own name it is not there
	defer func() { _ = file.Close() }()
	buffered := bufio.NewWriterSize(file, 1<<20)
	e.tar = tar.NewWriter(buffered)
	err = e.add("library.json", int64(len(library)), strings.NewReader(string(library)))
	if err == nil {
		err = e.entries(ctx)
	}
	for i := 0; err == nil && i < len(e.contents); i++ {
		err = e.content(ctx, e.contents[i])
	}
	for _, finish := range []func() error{e.tar.Close, buffered.Flush, file.Sync, file.Close} {
		if err == nil {
			err = finish()
		}
	}
	if err == nil {
		err = os.Rename(file.Name(), e.done.File)
	}
	if err != nil {
		return fmt.Errorf("export library: %w", err)
	}
	return nil
}

func (e *export) add(name string, size int64, from io.Reader) error {
	err := e.tar.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: size, ModTime: time.Now().UTC()})
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if _, err := io.Copy(e.tar, from); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// entries writes the entries, by way of a file, as an archive wants to know the size first.
func (e *export) entries(ctx context.Context) (err error) {
	lines, err := os.CreateTemp(filepath.Dir(e.done.File), ".entries-*")
	if err != nil {
		return fmt.Errorf("list entries: %w", err)
	}
	defer func() { _ = os.Remove(lines.Name()) }()
	defer func() { _ = lines.Close() }()
	buffered := bufio.NewWriterSize(lines, 1<<20)
	for after, more := "", true; more; {
		var page struct {
			Entries []json.RawMessage `json:"entries"`
			Next    string            `json:"next"`
		}
		if err := operate(ctx, e.conn, "query:vdfs.list_entries", e.done.Library, map[string]any{"after": after, "limit": 500}, &page); err != nil {
			return fmt.Errorf("list entries: %w", err)
		}
		for _, line := range page.Entries {
			if err := e.note(line); err != nil {
				return err
			}
			if _, err := buffered.Write(append(line, '\n')); err != nil {
				return fmt.Errorf("list entries: %w", err)
			}
		}
		after, more = page.Next, page.Next != ""
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("list entries: %w", err)
	}
	size, err := lines.Seek(0, io.SeekCurrent)
	if err == nil {
		_, err = lines.Seek(0, io.SeekStart)
	}
	if err != nil {
		return fmt.Errorf("list entries: %w", err)
	}
	return e.add("entries.jsonl", size, lines)
}

// note remembers the contents that an entry names.
func (e *export) note(line []byte) error {
	var named struct {
		Content  string `json:"content"`
		Sidecars []struct {
			Digest string `json:"digest"`
		} `json:"sidecars"`
	}
	if err := json.Unmarshal(line, &named); err != nil {
		return fmt.Errorf("read entry: %w", err)
	}
	e.done.Entries++
	digests := []string{}
	if named.Content != "" {
		digests = append(digests, named.Content)
	}
	for _, s := range named.Sidecars {
		digests = append(digests, s.Digest)
	}
	for _, text := range digests {
		var digest [sha256.Size]byte
		if n, err := hex.Decode(digest[:], []byte(strings.TrimPrefix(text, "sha256:"))); err != nil || n != sha256.Size {
			return fmt.Errorf("read entry: %q is no digest", text)
		}
		if !e.seen[digest] {
			e.seen[digest] = true
			e.contents = append(e.contents, digest)
		}
	}
	return nil
}

// content writes one content, a part at a time.
func (e *export) content(ctx context.Context, digest [sha256.Size]byte) error {
	name := hex.EncodeToString(digest[:])
	r, err := openContent(ctx, e.conn, e.done.Library, "sha256:"+name)
	if bus.CodeOf(err) == bus.NotFound {
		e.done.Gone = append(e.done.Gone, r.reference)
		return nil
	}
	if err != nil {
		return fmt.Errorf("read content %s: %w", name, err)
	}
	sum := sha256.New()
	if err := e.add("contents/"+name, r.size, io.TeeReader(r, sum)); err != nil {
		return err
	}
	if [sha256.Size]byte(sum.Sum(nil)) != digest {
		return fmt.Errorf("content %s has other bytes than its digest says: restore it from a backup, or delete what refers to it", name)
	}
	e.done.Contents++
	e.done.Bytes += r.size
	return nil
}

// contentReader reads content of a library as people call for it. It has the context of the one command it is made for.
type contentReader struct {
	ctx       context.Context //nolint:containedctx // see above
	conn      *bus.Conn
	library   uuid.UUID
	reference string
	size, at  int64
	part      []byte
}

// openContent reads the first part of a content, so that its size is known.
func openContent(ctx context.Context, conn *bus.Conn, library uuid.UUID, reference string) (*contentReader, error) {
	r := &contentReader{ctx: ctx, conn: conn, library: library, reference: reference}
	return r, r.next()
}

// next reads the next part.
func (r *contentReader) next() error {
	var out struct {
		Data []byte `json:"data"`
		Size int64  `json:"size"`
	}
	in := map[string]any{"content": r.reference, "offset": r.at, "length": 2 << 20}
	if err := operate(r.ctx, r.conn, "query:vdfs.read_content", r.library, in, &out); err != nil {
		return err
	}
	r.part, r.size = out.Data, out.Size
	r.at += int64(len(out.Data))
	return nil
}

func (r *contentReader) Read(p []byte) (int, error) {
	if len(r.part) == 0 {
		if r.at >= r.size {
			return 0, io.EOF
		}
		if err := r.next(); err != nil {
			return 0, err
		}
		if len(r.part) == 0 {
			return 0, io.ErrUnexpectedEOF
		}
	}
	n := copy(p, r.part)
	r.part = r.part[n:]
	return n, nil
}

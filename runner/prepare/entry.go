package prepare

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/airlock-run/airlock/runner/sandbox"
)

// entryFile is written last, by the parent. It begins with the sum of what follows.
const entryFile = "entry.json"

// entry says what is in a directory of the cache.
type entry struct {
	Key  string `json:"key"`
	Cost Cost   `json:"cost"`
	// Files are all others, by their paths with slashes.
	Files map[string]kept `json:"files"`
}

// kept is a file as it has to be. The sum is against accidents: nobody else can write here, and it takes a tenth of the
// time of a digest, which is most of what a warm start would take.
type kept struct {
	Size   int64  `json:"size"`
	CRC32C uint32 `json:"crc32c"`
}

// errDamaged is returned for an entry that is not as it was made.
var errDamaged = errors.New("the entry is damaged")

// size is how many bytes its files have.
func (e *entry) size() int64 {
	var size int64
	for _, file := range e.Files {
		size += file.Size
	}
	return size
}

// hasCode tells whether there is machine code.
func (e *entry) hasCode() bool {
	for name, file := range e.Files {
		if strings.HasPrefix(name, codeDir+"/") && file.Size > 0 {
			return true
		}
	}
	return false
}

// maxWasm and maxFacts bound what is read into memory of what a child left.
const (
	maxWasm  = 8 * sandbox.MaxModule
	maxFacts = 16 << 20
)

// check reports what a child left too much or too little of.
func (e *entry) check(options sandbox.Options) error {
	for _, want := range []struct {
		name   string
		needed bool
		most   uint64
	}{{wasmFile, true, maxWasm}, {factsFile, true, maxFacts}, {imageFile, false, options.MaxMemory}} {
		file, ok := e.Files[want.name]
		if want.needed && !ok {
			return errors.New("no " + want.name)
		}
		if uint64(file.Size) > want.most { //nolint:gosec // not negative
			return fmt.Errorf("%d bytes of %s, at most %d are possible", file.Size, want.name, want.most)
		}
	}
	if !e.hasCode() {
		return errors.New("no machine code")
	}
	return nil
}

// seal lists what a child left in a directory, and makes an entry of it.
//
// # Errors
//
// When something is missing, or there is what no child leaves.
func seal(dir, key string, options sandbox.Options, cost Cost) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open entry: %w", err)
	}
	defer func() { _ = root.Close() }()
	e := &entry{Key: key, Cost: cost, Files: map[string]kept{}}
	err = fs.WalkDir(root.FS(), ".", func(name string, item fs.DirEntry, err error) error {
		switch {
		case err != nil || item.IsDir():
			return err
		case !item.Type().IsRegular():
			return fmt.Errorf("%s is no file", name)
		}
		_, file, err := examine(root, name, false)
		e.Files[name] = file
		return err
	})
	if err != nil {
		return fmt.Errorf("list what the child left: %w", err)
	}
	if err := e.check(options); err != nil {
		return fmt.Errorf("the child left %w", err)
	}
	text, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode entry: %w", err)
	}
	if err := root.WriteFile(entryFile, append(sumLine(text), text...), 0o600); err != nil {
		return fmt.Errorf("write entry: %w", err)
	}
	return nil
}

// unseal reads and checks an entry, all its files included.
//
// # Errors
//
// errDamaged.
func unseal(root *os.Root, key string) (*entry, *sandbox.Prepared, error) {
	if info, err := root.Stat("."); err != nil || checkPrivate(info) != nil {
		return nil, nil, fmt.Errorf("%w: it is not private to this user", errDamaged)
	}
	e, err := readEntry(root)
	if err != nil {
		return nil, nil, err
	}
	if e.Key != key || !e.hasCode() {
		return nil, nil, fmt.Errorf("%w: it is another's", errDamaged)
	}
	texts := map[string][]byte{wasmFile: nil, imageFile: nil, factsFile: nil}
	for name, want := range e.Files {
		_, wanted := texts[name]
		text, got, err := examine(root, name, wanted)
		if err != nil {
			return nil, nil, fmt.Errorf("%w: %w", errDamaged, err)
		}
		if got != want {
			return nil, nil, fmt.Errorf("%w: %s", errDamaged, name)
		}
		if wanted {
			texts[name] = text
		}
	}
	p := &sandbox.Prepared{Wasm: texts[wasmFile], Image: texts[imageFile]}
	if err := json.Unmarshal(texts[factsFile], &p.Facts); err != nil {
		return nil, nil, fmt.Errorf("%w: %s: %w", errDamaged, factsFile, err)
	}
	return e, p, nil
}

// sumLine is what an entry's file begins with.
func sumLine(text []byte) []byte { return fmt.Appendf(nil, "%08x\n", crc32.Checksum(text, castagnoli)) }

// readEntry reads what an entry says of itself.
func readEntry(root *os.Root) (*entry, error) {
	data, err := root.ReadFile(entryFile)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	_, text, _ := bytes.Cut(data, []byte("\n"))
	if !bytes.HasPrefix(data, sumLine(text)) {
		return nil, fmt.Errorf("%w: %s", errDamaged, entryFile)
	}
	e := &entry{}
	if err := json.Unmarshal(text, e); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", errDamaged, entryFile, err)
	}
	return e, nil
}

// castagnoli is the table of the sum that processors have an instruction for.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// examine reads a file, and returns what is in it if that is wanted.
func examine(root *os.Root, name string, wanted bool) (text []byte, as kept, err error) {
	file, err := root.Open(name)
	if err != nil {
		return nil, kept{}, fmt.Errorf("open file: %w", err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, kept{}, errors.New("open file: it is none")
	}
	room := make([]byte, min(info.Size(), 1<<18))
	if wanted {
		room = make([]byte, info.Size())
	}
	for {
		n, err := io.ReadFull(file, room)
		as.Size += int64(n)
		as.CRC32C = crc32.Update(as.CRC32C, castagnoli, room[:n])
		switch {
		case wanted && err == nil, errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), n == 0:
			return room[:n], as, nil
		case err != nil:
			return nil, kept{}, fmt.Errorf("read file: %w", err)
		}
	}
}

package spectest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"

	"github.com/tetratelabs/wazero"
)

// startExport is what exportStart calls the start function.
const startExport = "faithful_start"

// Sections of a module, by their ids.
const (
	exportSection = 7
	startSection  = 8
)

// exportStart makes an export of a valid module's start section. Anything else stays as it is.
func exportStart(ctx context.Context, wasm []byte) ([]byte, error) {
	if !bytes.HasPrefix(wasm, []byte("\x00asm\x01\x00\x00\x00")) {
		return wasm, nil
	}
	sections, err := split(wasm[8:])
	if err != nil || sections[startSection] == nil {
		return wasm, nil //nolint:nilerr // What has no sections is the compiler's to refuse.
	}
	validator := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	_, err = validator.CompileModule(ctx, wasm)
	if closed := validator.Close(ctx); closed != nil {
		return nil, closed
	}
	if err != nil {
		return wasm, nil //nolint:nilerr // As an export it may have parameters, which a start function must not have.
	}
	exports := sections[exportSection]
	count, n := uint64(0), 0
	if exports != nil {
		count, n = binary.Uvarint(exports)
	}
	added := binary.AppendUvarint(nil, count+1)
	added = append(added, exports[n:]...)
	added = append(append(added, byte(len(startExport))), startExport...)
	added = append(append(added, 0), sections[startSection]...)
	sections[exportSection], sections[startSection] = added, nil

	rewritten := bytes.Clone(wasm[:8])
	// By id is their order but for the data count, which stands before the code.
	for _, id := range []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11} {
		if sections[id] != nil {
			rewritten = append(binary.AppendUvarint(append(rewritten, id), uint64(len(sections[id]))), sections[id]...)
		}
	}
	return rewritten, nil
}

// split returns the sections by id, without the custom ones.
func split(rest []byte) (map[byte][]byte, error) {
	sections := map[byte][]byte{}
	for len(rest) > 0 {
		size, n := binary.Uvarint(rest[1:])
		if n <= 0 || size > uint64(len(rest)-1-n) {
			return nil, errors.New("section is cut off")
		}
		id, content := rest[0], rest[1+n:][:size]
		if id != 0 {
			sections[id] = content
		}
		rest = rest[1+n:][size:]
	}
	return sections, nil
}

package extensions

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// MaxModule bounds a module, in bytes.
const MaxModule = 64 << 20

// Package is an extension that can be installed: a manifest that was checked and the module it names.
type Package struct {
	Manifest *Manifest
	Wasm     []byte
	// Digest names the module by its content, "sha256:…".
	Digest string
	// Signed is what was signed, and by whom; nil when there are no signatures.
	Signed *Signed
}

// NewPackage makes a package of a manifest's text and a module. It retains wasm.
//
// # Errors
//
// *InvalidError with what is wrong with either.
func NewPackage(manifest, wasm []byte) (*Package, error) {
	m, err := ParseManifest(manifest)
	if err != nil {
		return nil, err
	}
	return m.pack(wasm)
}

func (m *Manifest) pack(wasm []byte) (*Package, error) {
	if problem := moduleProblem(wasm); problem != "" {
		return nil, invalidFile(m.WasmFile, "%s", problem)
	}
	return &Package{Manifest: m, Wasm: wasm, Digest: Digest(wasm)}, nil
}

// Digest names bytes by their content.
func Digest(wasm []byte) string {
	sum := sha256.Sum256(wasm)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Load reads an extension from its folder. Nothing outside the folder is read, wherever names and symbolic links lead.
//
// # Errors
//
// *InvalidError for what the author has to repair; fs.ErrNotExist when there is no folder or no manifest.
func Load(folder string) (*Package, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		if info, statErr := os.Stat(folder); statErr == nil && !info.IsDir() {
			return nil, fmt.Errorf("load extension: %s is a file; name the folder that holds it", folder)
		}
		return nil, fmt.Errorf("load extension: open folder: %w", err)
	}
	defer func() { _ = root.Close() }()

	text, err := readFile(root, ManifestFile, maxManifest)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("load extension: no %s in %s: an extension is a folder with a %s and the module it names (%w)", ManifestFile, folder, ManifestFile, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("load extension from %s: %w", folder, err)
	}
	m, err := ParseManifest(text)
	if err != nil {
		return nil, fmt.Errorf("load extension from %s: %w", folder, err)
	}
	wasm, err := readFile(root, m.WasmFile, MaxModule)
	if errors.Is(err, fs.ErrNotExist) {
		err = invalidFile(ManifestFile, "wasm_file: there is no %s in the folder: build it, or correct the name", quote(m.WasmFile))
	}
	if err != nil {
		return nil, fmt.Errorf("load extension from %s: %w", folder, err)
	}
	p, err := m.pack(wasm)
	if err == nil {
		p.Signed, err = readSignatures(root, text)
	}
	if err != nil {
		return nil, fmt.Errorf("load extension from %s: %w", folder, err)
	}
	return p, nil
}

// readFile reads a regular file within root. It looks before it opens, since opening a pipe would wait for a writer.
func readFile(root *os.Root, name string, limit int64) ([]byte, error) {
	path := filepath.FromSlash(name)
	info, err := root.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("read %s: %w", name, err)
	case err != nil:
		return nil, invalidFile(name, "the file, and what it links to, must be inside the extension's folder (%s)", cause(err))
	case !info.Mode().IsRegular():
		return nil, invalidFile(name, "it is no regular file (%s)", info.Mode().Type())
	case info.Size() > limit:
		return nil, invalidFile(name, "the file has %d bytes, at most %d are allowed", info.Size(), limit)
	}
	file, err := root.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if int64(len(data)) > limit {
		return nil, invalidFile(name, "the file has more than %d bytes", limit)
	}
	return data, nil
}

// cause is an error of the file system without the operation and the name.
func cause(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return err
}

// moduleProblem says why bytes are no WebAssembly module, by their first eight alone.
func moduleProblem(wasm []byte) string {
	switch {
	case len(wasm) > MaxModule:
		return fmt.Sprintf("the module has %d bytes, at most %d are allowed", len(wasm), MaxModule)
	case len(wasm) == 0:
		return "the file is empty"
	case bytes.HasPrefix(wasm, []byte("\x00asm\x01\x00\x00\x00")):
		return ""
	case bytes.HasPrefix(wasm, []byte("\x00asm")) && len(wasm) >= 8 && wasm[6] == 1:
		return "this is a WebAssembly component: build a core module"
	case bytes.HasPrefix(wasm, []byte("\x00asm")):
		return "this is WebAssembly of a version that is not 1, or it is cut off"
	case bytes.HasPrefix(bytes.TrimSpace(wasm), []byte("(module")):
		return "this is WebAssembly in text form: assemble it first, with wat2wasm for instance"
	default:
		return fmt.Sprintf("this is not WebAssembly: it begins with %q instead of %q", wasm[:min(len(wasm), 4)], "\x00asm")
	}
}

package extensions

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"
)

// Version names a version of an extension by its content, manifest and module together: "sha256:…". Equal versions are the
// same extension with the same rights and behaviour; the space in a manifest does not count. It is not the manifest's own
// version, which is whatever its author wrote.
type Version string

// versionOf names what a manifest and a module of a digest are together. The manifest's length keeps the two apart.
func versionOf(m *Manifest, digest string) Version {
	h := sha256.New()
	_, _ = h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(m.raw)))) //nolint:gosec // at most maxManifest, and its escapes
	_, _ = h.Write(m.raw)
	_, _ = h.Write([]byte(digest))
	return Version("sha256:" + hex.EncodeToString(h.Sum(nil)))
}

// Short is the version for people: its first twelve digits.
func (v Version) Short() string {
	digits := strings.TrimPrefix(string(v), "sha256:")
	return digits[:min(len(digits), 12)]
}

// keepReplaced is how long a version is kept after it was replaced or removed. It is as long as the record of a dead job
// is, which may be tried again as long as there is one.
const keepReplaced = 30 * 24 * time.Hour

// Version is the version of the package.
func (p *Package) Version() Version { return versionOf(p.Manifest, p.Digest) }

package vdfs

import (
	"path"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
)

// Limits of names, in bytes.
const (
	maxPath      = 1024
	maxName      = 255
	maxEntryType = 64
)

func checkPath(p string) error {
	switch {
	case len(p) > maxPath:
		return bus.Errorf(bus.InvalidArgument, "path is %d bytes, at most %d are possible", len(p), maxPath)
	case !strings.HasPrefix(p, "/") || p == "/" || path.Clean(p) != p:
		return bus.Errorf(bus.InvalidArgument,
			"path %q: want an absolute one without empty, '.' or '..' parts and without a slash at its end, such as /mail/receipt", p)
	}
	return checkText("path", p)
}

func checkFilename(name string) error {
	if strings.Contains(name, "/") || name == "." || name == ".." {
		return bus.Errorf(bus.InvalidArgument, "filename %q: want a single name without '/', such as ocr.txt", name)
	}
	return checkName("filename", name, maxName)
}

// checkName holds a required name to a length and to text.
func checkName(field, name string, limit int) error {
	if name == "" {
		return bus.Errorf(bus.InvalidArgument, "%s is missing", field)
	}
	if len(name) > limit {
		return bus.Errorf(bus.InvalidArgument, "%s is %d bytes, at most %d are possible", field, len(name), limit)
	}
	return checkText(field, name)
}

func checkText(field, text string) error {
	if strings.ContainsFunc(text, unicode.IsControl) {
		return bus.Errorf(bus.InvalidArgument, "%s %q has a control character in it", field, text)
	}
	return nil
}

// checkID returns an entry's id as it is kept.
func checkID(id string) (string, error) {
	if id == "" {
		return "", bus.Errorf(bus.InvalidArgument, "entry_id is missing")
	}
	parsed, err := uuid.Parse(id)
	if err != nil {
		return "", bus.Errorf(bus.InvalidArgument, "entry_id %.64q is no UUID", id)
	}
	return parsed.String(), nil
}

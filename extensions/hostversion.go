package extensions

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

func (m *Manifest) setMinHostVersion(text string) error {
	if _, ok := parseVersion(text); !ok {
		return fmt.Errorf(`%s is no version: write one such as "1.2.0"`, quote(text))
	}
	m.MinHostVersion = text
	return nil
}

// CheckHost reports whether a host of a version is new enough. A version that is no number, such as "dev", is.
//
// # Errors
//
// *InvalidError, which says which version is needed.
func (m *Manifest) CheckHost(version string) error {
	have, ok := parseVersion(version)
	need, needed := parseVersion(m.MinHostVersion)
	if !ok || !needed || slices.Compare(have, need) >= 0 {
		return nil
	}
	return invalidFile(ManifestFile, "min_host_version: %s needs Airlock %s or newer, this is %s", m.ID, m.MinHostVersion, version)
}

// parseVersion reads "1.2.3", perhaps with a "v" in front and shorter; what follows "-" or "+" is left aside.
func parseVersion(text string) (numbers []int, ok bool) {
	text = strings.TrimPrefix(text, "v")
	if i := strings.IndexAny(text, "-+"); i >= 0 {
		text = text[:i]
	}
	parts := strings.Split(text, ".")
	if len(parts) > 3 {
		return nil, false
	}
	numbers = make([]int, 3)
	for i, part := range parts {
		number, err := strconv.ParseUint(part, 10, 31)
		if err != nil {
			return nil, false
		}
		numbers[i] = int(number)
	}
	return numbers, true
}

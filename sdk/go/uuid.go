package airlock

import (
	"encoding/hex"
	"fmt"
)

// UUID names a job or a library, as the 16 bytes the ABI passes.
type UUID [16]byte

// ParseUUID reads the hyphenated form.
//
// # Errors
//
// Anything but 8-4-4-4-12 hexadecimal digits.
func ParseUUID(s string) (UUID, error) {
	var id UUID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return id, fmt.Errorf("parse UUID %q: want 8-4-4-4-12 hexadecimal digits", s)
	}
	digits := s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
	if _, err := hex.Decode(id[:], []byte(digits)); err != nil {
		return UUID{}, fmt.Errorf("parse UUID %q: %w", s, err)
	}
	return id, nil
}

// String returns the hyphenated form in lower case.
func (id UUID) String() string {
	s := hex.EncodeToString(id[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

package layout

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
)

// Digest is the SHA-256 over mails, names and labels, in hexadecimal: it tells
// whether any of them changed. Of mails with a scan it takes in what was drawn,
// and how, in place of the bytes: releases of Go compress a picture differently.
//
// # Errors
//
// A label that JSON can't hold.
func Digest(works []Work) (string, error) {
	sum := sha256.New()
	for _, w := range works {
		label, err := json.Marshal(w.Label)
		if err != nil {
			return "", fmt.Errorf("write label of %s: %w", w.Name, err)
		}
		content := string(w.Raw)
		if len(w.Scans) > 0 {
			content = fmt.Sprintf("%q", w.Scans)
		}
		for _, part := range []string{w.Name, string(label), content} {
			if _, err := io.WriteString(sum, fmt.Sprintf("%d:%s", len(part), part)); err != nil {
				return "", fmt.Errorf("add %s: %w", w.Name, err)
			}
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

package signing_test

import (
	"bytes"
	"encoding/base64"
	"testing"

	"github.com/airlock-run/airlock/extensions/signing"
)

// forged is a signature whose bytes a test can change: algorithm (2), id of the key (8), signature.
type forged struct {
	lines [][]byte
	raw   []byte
}

func decode(tb testing.TB, s signing.Signature) forged {
	tb.Helper()
	lines := bytes.Split(signing.Format([]signing.Signature{s}), []byte("\n"))
	raw, err := base64.StdEncoding.DecodeString(string(lines[1]))
	if err != nil {
		tb.Fatal(err)
	}
	return forged{lines, raw}
}

func (f forged) encode() []byte {
	f.lines[1] = []byte(base64.StdEncoding.EncodeToString(f.raw))
	return bytes.Join(f.lines, []byte("\n"))
}

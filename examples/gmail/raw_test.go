package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestRawReader(t *testing.T) {
	t.Parallel()
	mail := "Subject: \xff\xfe?\r\n\r\n" + strings.Repeat("hello\r\n", 3000)
	for n := range 3 { // each length of padding
		mail := mail + strings.Repeat("x", n)
		padded := base64.URLEncoding.EncodeToString([]byte(mail))
		for name, value := range map[string]string{
			"bare": strings.TrimRight(padded, "="), "padded": padded, "escaped": strings.ReplaceAll(padded, "=", `\u003d`),
		} {
			answer := "{\n  \"raw\": \"" + value + "\"\n}\n"
			got, err := io.ReadAll(newRawReader(iotest.OneByteReader(strings.NewReader(answer))))
			if err != nil || string(got) != mail {
				t.Errorf("%s: %d bytes, want %d, error %v", name, len(got), len(mail), err)
			}
		}
	}
	for name, answer := range map[string]string{
		"nothing": "", "cut off": `{"raw":"aGVsbG8`, "cut off in padding": `{"raw":"aGVsbA=`, "another field": `{"id":"aGVsbG8"}`, "no text": `{"raw":1}`,
		"an escape": `{"raw":"aGVs\n"}`, "a line": "{\"raw\":\"aGVs\nbG8\"}", "no base64url": `{"raw":"a+b/"}`,
	} {
		if got, err := io.ReadAll(newRawReader(strings.NewReader(answer))); err == nil {
			t.Errorf("%s: %q, and no error", name, got)
		}
	}
	if _, err := io.ReadAll(newRawReader(iotest.ErrReader(errShape))); !errors.Is(err, errShape) {
		t.Errorf("a reader that fails: %v", err)
	}
}

// FuzzRawReader holds what it reads against encoding/json.
func FuzzRawReader(f *testing.F) {
	for _, seed := range []string{`{"raw":"aGVsbG8"}`, `{"raw":"aGVsbA=="}`, ` { "raw" : "" }`, `{"raw":"aGVsbA\u003d\u003D"}`, `{"r`, `{"raw":"\u003d"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		got, err := io.ReadAll(newRawReader(bytes.NewReader(answer)))
		var whole struct {
			Raw *string `json:"raw"`
		}
		if err != nil || json.Unmarshal(answer, &whole) != nil || whole.Raw == nil {
			return // what follows the value is not looked at
		}
		want, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(*whole.Raw, "="))
		if err == nil && !bytes.Equal(got, want) && !bytes.Contains(answer[8:], []byte(`"raw"`)) {
			t.Errorf("%s is %q, want %q", answer, got, want)
		}
	})
}

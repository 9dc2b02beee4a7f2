package ocr_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/ai/ocr"
)

func wantError(t *testing.T, err error, code bus.Code, part string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if got := bus.AsError(err); got.Code != code || !strings.Contains(got.Message, part) {
		t.Errorf("error is %q (%v), not %s with %q", got, err, code, part)
	}
}

func wantLines(t *testing.T, text string, parts ...string) {
	t.Helper()
	for i := 0; i < len(parts); i += 2 {
		found := false
		for line := range strings.Lines(text) {
			found = found || strings.Contains(line, parts[i]) && strings.Contains(line, parts[i+1])
		}
		if !found {
			t.Errorf("no line has both %q and %q:\n%s", parts[i], parts[i+1], text)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	reader := newReader(t, ocr.Config{MaxBytes: 100, MaxPages: 20})
	picture := []byte("\x89PNG\r\n\x1a\n")
	tests := map[string]struct {
		data    []byte
		options ocr.Options
		part    string
	}{
		"empty data":             {nil, ocr.Options{}, "data is empty"},
		"too many bytes":         {make([]byte, 101), ocr.Options{}, "101 bytes"},
		"an unknown format":      {[]byte("<html>hello"), ocr.Options{}, `begins with "<html>hello"`},
		"too many pages":         {picture, ocr.Options{MaxPages: 21}, "between 1 and 20"},
		"negative pages":         {picture, ocr.Options{MaxPages: -1}, "between 1 and 20"},
		"a path for a language":  {picture, ocr.Options{Language: "../../etc/passwd"}, "language is"},
		"an option for language": {picture, ocr.Options{Language: "-c"}, "language is"},
		"a picture cut off":      {picture, ocr.Options{}, "image/png picture is damaged"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := reader.Read(deadline(t), test.data, test.options)
			wantError(t, err, bus.InvalidArgument, test.part)
		})
	}
}

func TestReadBoundsText(t *testing.T) {
	t.Parallel()
	reader := newReader(t, ocr.Config{MaxText: 20})
	got, err := reader.Read(deadline(t), threePages(stream("", "BT /F 20 Tf 50 50 Td (in the middle) Tj ET"), ""), ocr.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got.Text != "before\n\nin the middl" || !strings.Contains(got.Pages[1].Error, "cut") || got.Pages[2].Error == "" {
		t.Errorf("got %+v", got)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]ocr.Config{
		"negative concurrency": {Concurrency: -1},
		"too little memory":    {Memory: 1},
		"too much memory":      {Memory: 8 << 30},
		"negative timeout":     {PageTimeout: -time.Second},
		"a cache in a file":    {CacheDir: "/dev/null/cache"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := ocr.New(config); err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestReaderIsBusy(t *testing.T) {
	t.Parallel()
	started, release := slowTesseract(t)
	reader := newReader(t, ocr.Config{Tesseract: started.command, Concurrency: 1})
	picture := pngBytes(t, receiptPicture(t))
	done := make(chan error)
	go func() {
		_, err := reader.Read(deadline(t), picture, ocr.Options{})
		done <- err
	}()
	started.wait(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := reader.Read(ctx, picture, ocr.Options{})
	wantError(t, err, bus.ResourceExhausted, "1 documents are being read")
	release()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestReaderCloses(t *testing.T) {
	t.Parallel()
	t.Run("while a document is read", func(t *testing.T) {
		t.Parallel()
		started, _ := slowTesseract(t)
		reader := newReader(t, ocr.Config{Tesseract: started.command})
		done := make(chan error)
		go func() {
			_, err := reader.Read(deadline(t), pngBytes(t, receiptPicture(t)), ocr.Options{})
			done <- err
		}()
		started.wait(t)
		if err := reader.Close(); err != nil {
			t.Error(err)
		}
		wantError(t, <-done, bus.Unavailable, "shutting down")
		started.wantGone(t)
	})
	t.Run("and reads no more", func(t *testing.T) {
		t.Parallel()
		reader := newReader(t, ocr.Config{})
		if err := reader.Close(); err != nil {
			t.Error(err)
		}
		_, err := reader.Read(deadline(t), threePages(stream("", ""), ""), ocr.Options{})
		wantError(t, err, bus.Unavailable, "shutting down")
	})
}

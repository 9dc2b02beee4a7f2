package ocr_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/ai/ocr"
)

// slow is a command that takes tesseract's place, starts a child, tells that it did, and waits.
type slow struct {
	command string
	pids    string // where its and its child's process ids go
}

// slowTesseract returns the command and a function that lets it end well.
func slowTesseract(t *testing.T) (slow, func()) {
	t.Helper()
	dir := t.TempDir()
	s := slow{command: filepath.Join(dir, "tesseract"), pids: filepath.Join(dir, "pids")}
	for _, pipe := range []string{s.pids, filepath.Join(dir, "go")} {
		if err := syscall.Mkfifo(pipe, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	script := `#!/bin/sh
if [ "$1" = --list-langs ]; then printf 'List:\neng\n'; exit; fi
sleep 600 & child=$!
echo $$ $child >` + s.pids + `
read line <` + filepath.Join(dir, "go") + `
kill $child
`
	if err := os.WriteFile(s.command, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return s, func() {
		if err := os.WriteFile(filepath.Join(dir, "go"), []byte("go\n"), 0o600); err != nil {
			t.Error(err)
		}
	}
}

// wait returns when the command runs, and leaves the process ids in the place of the pipe.
func (s slow) wait(t *testing.T) {
	t.Helper()
	pids, err := os.ReadFile(s.pids)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(s.pids); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.pids, pids, 0o600); err != nil {
		t.Fatal(err)
	}
}

// wantGone checks that neither the command nor its child lives.
func (s slow) wantGone(t *testing.T) {
	t.Helper()
	pids, err := os.ReadFile(s.pids)
	if err != nil {
		t.Fatal(err)
	}
	for field := range strings.FieldsSeq(string(pids)) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		for alive(pid) { // a killed process takes a moment; the test's own limit ends this
			<-time.After(time.Millisecond)
		}
	}
}

// alive is false for a process that ended, waited for or not.
func alive(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z")
}

func TestTesseractIsKilledWithItsGroup(t *testing.T) {
	t.Parallel()
	t.Run("when the caller gives up", func(t *testing.T) {
		t.Parallel()
		command, _ := slowTesseract(t)
		reader := newReader(t, ocr.Config{Tesseract: command.command})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			_, err := reader.Read(ctx, pngBytes(t, receiptPicture(t)), ocr.Options{})
			done <- err
		}()
		command.wait(t)
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v", err)
		}
		command.wantGone(t)
	})
	t.Run("when the page takes too long", func(t *testing.T) {
		t.Parallel()
		command, _ := slowTesseract(t)
		reader := newReader(t, ocr.Config{Tesseract: command.command, PageTimeout: 500 * time.Millisecond})
		done := make(chan error)
		go func() {
			_, err := reader.Read(deadline(t), pngBytes(t, receiptPicture(t)), ocr.Options{})
			done <- err
		}()
		command.wait(t)
		wantError(t, <-done, bus.InvalidArgument, "within 500ms")
		command.wantGone(t)
	})
}

func TestTesseractMissing(t *testing.T) {
	t.Parallel()
	reader := newReader(t, ocr.Config{Tesseract: "/nowhere/tesseract"})
	t.Run("a picture is refused", func(t *testing.T) {
		t.Parallel()
		_, err := reader.Read(deadline(t), pngBytes(t, receiptPicture(t)), ocr.Options{})
		wantError(t, err, bus.Unavailable, "install the package tesseract-ocr")
	})
	t.Run("a scan is refused", func(t *testing.T) {
		t.Parallel()
		p := newPDF()
		picturePage(t, p, slip, receiptPicture(t))
		_, err := reader.Read(deadline(t), pdfBytes(t, p), ocr.Options{})
		wantError(t, err, bus.Unavailable, "install the package tesseract-ocr")
	})
	t.Run("of a mixed PDF the text is read", func(t *testing.T) {
		t.Parallel()
		p := newPDF()
		receiptPage(p)
		picturePage(t, p, slip, receiptPicture(t))
		got, err := reader.Read(deadline(t), pdfBytes(t, p), ocr.Options{})
		if err != nil || got.Text != receiptText || !strings.Contains(got.Pages[1].Error, "install the package") {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}

func TestTesseractLanguageMissing(t *testing.T) {
	t.Parallel()
	reader := newReader(t, ocr.Config{})
	_, err := reader.Read(deadline(t), pngBytes(t, receiptPicture(t)), ocr.Options{Language: "eng+tlh"})
	wantError(t, err, bus.FailedPrecondition, `"tlh" is not installed`)
}

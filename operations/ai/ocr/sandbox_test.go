package ocr

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/klippa-app/go-pdfium/requests"
)

// TestSandboxSeesNoFiles tries to have PDFium open a PDF that is on the host, with the way that would work were the host's root mounted.
func TestSandboxSeesNoFiles(t *testing.T) {
	t.Parallel()
	reader, err := New(Config{CacheDir: CompiledDir(t), Concurrency: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := reader.Close(); err != nil {
			t.Error(err)
		}
	}()
	data := []byte("%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj " +
		"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>")
	path := filepath.Join(t.TempDir(), "host.pdf")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	place := <-reader.sandboxes
	defer func() { reader.sandboxes <- place }()
	pages, err := place.open(context.Background(), data)
	if err != nil || pages != 1 {
		t.Fatalf("the PDF itself: %d pages, %v", pages, err)
	}
	if _, err := place.instance.OpenDocument(&requests.OpenDocument{FilePath: &path}); err == nil {
		t.Error("a file of the host was opened")
	}
	first := place.instance
	if _, err := place.open(context.Background(), data); err != nil {
		t.Fatal(err)
	}
	if place.instance == first {
		t.Error("two documents had one instance")
	}
	place.close()
}

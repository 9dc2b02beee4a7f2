package ai_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-pdf/fpdf"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/pgtest"
	"github.com/airlock-run/airlock/internal/testcache"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/ai"
	"github.com/airlock-run/airlock/operations/ai/classify"
	"github.com/airlock-run/airlock/operations/ai/ocr"
	"github.com/airlock-run/airlock/operations/content"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/store"
	"github.com/airlock-run/airlock/operations/store/storetest"
	"github.com/airlock-run/airlock/operations/vdfs"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// domainOf returns the domain with one reader for all its services, so that PDFium is compiled once.
func domainOf(t *testing.T) operationstest.Domain {
	t.Helper()
	reader, err := ocr.New(ocr.Config{CacheDir: filepath.Join(testcache.Dir(t), "pdfium")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := reader.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := reader.Warm(t.Context()); err != nil { // longer than a call may take, under the race detector
		t.Fatal(err)
	}
	classifier, err := classify.New()
	if err != nil {
		t.Fatal(err)
	}
	return func(tb testing.TB, conn *bus.Conn, db *store.DB) []operations.Operation {
		tb.Helper()
		contents, err := content.New(db, content.Bus(conn), content.Config{})
		if err != nil {
			tb.Fatal(err)
		}
		return append(ai.Operations(ai.Parts{Reader: reader, Contents: contents, Classifier: classifier}), vdfs.Operations(conn, db, contents)...)
	}
}

func onePage(tb testing.TB, text string) []byte {
	tb.Helper()
	p := fpdf.New("P", "mm", "A4", "")
	p.AddPage()
	p.SetFont("Helvetica", "", 12)
	p.Text(20, 20, text)
	var b bytes.Buffer
	if err := p.Output(&b); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func TestOCR(t *testing.T) {
	t.Parallel()
	domain := domainOf(t)
	operationstest.Exercise(t, domain, operationstest.Example{
		Method: "query:ai.ocr",
		Input: func(tb testing.TB, h *operationstest.Harness) any {
			tb.Helper()
			input := map[string]any{"data": onePage(tb, "Total 12.50")}
			var got map[string]any
			h.OK(tb, "query:ai.ocr", input, &got)
			want := map[string]any{
				"text": "Total 12.50", "confidence": 1.0, "media_type": "application/pdf", "page_count": 1.0,
				"pages": []any{map[string]any{"page": 1.0, "text": "Total 12.50", "source": "text_layer", "confidence": 1.0}},
			}
			if diff := cmp.Diff(want, got); diff != "" {
				tb.Error(diff)
			}
			return input
		},
		Bad: map[string]any{
			"empty data":       `{"data": ""}`,
			"both":             map[string]any{"data": onePage(t, "x"), "content": strings.Repeat("0", 64)},
			"no reference":     `{"content": "../../x"}`,
			"not base64":       `{"data": "%%%"}`,
			"no document":      map[string]any{"data": []byte("hello")},
			"a broken PDF":     map[string]any{"data": []byte("%PDF-1.7 hello")},
			"too many pages":   map[string]any{"data": onePage(t, "x"), "options": map[string]any{"max_pages": 100_000}},
			"a strange detail": map[string]any{"data": onePage(t, "x"), "options": map[string]any{"detail": "everything"}},
			"a strange tongue": map[string]any{"data": onePage(t, "x"), "options": map[string]any{"language": "/etc/passwd"}},
		},
	})
}

// TestOCROfContent reads a document that is content of the library, which another library does not have.
func TestOCROfContent(t *testing.T) {
	t.Parallel()
	h := operationstest.New(t, storetest.SQLite(t), domainOf(t))
	var kept struct{ Content string }
	h.OK(t, "action:vdfs.write_content", map[string]any{"data": onePage(t, "Total 12.50")}, &kept)
	var got struct{ Text string }
	h.OK(t, "query:ai.ocr", map[string]any{"content": kept.Content}, &got)
	if got.Text != "Total 12.50" {
		t.Errorf("read %q", got.Text)
	}
	elsewhere := h.NewCall(t, "query:ai.ocr", map[string]any{"content": kept.Content})
	elsewhere.Library = uuid.New()
	if _, err := h.Conn.Call(t.Context(), elsewhere); bus.CodeOf(err) != bus.NotFound {
		t.Errorf("another library's content: %v", err)
	}
}

func TestClassifyText(t *testing.T) {
	t.Parallel()
	classifier, err := classify.New()
	if err != nil {
		t.Fatal(err)
	}
	domain := func(testing.TB, *bus.Conn, *store.DB) []operations.Operation {
		return ai.Operations(ai.Parts{Classifier: classifier})
	}
	operationstest.Exercise(t, domain, operationstest.Example{
		Method: "query:ai.classify_text",
		Input: func(tb testing.TB, h *operationstest.Harness) any {
			tb.Helper()
			input := `{"text": "Guest folio, 2 nights", "labels": [{"name": "dining", "description": "restaurants"}, {"name": "lodging", "description": "hotels", "examples": ["king room"]}]}`
			var got struct {
				Label      string
				Confidence float64
				Model      string
				Scores     []struct {
					Label string
					Score float64
				}
			}
			h.OK(tb, "query:ai.classify_text", input, &got)
			if got.Label != "lodging" || got.Model == "" || len(got.Scores) != 2 || got.Scores[0].Score != got.Confidence || got.Scores[1].Label != "dining" {
				tb.Errorf("got %+v", got)
			}
			return input
		},
		Bad: map[string]any{
			"no labels":  `{"text": "x"}`,
			"one label":  `{"text": "x", "labels": [{"name": "a"}]}`,
			"empty text": `{"text": "", "labels": [{"name": "a"}, {"name": "b"}]}`,
		},
	})
}

package ai_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-pdf/fpdf"
	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/internal/pgtest"
	"github.com/airlock-run/airlock/internal/testcache"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/ai"
	"github.com/airlock-run/airlock/operations/ai/classify"
	"github.com/airlock-run/airlock/operations/ai/ocr"
	"github.com/airlock-run/airlock/operations/operationstest"
	"github.com/airlock-run/airlock/operations/store"
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
	return func(testing.TB, *bus.Conn, *store.DB) []operations.Operation {
		return ai.Operations(ai.Parts{Reader: reader, Classifier: classifier})
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
			"not base64":       `{"data": "%%%"}`,
			"no document":      map[string]any{"data": []byte("hello")},
			"a broken PDF":     map[string]any{"data": []byte("%PDF-1.7 hello")},
			"too many pages":   map[string]any{"data": onePage(t, "x"), "options": map[string]any{"max_pages": 100_000}},
			"a strange detail": map[string]any{"data": onePage(t, "x"), "options": map[string]any{"detail": "everything"}},
			"a strange tongue": map[string]any{"data": onePage(t, "x"), "options": map[string]any{"language": "/etc/passwd"}},
		},
	})
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

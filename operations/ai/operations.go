package ai

import (
	"context"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/ai/classify"
	"github.com/airlock-run/airlock/operations/ai/ocr"
)

// OCRInput is the input of ai.ocr.
type OCRInput struct {
	Data    []byte      `json:"data"`
	Options ocr.Options `json:"options"`
}

// ClassifyInput is the input of ai.classify_text.
type ClassifyInput struct {
	Text   string           `json:"text"`
	Labels []classify.Label `json:"labels"`
}

// Operations returns the operations of this domain. The caller closes reader after their service has ended.
func Operations(reader *ocr.Reader, classifier *classify.Classifier) []operations.Operation {
	return []operations.Operation{
		operations.Query("ai.ocr",
			func(ctx context.Context, _ *bus.Call, in OCRInput) (ocr.Document, error) {
				return reader.Read(ctx, in.Data, in.Options)
			},
			operations.Describe("reads the text of a PDF or picture")),
		operations.Query("ai.classify_text",
			func(_ context.Context, _ *bus.Call, in ClassifyInput) (classify.Classification, error) {
				return classifier.Classify(in.Text, in.Labels)
			},
			operations.Describe("says to which of the given labels a text belongs")),
	}
}

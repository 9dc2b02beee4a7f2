package ai

import (
	"context"
	"io"

	"github.com/google/uuid"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations"
	"github.com/airlock-run/airlock/operations/ai/classify"
	"github.com/airlock-run/airlock/operations/ai/model"
	"github.com/airlock-run/airlock/operations/ai/ocr"
)

// Contents are what libraries keep.
type Contents interface {
	// Reader reads content from its beginning. It fails with not_found where the library has none of that reference.
	Reader(ctx context.Context, library uuid.UUID, reference string) io.Reader
}

// Parts are what the operations work with. The caller closes them after their service has ended.
type Parts struct {
	Reader     *ocr.Reader
	Contents   Contents
	Classifier *classify.Classifier
	Model      *model.Client
	// ModelClassifies has the model answer ai.classify_text, in place of Classifier.
	ModelClassifies bool
}

// OCRInput is the input of ai.ocr.
type OCRInput struct {
	Data    []byte      `json:"data,omitempty" jsonschema:"a PDF, PNG, JPEG, TIFF, GIF, BMP or WebP, at most 32 MiB"`
	Content string      `json:"content,omitempty" jsonschema:"reference of content of the library that is one, in place of data"`
	Options ocr.Options `json:"options,omitzero" jsonschema:"how it is read"`
}

// ClassifyInput is the input of ai.classify_text.
type ClassifyInput struct {
	Text   string           `json:"text" jsonschema:"the text to classify"`
	Labels []classify.Label `json:"labels" jsonschema:"what it may be about, 2 to 100 labels"`
}

// Classification is the output of ai.classify_text.
type Classification struct {
	classify.Classification
	// Usage is nil where no model was asked.
	Usage *model.Usage `json:"usage,omitempty" jsonschema:"tokens it took, if a model was asked"`
}

// EmbedInput is the input of ai.embed.
type EmbedInput struct {
	Texts []string `json:"texts" jsonschema:"1 to 256 texts, together at most 1 MiB"`
}

// Operations returns the operations of this domain.
func Operations(parts Parts) []operations.Operation {
	return []operations.Operation{
		operations.Query("ai.ocr", parts.ocr,
			operations.Describe("reads the text of a PDF or picture"),
			operations.Fails(bus.NotFound, "the library has no such content")),
		operations.Query("ai.classify_text", parts.classify,
			operations.Describe("says to which of the given labels a text belongs"),
			operations.Sample(`{"text": "two espressos", "labels": [{"name": "dining"}, {"name": "office"}]}`)),
		operations.Query("ai.extract",
			func(ctx context.Context, call *bus.Call, in model.Request) (model.Extraction, error) {
				out, err := parts.Model.Extract(ctx, in)
				call.Tokens = out.Usage.Total()
				return out, err
			},
			operations.Describe("finds data in a text, as JSON that fits a JSON Schema"),
			operations.Sample(`{"text": "Total: 12.50 EUR", "schema": {"type": "object", "properties": {"total": {"type": "number"}}, "required": ["total"]}}`),
			noModel, operations.Fails(bus.FailedPrecondition, "the model answered twice with what does not fit the schema")),
		operations.Query("ai.complete",
			func(ctx context.Context, call *bus.Call, in model.Prompt) (model.Completion, error) {
				out, err := parts.Model.Complete(ctx, in)
				call.Tokens = out.Usage.Total()
				return out, err
			},
			operations.Describe("has a model write text"), operations.Sample(`{"prompt": "Name a colour."}`), noModel),
		operations.Query("ai.embed",
			func(ctx context.Context, call *bus.Call, in EmbedInput) (model.Embedding, error) {
				out, err := parts.Model.Embed(ctx, in.Texts)
				call.Tokens = out.Usage.Total()
				return out, err
			},
			operations.Describe("makes a vector of each text, near each other where texts mean the like"),
			operations.Sample(`{"texts": ["two espressos"]}`), noModel),
	}
}

var noModel = operations.Fails(bus.FailedPrecondition, "there is no model server, or none that takes this service")

func (p Parts) ocr(ctx context.Context, call *bus.Call, in OCRInput) (ocr.Document, error) {
	switch {
	case in.Content == "":
		return p.Reader.Read(ctx, in.Data, in.Options)
	case len(in.Data) > 0:
		return ocr.Document{}, bus.Errorf(bus.InvalidArgument, "there are both data and content; want one of them")
	}
	data, err := io.ReadAll(io.LimitReader(p.Contents.Reader(ctx, call.Library, in.Content), ocr.MaxBytes+1)) // one more is refused
	if err != nil {
		return ocr.Document{}, err //nolint:wrapcheck // it says what is wrong with the content
	}
	return p.Reader.Read(ctx, data, in.Options)
}

func (p Parts) classify(ctx context.Context, call *bus.Call, in ClassifyInput) (Classification, error) {
	if !p.ModelClassifies {
		out, err := p.Classifier.Classify(in.Text, in.Labels)
		return Classification{Classification: out}, err
	}
	out, usage, err := p.Model.Classify(ctx, in.Text, in.Labels)
	call.Tokens = usage.Total()
	return Classification{out, &usage}, err
}

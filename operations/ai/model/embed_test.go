package model_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/ai/model"
	"github.com/airlock-run/airlock/operations/ai/model/modeltest"
)

func TestEmbed(t *testing.T) {
	t.Parallel()
	server := modeltest.Start(t, modeltest.Vectors(3, 3))
	client, _ := connect(t, server)
	got, err := client.Embed(soon(t), []string{"first", "second"})
	want := model.Embedding{Vectors: [][]float64{{0, 0, 0}, {1, 0, 0}}, Dimensions: 3, Model: "embedder", Usage: model.Usage{InputTokens: 9}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("got %v\n%s", err, diff)
	}
	if r := server.Requests()[0]; r.Path != "/v1/embeddings" || r.Body["model"] != "embedder" || r.Body["encoding_format"] != "float" {
		t.Errorf("request is %v", r)
	}
}

func TestEmbedRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		texts  []string
		answer modeltest.Answer
		code   bus.Code
		part   string
	}{
		"no text":                {nil, nil, bus.InvalidArgument, "0 texts"},
		"too many texts":         {make([]string, 257), nil, bus.InvalidArgument, "257 texts"},
		"an empty text":          {[]string{"a", " "}, nil, bus.InvalidArgument, "text 2 is empty"},
		"too long texts":         {[]string{strings.Repeat("x", model.MaxText), "y"}, nil, bus.InvalidArgument, "at most"},
		"too few vectors":        {[]string{"a", "b"}, modeltest.Vectors(3), bus.Unavailable, "1 vectors to 2 texts"},
		"too many vectors":       {[]string{"a"}, modeltest.Vectors(3, 3), bus.Unavailable, "2 vectors to 1 texts"},
		"vectors unlike":         {[]string{"a", "b"}, modeltest.Vectors(3, 4), bus.Unavailable, "different numbers"},
		"empty vectors":          {[]string{"a"}, modeltest.Vectors(0), bus.Unavailable, "no, too many"},
		"two of one text":        {[]string{"a", "b"}, modeltest.Raw(`{"data": [{"index": 0, "embedding": [1]}, {"index": 0, "embedding": [1]}]}`), bus.Unavailable, "which vector"},
		"one of a text far away": {[]string{"a"}, modeltest.Raw(`{"data": [{"index": -1, "embedding": [1]}]}`), bus.Unavailable, "which vector"},
		"words for numbers":      {[]string{"a"}, modeltest.Raw(`{"data": [{"index": 0, "embedding": "AAAA"}]}`), bus.Unavailable, ""},
		"numbers beyond all":     {[]string{"a"}, modeltest.Raw(`{"data": [{"index": 0, "embedding": [1e999]}]}`), bus.Unavailable, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := connect(t, modeltest.Start(t, test.answer))
			_, err := client.Embed(soon(t), test.texts)
			wantError(t, err, test.code, test.part)
		})
	}
}

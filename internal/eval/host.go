package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/extensions/finance/receipt"
	"github.com/airlock-run/airlock/operations/ai"
	"github.com/airlock-run/airlock/operations/ai/classify"
	"github.com/airlock-run/airlock/operations/ai/ocr"
	airlock "github.com/airlock-run/airlock/sdk/go"
)

// host is what the job runs on: it reads documents and chooses categories as Airlock does, and catches what the job would keep.
type host struct {
	reader     *ocr.Reader
	classifier *classify.Classifier

	// contents are what the job writes, of which the last is still being written.
	contents [][]byte

	kept     *receipt.Analysis
	source   string
	progress string
	log      string
}

// Call answers the operations that the job calls.
func (h *host) Call(method string, _ *airlock.UUID, payload []byte) []byte {
	out, err := h.answer(method, payload)
	if err != nil {
		failure := bus.AsError(err)
		out = map[string]string{"error": failure.Message, "code": string(failure.Code)}
	}
	answer, err := json.Marshal(out)
	if err != nil {
		return nil
	}
	return answer
}

func (h *host) answer(method string, payload []byte) (any, error) {
	switch method {
	case "query:ai.ocr":
		var in ai.OCRInput
		if err := json.Unmarshal(payload, &in); err != nil {
			return nil, bus.Errorf(bus.InvalidArgument, "decode input: %v", err)
		}
		if n, err := strconv.Atoi(in.Content); err == nil && n < len(h.contents) {
			in.Data = h.contents[n]
		}
		return h.reader.Read(context.Background(), in.Data, in.Options)
	case "query:ai.classify_text":
		var in ai.ClassifyInput
		if err := json.Unmarshal(payload, &in); err != nil {
			return nil, bus.Errorf(bus.InvalidArgument, "decode input: %v", err)
		}
		return h.classifier.Classify(in.Text, in.Labels)
	case "action:vdfs.write_content":
		return h.write(payload)
	case "action:vdfs.create_entry":
		var in struct {
			Metadata struct {
				Source string `json:"source"`
			} `json:"metadata"`
		}
		err := json.Unmarshal(payload, &in)
		h.source = in.Metadata.Source
		return airlock.Entry{ID: "00000000-0000-4000-8000-000000000001"}, err
	case "action:vdfs.write_sidecar":
		return struct{}{}, h.sidecar(payload)
	case "query:state.get", "action:state.put":
		return map[string]int{"revision": 0}, nil
	case "action:events.publish":
		return map[string]string{"id": "00000000-0000-4000-8000-000000000004"}, nil
	case "query:config.get":
		return map[string]any{"settings": struct{}{}}, nil
	default:
		return nil, bus.Errorf(bus.NotFound, "eval has no %s", method)
	}
}

// write takes a part of a content. Its reference is how many there are before it.
func (h *host) write(payload []byte) (any, error) {
	var in struct {
		Data   []byte `json:"data"`
		Upload string `json:"upload"`
	}
	if err := json.Unmarshal(payload, &in); err != nil {
		return nil, err
	}
	if in.Upload == "" {
		h.contents = append(h.contents, nil)
	}
	last := len(h.contents) - 1
	h.contents[last] = append(h.contents[last], in.Data...)
	name := strconv.Itoa(last)
	return map[string]any{"content": name, "upload": name, "size": len(h.contents[last])}, nil
}

// sidecar catches the analysis.
func (h *host) sidecar(payload []byte) error {
	var in struct {
		Filename string `json:"filename"`
		Data     []byte `json:"data"`
	}
	if err := json.Unmarshal(payload, &in); err != nil {
		return err
	}
	if in.Filename != "receipt_analysis.json" {
		return nil
	}
	h.kept = &receipt.Analysis{}
	return json.Unmarshal(in.Data, h.kept)
}

// CallMany is not called by the job.
func (h *host) CallMany([]byte) []byte { return nil }

// Log remembers the last failure.
func (h *host) Log(level airlock.Level, message string) {
	if level == airlock.LevelError {
		h.log = message
	}
}

// Progress remembers the last, which says why a mail is no receipt.
func (h *host) Progress(_ airlock.UUID, _ float32, message string) { h.progress = message }

// Checkpoint takes every state.
func (h *host) Checkpoint(airlock.UUID, []byte) bool { return true }

// CheckInterrupt never stops the job.
func (h *host) CheckInterrupt(airlock.UUID) airlock.Interrupt { return airlock.Continue }

// Warn, AddBytes and AddItems are not measured.
func (h *host) Warn(airlock.UUID, string) {}

// AddBytes is not measured.
func (h *host) AddBytes(airlock.UUID, int64) {}

// AddItems is not measured.
func (h *host) AddItems(airlock.UUID, int64) {}

// RegisterJob takes every job.
func (h *host) RegisterJob(string, string, bool) bool { return true }

// read runs the job over a mail. The analysis is nil for what it says is no receipt.
func (h host) read(raw []byte) (host, error) {
	event, err := json.Marshal(map[string]any{
		"job_id": "00000000-0000-4000-8000-000000000002", "library_id": "00000000-0000-4000-8000-000000000003",
		"extension": "finance", "job": "process_receipt", "attempt": 1,
		"event": map[string]any{"id": "1", "source": "eval", "type": "mail.received", "datacontenttype": "message/rfc822", "size": len(raw), "data_base64": raw},
	})
	if err != nil {
		return h, err
	}
	if code := airlock.Run(&h, "process_receipt", event, nil); code != 0 {
		return h, fmt.Errorf("process_receipt ended with %d: %w", code, errors.New(h.log))
	}
	return h, nil
}

package process

import (
	"encoding/json"
	"strings"

	"github.com/airlock-run/airlock/extensions/finance/receipt"
	airlock "github.com/airlock-run/airlock/sdk/go"
)

// doubt is the confidence below which a model is asked.
const doubt = 0.7

// refined is what a model is asked for; the schema says the same.
type refined struct {
	Vendor string `json:"vendor"`
	Total  string `json:"total"`
	Tax    string `json:"tax"`
	Date   string `json:"date"`
}

var refinedSchema = json.RawMessage(`{"type":"object","additionalProperties":false,"required":["vendor","total","tax","date"],"properties":{` +
	`"vendor":{"type":"string","description":"who sold, as the document writes it; empty if it does not say"},` +
	`"total":{"type":"string","description":"what was paid in all, digits as the document writes them; empty if it does not say"},` +
	`"tax":{"type":"string","description":"the tax in the total, of all rates, digits as the document writes them; empty if it does not say"},` +
	`"date":{"type":"string","description":"of the purchase or the invoice, YYYY-MM-DD; empty if it does not say"}}}`)

// refine has a model look at a receipt of which a field is in doubt. A model's answer is believed where the document has it: text is
// untrusted, and so is what a model makes of it. Without a model everything stays as it was read.
func refine(job *airlock.JobContext, f *found) error {
	if !doubtful(f.Analysis) {
		return nil
	}
	var answer refined
	_, err := job.AI().Extract(f.Text[:min(len(f.Text), 16<<10)], refinedSchema, airlock.ExtractOptions{}, &answer)
	switch airlock.ErrorCode(err) {
	case "":
	case airlock.Unavailable, airlock.FailedPrecondition, airlock.PermissionDenied, airlock.NotFound, airlock.ResourceExhausted, airlock.DeadlineExceeded, airlock.Unimplemented, airlock.InvalidArgument:
		job.Log(airlock.LevelInfo, "no model was asked: %v", err)
		return nil
	default:
		return err
	}
	f.Analysis.Refine(receipt.Opinion(answer), f.Text, doubt)
	return nil
}

// doubtful tells that a field that every receipt has was not read, or not surely.
func doubtful(a receipt.Analysis) bool {
	for _, field := range []string{"vendor", "amount", "date"} {
		if a.Confidences[field] < doubt {
			return true
		}
	}
	return strings.TrimSpace(a.Currency) == ""
}

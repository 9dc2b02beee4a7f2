package extensions_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/airlock-run/airlock/extensions"
)

func trigger(filter string) string {
	return minimal(`"triggers": [{"event": "order.placed", "job": "count", "filter": ` + filter + `}], "jobs": {"count": {}}`)
}

func TestFilter(t *testing.T) {
	t.Parallel()
	event := extensions.Event{
		Type: "order.placed", Source: "shop/berlin", Subject: "order 7", DataContentType: "application/json",
		Data: json.RawMessage(`{"amount": 12.50, "paid": true, "note": null, "tags": ["new", "big"], "buyer": {"country": "DE", "name": ""}, "a.b": 1}`),
	}
	for filter, want := range map[string]bool{
		`{"source": "shop/berlin"}`:                                           true,
		`{"source": "shop"}`:                                                  false,
		`{"source": {"prefix": "shop/"}}`:                                     true,
		`{"source": {"suffix": "/paris"}}`:                                    false,
		`{"source": ["shop/paris", {"suffix": "berlin"}]}`:                    true,
		`{"subject": "order 7", "data.paid": true}`:                           true,
		`{"subject": "order 7", "data.paid": false}`:                          false,
		`{"datacontenttype": "application/json"}`:                             true,
		`{"data.amount": 12.5}`:                                               true,
		`{"data.amount": "12.5"}`:                                             false,
		`{"data.amount": {"prefix": "12"}}`:                                   false,
		`{"data.buyer.country": ["FR", "DE"]}`:                                true,
		`{"data.buyer.country.code": "DE"}`:                                   false,
		`{"data.buyer": "DE"}`:                                                false,
		`{"data.buyer": {"exists": true}}`:                                    true,
		`{"data.buyer.name": {"exists": true}}`:                               true,
		`{"data.buyer.name": {"prefix": ""}}`:                                 true,
		`{"data.note": {"exists": true}}`:                                     true,
		`{"data.note": {"prefix": ""}}`:                                       false,
		`{"data.none": {"exists": true}}`:                                     false,
		`{"data.none": {"exists": false}}`:                                    true,
		`{"data.none": ["x", {"exists": false}]}`:                             true,
		`{"data.tags": "big"}`:                                                true,
		`{"data.tags": {"prefix": "ol"}}`:                                     false,
		`{"data.a": {"exists": true}}`:                                        false,
		`{"data.buyer.country": "DE", "data.tags": "old"}`:                    false,
		`{"data.buyer.country": "DE", "data.tags": ["old", "new"]}`:           true,
		`{"data.none.at.all.of.it": {"exists": false}, "data.amount": 12.50}`: true,
	} {
		if got := len(parse(t, trigger(filter)).Starting(&event)) == 1; got != want {
			t.Errorf("%s: got %v", filter, got)
		}
	}
	for name, other := range map[string]extensions.Event{
		"data that is no JSON": {Type: "order.placed", Data: json.RawMessage(`{"amount": `)},
		"no data":              {Type: "order.placed"},
		"data that is a list":  {Type: "order.placed", Data: json.RawMessage(`[{"amount": 12.5}]`)},
		"data that is null":    {Type: "order.placed", Data: json.RawMessage(`null`)},
		"another type":         {Type: "order.paid", Data: json.RawMessage(`{"amount": 12.5}`)},
	} {
		if len(parse(t, trigger(`{"data.amount": 12.5}`)).Starting(&other)) != 0 {
			t.Errorf("%s: the job starts", name)
		}
	}
}

func TestFilterThatIsNone(t *testing.T) {
	t.Parallel()
	for filter, want := range map[string]string{
		`"mail"`:                             `triggers[0].filter: want an object, got a string ("mail")`,
		`{}`:                                 `triggers[0].filter: a filter is about 1 to 20 fields, this one is about 0`,
		`{"type": "x"}`:                      `triggers[0].filter.type: "type" is no field of an event that is looked at: want source, subject, datacontenttype, or data.NAME`,
		`{"data": "x"}`:                      `"data" is no field`,
		`{"data.": "x"}`:                     `"data." is no field`,
		`{"data..x": "x"}`:                   `"data..x" is no field`,
		`{"subject.x": "x"}`:                 `"subject.x" is no field`,
		`{"subject": null}`:                  `triggers[0].filter.subject: want a text, a number, true or false, {"prefix": "…"}, {"suffix": "…"} or {"exists": true}, got null`,
		`{"subject": []}`:                    `triggers[0].filter.subject: the list has 0 items, want 1 to`,
		`{"subject": [["x"]]}`:               `triggers[0].filter.subject[0]: want a text`,
		`{"subject": {"prefix": 1}}`:         `triggers[0].filter.subject: want a text`,
		`{"subject": {"anything-but": "x"}}`: `triggers[0].filter.subject: want a text`,
		`{"subject": {"prefix": "a", "suffix": "b"}}`:      `triggers[0].filter.subject: want a text`,
		`{"subject": "a", "subject": "b"}`:                 `the field is written twice: put what it may be into one list`,
		`{"data.x": 1e999}`:                                `"1e999" is no number that can be compared`,
		`{"subject": "` + strings.Repeat("x", 2000) + `"}`: `the text has 2000 bytes, at most 1024 are allowed`,
	} {
		_, err := extensions.ParseManifest([]byte(trigger(filter)))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80s: got %v, want %s", filter, err, want)
		}
	}
}

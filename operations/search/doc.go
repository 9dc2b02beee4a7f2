// Package search finds entries by what they say and what is known of them. It serves search.query.
//
// A query is structured; making one of a sentence is for whoever understands sentences. "Receipts from coffee shops last quarter" is
//
//	{"text": "coffee", "entry_type": "receipt",
//	 "filters": [{"field": "date", "op": "gte", "value": "2026-07-01"}, {"field": "date", "op": "lt", "value": "2026-10-01"}]}
//
// and "restaurant expenses over $50", with what they come to,
//
//	{"text": "restaurant", "filters": [{"field": "total", "op": "gt", "value": 50}], "sum": ["total"]}
//
// Package entries has what is searched: words are written in the transaction that writes an entry or a file beside it, so what was answered
// is found.
package search

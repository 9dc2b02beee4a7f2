package airlock

import "time"

// SearchQuery says which entries [JobContext.Search] finds. The zero value is the first page of all.
type SearchQuery struct {
	// Text are words, without case and accents, that an entry's name, metadata or text files have all of; coff* is all that begins so.
	Text       string   `json:"text,omitempty"`
	EntryType  string   `json:"entry_type,omitempty"`
	PathPrefix string   `json:"path_prefix,omitempty"`
	Filters    []Filter `json:"filters,omitempty"`
	// Since and Until bound when an entry was made, Until not included; zero for any time.
	Since time.Time `json:"since,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// Sort is as of [EntryFilter]. Empty means -created_at with Text, path without.
	Sort string `json:"sort,omitempty"`
	// After is the Next of the page before.
	After string `json:"after,omitempty"`
	// Limit is the size of a page, 1 to 200. Zero means 20.
	Limit int `json:"limit,omitempty"`
	// Sum are fields of the metadata whose numbers are summed up over all that fits, and Count has that counted.
	Sum   []string `json:"sum,omitempty"`
	Count bool     `json:"count,omitempty"`
}

// SearchPage is some of what was found. An empty Next means there is no more.
type SearchPage struct {
	Entries []Entry `json:"entries"`
	Next    string  `json:"next"`
	// Total is there with Sum or Count.
	Total *SearchTotal `json:"total"`
}

// SearchTotal is what there is of entries that fit, altogether. Where it is not Complete there are more than were looked at.
type SearchTotal struct {
	Count    int                `json:"count"`
	Sums     map[string]float64 `json:"sums"`
	Complete bool               `json:"complete"`
}

// Search finds entries. It calls query:search.query.
func (j *JobContext) Search(query SearchQuery) (SearchPage, error) {
	var out SearchPage
	err := j.Call("query:search.query", "", query, &out)
	return out, err
}

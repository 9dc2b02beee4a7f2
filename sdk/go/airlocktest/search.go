package airlocktest

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"

	airlock "github.com/airlock-run/airlock/sdk/go"
)

// page is vdfs.list_entries.
func (e *entries) page(input json.RawMessage) (any, error) {
	in := airlock.SearchQuery{Sort: "path", Limit: 50}
	page, err := e.query(input, &in, 500)
	return airlock.EntryPage{Entries: page.Entries, Next: page.Next}, err
}

// search is search.query. Words are compared without case; accents stay.
func (e *entries) search(input json.RawMessage) (any, error) {
	in := airlock.SearchQuery{Limit: 20}
	return e.query(input, &in, 200)
}

// query finds what fits. A cursor is how many entries the pages before had.
func (e *entries) query(input json.RawMessage, in *airlock.SearchQuery, most int) (page airlock.SearchPage, err error) {
	if err := decode(input, in); err != nil {
		return page, err
	}
	if in.Limit < 1 || in.Limit > most {
		return page, refusef(airlock.InvalidArgument, "limit is %d, want 1 to %d", in.Limit, most)
	}
	from := 0
	if in.After != "" {
		if from, err = strconv.Atoi(in.After); err != nil || from < 0 {
			return page, refusef(airlock.InvalidArgument, "after is %q, want next of the page before", in.After)
		}
	}
	fitting := []airlock.Entry{}
	total := airlock.SearchTotal{Sums: map[string]float64{}, Complete: true}
	for _, candidate := range e.list {
		if !candidate.fits(in) {
			continue
		}
		fitting = append(fitting, candidate.Entry)
		total.Count++
		for _, field := range in.Sum {
			number, _ := candidate.field(field).(float64)
			total.Sums[field] += number
		}
	}
	sort, down := strings.CutPrefix(in.Sort, "-")
	if sort == "" {
		sort, down = "path", false
		if in.Text != "" {
			sort, down = "created_at", true
		}
	}
	slices.SortFunc(fitting, func(a, b airlock.Entry) int {
		order := 0
		switch field, byField := strings.CutPrefix(sort, "metadata."); {
		case byField:
			order = compare(value(a.Metadata, field), value(b.Metadata, field))
		case sort == "created_at":
			order = strings.Compare(a.ID, b.ID)
		case sort == "updated_at":
			order = a.UpdatedAt.Compare(b.UpdatedAt)
		}
		if order = cmp.Or(order, strings.Compare(a.Path, b.Path)); down {
			order = -order
		}
		return order
	})
	from = min(from, len(fitting))
	to := min(from+in.Limit, len(fitting))
	page.Entries = fitting[from:to]
	if to < len(fitting) {
		page.Next = strconv.Itoa(to)
	}
	if in.Count || len(in.Sum) > 0 {
		page.Total = &total
	}
	return page, nil
}

func (e *entry) field(name string) any { return value(e.Metadata, name) }

func value(metadata json.RawMessage, name string) (found any) {
	_ = json.Unmarshal(metadata, &found) // it was made by this package
	for part := range strings.SplitSeq(name, ".") {
		object, _ := found.(map[string]any)
		found = object[part]
	}
	return found
}

func (e *entry) fits(q *airlock.SearchQuery) bool {
	if q.EntryType != "" && q.EntryType != e.EntryType || !strings.HasPrefix(e.Path, q.PathPrefix) ||
		e.CreatedAt.Before(q.Since) || !q.Until.IsZero() && !e.CreatedAt.Before(q.Until) {
		return false
	}
	for _, f := range q.Filters {
		if !fits(e.field(f.Field), f.Op, f.Value) {
			return false
		}
	}
	texts := []string{e.Name, e.Path, e.EntryType, string(e.Metadata)}
	for _, data := range e.data {
		texts = append(texts, string(data))
	}
	separates := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	has := strings.FieldsFunc(strings.ToLower(strings.Join(texts, " ")), separates)
	for word := range strings.FieldsSeq(strings.ToLower(q.Text)) {
		begin, some := strings.CutSuffix(word, "*")
		for _, part := range strings.FieldsFunc(begin, separates) {
			if !slices.ContainsFunc(has, func(h string) bool { return h == part || some && strings.HasPrefix(h, part) }) {
				return false
			}
		}
	}
	return true
}

func fits(got any, op string, want any) bool {
	switch op {
	case "in":
		list, _ := want.([]any)
		return slices.ContainsFunc(list, func(one any) bool { return fits(got, "eq", one) })
	case "prefix":
		text, ok := got.(string)
		prefix, isText := want.(string)
		return ok && isText && strings.HasPrefix(text, prefix)
	}
	switch got.(type) {
	case float64:
		if _, ok := want.(float64); !ok {
			return false
		}
	case string:
		if _, ok := want.(string); !ok {
			return false
		}
	case bool:
		return op == "eq" && got == want
	default:
		return false
	}
	order := compare(got, want)
	switch op {
	case "eq":
		return order == 0
	case "gt":
		return order > 0
	case "gte":
		return order >= 0
	case "lt":
		return order < 0
	default:
		return op == "lte" && order <= 0
	}
}

// compare orders two values of one type.
func compare(a, b any) int {
	switch a := a.(type) {
	case float64:
		other, _ := b.(float64)
		return cmp.Compare(a, other)
	case string:
		other, _ := b.(string)
		return strings.Compare(a, other)
	default:
		return 0
	}
}

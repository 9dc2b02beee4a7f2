package entries_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/airlock-run/airlock/operations/entries"
)

// naive is what a query means, by looking at all.
func (s *shelf) naive(q entries.Query) (paths []string) {
	by, descending := strings.CutPrefix(cmp.Or(q.Sort, map[bool]string{true: "-created_at", false: "path"}[q.Text != ""]), "-")
	var found []*row
	for _, r := range s.entries {
		field, ok := strings.CutPrefix(by, "metadata.")
		if r.fits(q) && (!ok || sortKey(field, r.field(field)) != nil) {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b *row) int {
		order := 0
		if field, ok := strings.CutPrefix(by, "metadata."); ok {
			order = compare(sortKey(field, a.field(field)), sortKey(field, b.field(field)))
		} else if by != "path" {
			order = a.created.Compare(b.created)
		}
		order = cmp.Or(order, strings.Compare(a.path, b.path))
		if descending {
			return -order
		}
		return order
	})
	for _, r := range found {
		paths = append(paths, r.path)
	}
	return paths
}

// sortKey is what an index has of a value, in which long texts are cut; nil for nothing.
func sortKey(field string, value any) any {
	switch value := value.(type) {
	case float64:
		if field == "total" {
			return value
		}
	case string:
		if field != "total" {
			return value[:min(len(value), 512)]
		}
	}
	return nil
}

func (r *row) field(name string) any {
	raw, _ := json.Marshal(r.metadata)
	var value any
	_ = json.Unmarshal(raw, &value)
	for part := range strings.SplitSeq(name, ".") {
		object, _ := value.(map[string]any)
		value = object[part]
	}
	return value
}

func (r *row) fits(q entries.Query) bool {
	if q.EntryType != "" && q.EntryType != r.kind || !strings.HasPrefix(r.path, q.PathPrefix) ||
		r.created.Before(q.Since) || !q.Until.IsZero() && !r.created.Before(q.Until) {
		return false
	}
	for _, f := range q.Filters {
		var want any
		_ = json.Unmarshal(f.Value, &want)
		if !fits(r.field(f.Field), f.Op, want) {
			return false
		}
	}
	name, _ := r.field("vendor.name").(string)
	note, _ := r.field("note").(string)
	files := r.files
	if files == "\xff" {
		files = ""
	}
	has := strings.FieldsFunc(strings.NewReplacer("ß", "ss", "é", "e", "/", " ", "-", " ").Replace(strings.ToLower(name+" "+note+" "+files+" "+r.path+" "+r.kind+" "+totalText(r))), func(c rune) bool { return c == ' ' || c == '.' })
	for word := range strings.FieldsSeq(strings.ToLower(q.Text)) {
		begin, some := strings.CutSuffix(word, "*")
		if !slices.ContainsFunc(has, func(h string) bool { return h == begin || some && strings.HasPrefix(h, begin) }) {
			return false
		}
	}
	return true
}

func totalText(r *row) string {
	if text, ok := r.metadata["total"].(string); ok {
		return text
	}
	raw, _ := json.Marshal(r.metadata["total"])
	return strings.Trim(string(raw), "[]")
}

func fits(got any, op string, want any) bool {
	switch op {
	case "in":
		list, _ := want.([]any)
		return slices.ContainsFunc(list, func(one any) bool { return fits(got, "eq", one) })
	case "prefix":
		text, ok := got.(string)
		prefix, _ := want.(string)
		return ok && strings.HasPrefix(text, prefix)
	}
	if fmt.Sprintf("%T", got) != fmt.Sprintf("%T", want) {
		return false
	}
	order := compare(got, want)
	switch op {
	case "gt":
		return order > 0
	case "gte":
		return order >= 0
	case "lt":
		return order < 0
	case "lte":
		return order <= 0
	default:
		return order == 0
	}
}

func compare(a, b any) int {
	switch a := a.(type) {
	case float64:
		other, _ := b.(float64)
		return cmp.Compare(a, other)
	case string:
		other, _ := b.(string)
		return strings.Compare(a, other)
	case bool:
		if other, _ := b.(bool); a != other {
			return 1
		}
	}
	return 0
}

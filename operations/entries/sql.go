package entries

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// statement is a SELECT that is put together.
type statement struct {
	where []string
	args  []any
}

// arg adds an argument and returns its placeholder.
func (s *statement) arg(value any) string {
	s.args = append(s.args, value)
	return "$" + strconv.Itoa(len(s.args))
}

// and adds a condition on a column: an operator, and the value it compares with.
func (s *statement) and(column, op string, value any) {
	s.where = append(s.where, column+" "+op+" "+s.arg(value))
}

func (s *statement) raw(condition string) { s.where = append(s.where, condition) }

func (s *statement) conditions() string { return strings.Join(s.where, " AND ") }

// ordered returns the conditions with the one that begins behind a place, and the order, by columns of which the last is unique.
func (q Query) ordered(s *statement, columns ...string) string {
	op, direction := ">", ""
	if q.descending {
		op, direction = "<", " DESC"
	}
	if q.after != nil {
		values := []string{s.arg(q.after.Path)}
		if len(columns) == 2 {
			key := q.after.Key
			if number, ok := key.(float64); ok && q.sort == byUpdated {
				key = int64(number)
			}
			values = []string{s.arg(key), values[0]}
		}
		s.raw("(" + strings.Join(columns, ", ") + ") " + op + " (" + strings.Join(values, ", ") + ")")
	}
	return s.conditions() + " ORDER BY " + strings.Join(columns, direction+", ") + direction
}

// fit adds the conditions on an index that a filter means, as far as an index knows: its texts are cut.
func (f *Filter) fit(s *statement, alias string, t Type) {
	column := alias + "." + t.column()
	value := t.indexed(f.values[0])
	long := false // as long as one that was cut may be
	if text, ok := f.values[0].(string); ok {
		long = len(text) > maxIndexed-utf8.UTFMax
	}
	switch f.Op {
	case opEqual:
		s.and(column, "=", value)
	case opIn:
		marks := make([]string, len(f.values))
		for i, one := range f.values {
			marks[i] = s.arg(t.indexed(one))
		}
		s.raw(column + " IN (" + strings.Join(marks, ", ") + ")")
	case opAbove:
		if long { // one that is cut is as its beginning
			s.and(column, ">=", value)
		} else {
			s.and(column, ">", value)
		}
	case opAtLeast:
		s.and(column, ">=", value)
	case opBelow, opAtMost:
		if long || f.Op == opAtMost {
			s.and(column, "<=", value)
		} else {
			s.and(column, "<", value)
		}
	case opPrefixed:
		text, _ := value.(string)
		s.and(column, ">=", text)
		if end := PathEnd(text); end != "" && !long {
			s.and(column, "<", end)
		}
	}
}

// PathEnd returns the end of the texts that start with prefix, which are from prefix up to but not including it: the order of bytes, which
// UTF-8 shares with that of code points. It is empty when there is none.
func PathEnd(prefix string) string {
	runes := []rune(prefix)
	for i, r := range slices.Backward(runes) {
		switch r {
		case '\U0010ffff':
			continue
		case 0xd7ff: // surrogates, which no text has, come next
			return string(runes[:i]) + "\ue000"
		default:
			return string(runes[:i]) + string(r+1)
		}
	}
	return ""
}

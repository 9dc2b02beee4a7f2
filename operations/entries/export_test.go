package entries

// Choosing has a query of a small library choose as one of a large library does: few and many are what it takes for few and many rows.
func (q Query) Choosing(few, many int) Query {
	q.few, q.many = few, many
	return q
}

package fair

// maxSpares is how many values of a kind are kept for their next use.
const maxSpares = 1024

// spares are values that are not used now. Lanes that empty and fill again all the time so leave nothing to the garbage collector.
type spares[T any] struct{ free []*T }

func (s *spares[T]) take() *T {
	last := len(s.free) - 1
	if last < 0 {
		return new(T)
	}
	x := s.free[last]
	s.free = s.free[:last]
	return x
}

func (s *spares[T]) give(x *T) {
	if len(s.free) < maxSpares {
		s.free = append(s.free, x)
	}
}

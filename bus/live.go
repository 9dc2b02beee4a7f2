package bus

import "math/bits"

// segmentSize is how many sequences of JOBS are swept together.
const segmentSize = 8192

// live knows which sequences of JOBS are in use: carry a job that has no outcome. It takes a bit a sequence.
type live struct {
	// first is the number of the first segment, segments are that one and those that follow.
	first    uint64
	segments []*segment
	used     int
	// last is the greatest sequence that was in use.
	last uint64
}

type segment struct {
	used int
	bits [segmentSize / 64]uint64
}

// add says that a sequence is in use.
func (l *live) add(sequence uint64) {
	at := sequence / segmentSize
	if len(l.segments) == 0 {
		l.first = at
	}
	if at < l.first {
		before := make([]*segment, l.first-at, l.first-at+uint64(len(l.segments)))
		for i := range before {
			before[i] = &segment{}
		}
		l.segments, l.first = append(before, l.segments...), at
	}
	for at >= l.first+uint64(len(l.segments)) {
		l.segments = append(l.segments, &segment{})
	}
	s := l.segments[at-l.first]
	word, bit := sequence%segmentSize/64, uint64(1)<<(sequence%64)
	if s.bits[word]&bit == 0 {
		s.bits[word] |= bit
		s.used++
		l.used++
	}
	l.last = max(l.last, sequence)
}

// remove says that a sequence is not in use any more.
func (l *live) remove(sequence uint64) {
	at := sequence / segmentSize
	if at < l.first || at >= l.first+uint64(len(l.segments)) {
		return
	}
	s := l.segments[at-l.first]
	word, bit := sequence%segmentSize/64, uint64(1)<<(sequence%64)
	if s.bits[word]&bit != 0 {
		s.bits[word] &^= bit
		s.used--
		l.used--
	}
}

// floor is the first sequence in use, or the one after the last if none is.
func (l *live) floor() uint64 {
	for i, s := range l.segments {
		if s.used == 0 {
			continue
		}
		for word, b := range s.bits {
			if b != 0 {
				return (l.first+uint64(i))*segmentSize + uint64(word*64+bits.TrailingZeros64(b)) //nolint:gosec // small numbers
			}
		}
	}
	return l.last + 1
}

// forget drops the segments that are before a sequence as a whole.
func (l *live) forget(before uint64) {
	for len(l.segments) > 0 && (l.first+1)*segmentSize <= before {
		l.used -= l.segments[0].used
		l.segments[0] = nil
		l.segments = l.segments[1:]
		l.first++
	}
}

// blockers are the sequences that keep most of JOBS from being swept: those in use in the first segments, as long as there are
// few of them for what is free behind. Moving them to the end costs less than what is gained.
func (l *live) blockers() []uint64 {
	var out []uint64
	total := int(l.last-l.floor()) + 1 //nolint:gosec // far below
	for i, s := range l.segments {
		if total-l.used < max(8*segmentSize, 2*l.used) || len(out) >= segmentSize {
			break
		}
		for word, b := range s.bits {
			for ; b != 0; b &= b - 1 {
				out = append(out, (l.first+uint64(i))*segmentSize+uint64(word*64+bits.TrailingZeros64(b))) //nolint:gosec // small numbers
			}
		}
		total -= segmentSize
	}
	return out
}

// has tells whether a sequence is in use.
func (l *live) has(sequence uint64) bool {
	at := sequence / segmentSize
	if at < l.first || at >= l.first+uint64(len(l.segments)) {
		return false
	}
	return l.segments[at-l.first].bits[sequence%segmentSize/64]&(1<<(sequence%64)) != 0
}

// before are the first most sequences in use before one, if any between the first and that one is free.
func (l *live) before(sequence uint64, most int) []uint64 {
	var out []uint64
	free := false
	sequence = min(sequence, l.last+1)
	for at := l.floor(); at < sequence && (len(out) < most || !free); at++ {
		s := l.segments[at/segmentSize-l.first]
		switch {
		case len(out) == most && s.used == segmentSize:
			at += segmentSize - 1 - at%segmentSize // nothing of it is free
		case s.bits[at%segmentSize/64]&(1<<(at%64)) == 0:
			free = true
		case len(out) < most:
			out = append(out, at)
		}
	}
	if !free {
		return nil
	}
	return out
}

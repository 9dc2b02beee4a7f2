// Package dice chooses, the same way on every machine and with every release of
// Go: a mail of the set is known by its seed alone.
package dice

import (
	"hash/fnv"
	"strings"
)

// Dice is a source of choices. It's for one goroutine at a time.
type Dice struct{ state uint64 }

// New returns dice that fall the same way for the same seed.
func New(seed string) *Dice {
	h := fnv.New64a()
	h.Write([]byte(seed))
	return &Dice{state: h.Sum64()}
}

// Uint64 is the next number of SplitMix64.
func (d *Dice) Uint64() uint64 {
	d.state += 0x9e3779b97f4a7c15
	z := d.state
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

// N returns a number from 0 to n-1. It's 0 if n is not positive.
func (d *Dice) N(n int) int {
	if n <= 0 {
		return 0
	}
	return int(d.Uint64() % uint64(n))
}

// Between returns a number from least to most, both possible.
func (d *Dice) Between(least, most int) int { return least + d.N(most-least+1) }

// Pick returns one of the choices, and "" if there are none.
func (d *Dice) Pick(choices ...string) string {
	if len(choices) == 0 {
		return ""
	}
	return choices[d.N(len(choices))]
}

// Fill writes a digit for each # of a pattern and a capital letter for each ?,
// neither of them one that is mistaken for the other: no O and no I. The first
// digit of a row is never 0.
func (d *Dice) Fill(pattern string) string {
	const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
	var b strings.Builder
	inside := false
	for _, r := range pattern {
		switch {
		case r == '#' && inside:
			b.WriteByte(byte('0' + d.N(10)))
		case r == '#':
			b.WriteByte(byte('1' + d.N(9)))
		case r == '?':
			b.WriteByte(letters[d.N(len(letters))])
		default:
			b.WriteRune(r)
		}
		inside = r == '#'
	}
	return b.String()
}

package store

import "time"

// EndlessRounds lets a round go on for as long as somebody waits to join it.
func EndlessRounds(db *DB) {
	db.rounds.maxTime = time.Hour
}

// Waiting is how many wait for their turn to write.
func Waiting(db *DB) int {
	db.rounds.mu.Lock()
	defer db.rounds.mu.Unlock()
	return len(db.rounds.waiting)
}

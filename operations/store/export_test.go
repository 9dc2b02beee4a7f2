package store

// Waiting is how many wait for their turn to write.
func Waiting(db *DB) int {
	db.rounds.mu.Lock()
	defer db.rounds.mu.Unlock()
	return len(db.rounds.waiting)
}

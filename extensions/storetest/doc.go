// Package storetest holds what every store of installed extensions must do, as a suite, and a store in memory that does it.
//
//	func TestStore(t *testing.T) {
//		storetest.Exercise(t, func(t *testing.T) extensions.Store { return newStore(t) })
//	}
package storetest

//go:build !linux

package prepare_test

import "errors"

func surroundings() ([]byte, error) { return nil, errors.New("for Linux") }

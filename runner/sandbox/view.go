package sandbox

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// FaultError is a guest's misuse of a host function. It ends the guest.
type FaultError struct {
	// Function is the import that was called.
	Function string
	Problem  string
}

// Error says which function was misused and how.
func (f *FaultError) Error() string { return f.Function + ": " + f.Problem }

// fault ends the guest: wazero turns the panic of a host function into the error of the call into the guest.
func fault(function, format string, args ...any) {
	panic(&FaultError{Function: function, Problem: fmt.Sprintf(format, args...)})
}

// read copies length bytes at ptr of the guest's memory.
func (s *instance) read(function, what string, ptr, length uint32) []byte {
	return bytes.Clone(s.view(function, what, ptr, length))
}

// view returns bytes of the guest's memory, valid until the guest runs again.
func (s *instance) view(function, what string, ptr, length uint32) []byte {
	data, ok := s.module.Memory().Read(ptr, length)
	if !ok {
		fault(function, "%s at %d with length %d is outside of the guest's memory of %d bytes", what, ptr, length, s.module.Memory().Size())
	}
	return data
}

// text is UTF-8, of which the first limit bytes count; a view where it is UTF-8.
func (s *instance) text(function, what string, ptr, length, limit uint32) []byte {
	data := s.view(function, what, ptr, length)
	if uint32(len(data)) > limit { //nolint:gosec // a view is below 4 GiB
		data = data[:limit]
	}
	if utf8.Valid(data) {
		return data
	}
	return bytes.ToValidUTF8(data, []byte("\uFFFD"))
}

// checkJob refuses a job id that is not the running job's.
func (s *instance) checkJob(function string, ptr uint32) {
	if s.registry != nil {
		fault(function, "no job runs yet: plugin_init may register jobs and log")
	}
	id := s.view(function, "job id", ptr, 16)
	if !bytes.Equal(id, s.job[:]) {
		fault(function, "job id %x is not that of the running job", id)
	}
}

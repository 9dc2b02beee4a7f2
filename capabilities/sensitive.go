package capabilities

import "slices"

// sensitive lists the operations that hand a secret to the guest. Where a service can use the secret itself, it takes
// the secret's name instead and needs no place here.
var sensitive = [...]string{
	"credentials.get",
}

// IsSensitive reports whether an operation is granted by its full name only: not by "query:", nor by a prefix, nor by a wildcard.
func IsSensitive(operation string) bool { return slices.Contains(sensitive[:], operation) }

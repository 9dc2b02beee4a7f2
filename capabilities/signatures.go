package capabilities

import "slices"

// SignatureSettings say whose signatures extensions need. The zero value demands none.
type SignatureSettings struct {
	// Keys are those that the operator trusts.
	Keys []SignatureKey `yaml:"keys"`
	// Require are the rules. An extension that several name has to satisfy each of them.
	Require []SignatureRule `yaml:"require"`
}

// SignatureKey is a key that the operator trusts.
type SignatureKey struct {
	// Name is what the operator calls it. Nothing that a signature says of its key counts beside it.
	Name string `yaml:"name"`
	// PublicKey is the line of a public key file that begins "RW".
	PublicKey string `yaml:"public_key"`
}

// SignatureRule demands a signature by one of the keys, which it names.
type SignatureRule struct {
	// Extensions are ids, or AnyExtension.
	Extensions []string `yaml:"extensions"`
	Keys       []string `yaml:"keys"`
}

// Demands returns the keys that an extension needs a signature of: of each list, one.
func (s *SignatureSettings) Demands(extension string) [][]string {
	var demands [][]string
	for _, rule := range s.Require {
		if slices.Contains(rule.Extensions, AnyExtension) || slices.Contains(rule.Extensions, extension) {
			demands = append(demands, rule.Keys)
		}
	}
	return demands
}

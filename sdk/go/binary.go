package airlock

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
)

// decodeBinary is json.Unmarshal for an object with bytes in base64, which are found by the names that lead to them. To
// encoding/json they are three or four times a long string that it reads byte by byte, and in a guest that takes longer than all
// that is done with the bytes after it. So they are decoded on their own, and v, which is to take none of them, from the rest. ok is
// false if there are none or they are no plain base64: then v is decoded from all of data.
func decodeBinary(data []byte, v any, names ...string) (decoded []byte, ok bool, err error) {
	from, to := 0, len(data)
	for _, name := range names {
		start, end := member(data[from:to], name)
		from, to = from+start, from+end
	}
	if to-from > len(`""`) && data[from] == '"' {
		encoded := data[from+1 : to-1]
		decoded = make([]byte, base64.StdEncoding.DecodedLen(len(encoded)))
		n, err := base64.StdEncoding.Decode(decoded, encoded)
		decoded, ok = decoded[:n], err == nil
	}
	if ok {
		data = bytes.Join([][]byte{data[:from], data[to:]}, []byte("null"))
	}
	return decoded, ok, json.Unmarshal(data, v) //nolint:wrapcheck // the caller says what it is
}

// member returns where the value of a name is in an object: the last of several, nothing if there is none. Of what is no JSON it
// returns any place.
func member(object []byte, name string) (start, end int) {
	i := space(object, 0)
	if i == len(object) || object[i] != '{' {
		return 0, 0
	}
	for {
		key := space(object, i+1)
		keyEnd := value(object, key)
		from := space(object, space(object, keyEnd)+1) // behind the colon
		i = value(object, from)
		if i == from || keyEnd-key < len(`""`) {
			return start, end
		}
		if string(object[key+1:keyEnd-1]) == name {
			start, end = from, i
		}
		if i = space(object, i); i == len(object) || object[i] != ',' {
			return start, end
		}
	}
}

// value returns where the value at i ends.
func value(data []byte, i int) int {
	for depth := 0; i < len(data); {
		switch data[i] {
		case '{', '[':
			depth++
			i++
			continue
		case '}', ']':
			if depth == 0 {
				return i
			}
			depth--
			i++
		case '"':
			i = quoted(data, i)
		case ',', ':', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
			i++
			continue
		default: // of a number or a word
			i++
			continue
		}
		if depth == 0 {
			return i
		}
	}
	return len(data)
}

// quoted returns where the string that begins at i ends.
func quoted(data []byte, i int) int {
	for i++; ; i++ {
		next := bytes.IndexByte(data[i:], '"')
		if next < 0 {
			return len(data)
		}
		i += next
		slashes := 0
		for data[i-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return i + 1
		}
	}
}

func space(data []byte, i int) int {
	for i < len(data) && (data[i] == ' ' || data[i] == '\t' || data[i] == '\r' || data[i] == '\n') {
		i++
	}
	return min(i, len(data))
}

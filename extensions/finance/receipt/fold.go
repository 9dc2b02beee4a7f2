package receipt

import (
	"strings"
	"unicode"
)

// plain makes of a text what readers of all conventions have in common: signs of full width, as Japanese writes them, become those of ASCII.
func plain(s string) string {
	ascii := true
	for i := range len(s) {
		ascii = ascii && s[i] < 0x80
	}
	if ascii {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			return r - '！' + '!'
		case r == '\u3000':
			return ' '
		case r == '￥':
			return '¥'
		case r == '￡':
			return '£'
		default:
			return r
		}
	}, s)
}

// Fold makes names comparable: small letters without accents, without punctuation.
func Fold(s string) string { return fold(plain(s)) }

// fold prepares a text for the search of phrases: small letters without accents, words parted by one space, no punctuation. A percentage
// becomes a % that stands alone, for rates come and go within phrases. An OCR reads TOTAL as T0TAL and Tota1, which is mended.
func fold(s string) string {
	var out strings.Builder
	out.Grow(len(s) + 2)
	last := ' '
	write := func(r rune) {
		if r == ' ' {
			if last == ' ' {
				return
			}
		} else if wide(r) && last == ' ' && out.Len() > 0 && endsWide(out.String()) {
			// Japanese has no spaces; where it has, they spread a heading.
			joined := strings.TrimSuffix(out.String(), " ")
			out.Reset()
			out.WriteString(joined)
		}
		out.WriteRune(r)
		last = r
	}
	for _, r := range s {
		r = unicode.ToLower(r)
		switch {
		case r < 0x80 && (letter(r) || r >= '0' && r <= '9' || r == '&' || r == '#'):
			write(r)
		case r == '%':
			write(' ')
			write('%')
			write(' ')
		case r < 0x80:
			write(' ')
		default:
			if as, ok := accents[r]; ok {
				for _, r := range as {
					write(r)
				}
			} else if unicode.IsLetter(r) || wide(r) {
				write(r)
			} else if !unicode.IsMark(r) {
				write(' ')
			}
		}
	}
	return mend(strings.TrimSpace(out.String()))
}

// mend takes the figures of percentages away and turns digits within words into the letters they were.
func mend(s string) string {
	if !strings.ContainsAny(s, "01%") {
		return s
	}
	fields := strings.Fields(s)
	kept := fields[:0]
	for i, field := range fields {
		if strings.Trim(field, "0123456789") == "" && rateFollows(fields[i+1:]) {
			continue
		}
		if strings.ContainsAny(field, "01") && letters(field) > 0 && !strings.ContainsAny(field, "23456789") {
			field = misread.Replace(field)
		}
		kept = append(kept, field)
	}
	return strings.Join(kept, " ")
}

// rateFollows tells that a percentage goes on: 8 1 % is what is left of 8.1 %.
func rateFollows(fields []string) bool {
	return len(fields) > 0 && (fields[0] == "%" || len(fields) > 1 && fields[1] == "%" && strings.Trim(fields[0], "0123456789") == "")
}

var misread = strings.NewReplacer("0", "o", "1", "l")

// wide tells the letters of a script that has no spaces between words.
func wide(r rune) bool {
	return r >= 0x3005 && r <= 0x30ff || r >= 0x3400 && r <= 0x9fff || r >= 0xff66 && r <= 0xff9f
}

// endsWide tells that a text ends in a letter of such a script and a space.
func endsWide(s string) bool {
	var last rune
	for _, r := range s[max(0, len(s)-4):] {
		if r != ' ' {
			last = r
		}
	}
	return wide(last)
}

// accents are letters of Latin scripts by what they are without their marks.
var accents = func() map[rune]string {
	all := map[rune]string{'ß': "ss", 'æ': "ae", 'œ': "oe", 'ª': "a", 'º': "", '°': "", '№': "no"}
	for plain, marked := range map[string]string{
		"a": "àáâãäåāăą", "c": "çćč", "d": "ďđ", "e": "èéêëēěę", "g": "ğ", "i": "ìíîïīı", "l": "ł", "n": "ñńň", "o": "òóôõöøōő", "r": "ř", "s": "śşš",
		"t": "ť", "u": "ùúûüūůű", "y": "ýÿ", "z": "źżž",
	} {
		for _, r := range marked {
			all[r] = plain
		}
	}
	return all
}()

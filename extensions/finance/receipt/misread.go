package receipt

import "strings"

// What an OCR reads, it misreads in the same few ways. Texts of pictures are mended before they are read as others are.

// mendScan turns the letters within numbers into the digits they were, joins an amount that was parted at its point, and mends the words
// that matter most where one letter is wrong.
func mendScan(s string) string {
	fields := strings.Fields(strings.ReplaceAll(strings.ReplaceAll(s, "   ", " \x00 "), "  ", " \x00 "))
	for i, field := range fields {
		fields[i] = mendWord(mendNumber(field))
	}
	s = strings.Join(fields, " ")
	for strings.Contains(s, "\x00 \x00") {
		s = strings.ReplaceAll(s, "\x00 \x00", "\x00")
	}
	s = strings.ReplaceAll(s, " \x00 ", "  ")
	return strings.Trim(joinParted(s), "\x00 ")
}

// lookalikes are letters by the digits they are taken for, and the other way round.
var lookalikes = strings.NewReplacer("@", "0", "O", "0", "o", "0", "Q", "0", "D", "0", "l", "1", "I", "1", "|", "1", "S", "5", "B", "8", "Z", "2")

// mendNumber mends a word that is a number but for a few letters that look like digits.
func mendNumber(s string) string {
	digitsIn, letters, at := 0, 0, false
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digitsIn++
		case r == '@':
			at = true
			letters++
		case strings.ContainsRune("OoQDlI|SBZ", r):
			letters++
		case !strings.ContainsRune(".,/-:%€$£", r):
			return s
		}
	}
	if letters == 0 || digitsIn < letters && !at || digitsIn == 0 {
		return s
	}
	return lookalikes.Replace(s)
}

// vital are words by which a receipt is read, long enough that one wrong letter leaves no doubt.
var vital = []string{"total", "totaal", "totale", "subtotal", "summe", "gesamt", "gesamtbetrag", "zwischensumme", "montant", "importe", "invoice", "receipt", "rechnung", "amount", "balance", "datum", "betrag", "netto", "brutto", "steuer", "facture", "factuur", "fattura"}

// mendWord mends a vital word.
func mendWord(s string) string {
	bare := strings.ToLower(strings.TrimRight(s, ":.*"))
	if len(bare) < 5 {
		return s
	}
	for _, word := range vital {
		if len(word) == len(bare) && bare != word && differ(word, bare) == 1 {
			return word + s[len(bare):]
		}
	}
	return s
}

// differ counts the places at which two texts of one length do.
func differ(a, b string) int {
	n := 0
	for i := range len(a) {
		n += bit(a[i] != b[i])
	}
	return n
}

// joinParted takes away the space that an OCR sees beside a decimal point: 12, 50.
func joinParted(s string) string {
	var out strings.Builder
	for i := range len(s) {
		if s[i] == ' ' && i > 1 && i+2 < len(s) && digit(s[i+1]) && digit(s[i+2]) && (i+3 == len(s) || s[i+3] == ' ') &&
			(s[i-1] == ',' || s[i-1] == '.') && digit(s[i-2]) {
			continue
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

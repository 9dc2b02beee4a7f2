package process

import (
	"slices"
	"strings"
)

// isReply tells that a subject begins with Re: or what other languages say for it.
func isReply(subject string) bool {
	subject = strings.TrimLeft(subject, blanks)
	for _, word := range []string{"re", "aw", "antw", "sv", "res", "rif", "r", "odp", "回复", "返信"} {
		if rest, ok := cutFold(subject, word); ok && (strings.HasPrefix(strings.TrimLeft(rest, blanks), ":") || strings.HasPrefix(rest, "：")) {
			return true
		}
	}
	return false
}

// quoteHeads end what a reply says itself: "On 3 March, Acme wrote:".
var quoteHeads = []string{
	"wrote:", "schrieb:", "schrieb am", "a écrit :", "a écrit:", "escribió:", "ha scritto:", "schreef:", "escreveu:", "のメール:", "wrote :", "-----original message-----",
	"-----ursprüngliche nachricht-----", "-----message d'origine-----", "-----mensaje original-----", "-----messaggio originale-----", "-----oorspronkelijk bericht-----",
	"-----mensagem original-----", "----- original message -----", "さんは書きました", "書きました:", "________________________________", "-----元のメッセージ-----",
}

// quotedFields begin a quoted mail in the programs that quote its header.
var quotedFields = []string{"from:", "von:", "de :", "de:", "da:", "van:", "差出人:"}

// sentFields tell when it was sent, in the lines that follow.
var sentFields = []string{"sent:", "date:", "gesendet:", "datum:", "envoyé", "enviado:", "enviada:", "fecha:", "data:", "inviato:", "verzonden:", "送信日時:", "日時:"}

// beginsQuote tells that the header of a mail begins with the first of some lines.
func beginsQuote(lines []string) bool {
	begins := func(line string, fields []string) bool {
		line = strings.ToLower(strings.TrimSpace(line))
		return slices.ContainsFunc(fields, func(field string) bool { return strings.HasPrefix(line, field) })
	}
	if !begins(lines[0], quotedFields) {
		return false
	}
	return strings.Contains(lines[0], "@") || slices.ContainsFunc(lines[1:min(3, len(lines))], func(line string) bool { return begins(line, sentFields) })
}

// unquoted returns what a reply says itself, without the mail it answers.
func unquoted(text string) string {
	var out strings.Builder
	lines := slices.Collect(strings.Lines(text))
	for i, line := range lines {
		lower := strings.ToLower(strings.TrimSpace(line))
		if strings.HasPrefix(lower, ">") {
			continue
		}
		for _, head := range quoteHeads {
			if strings.HasSuffix(lower, head) || strings.HasPrefix(lower, head) {
				return out.String()
			}
		}
		if beginsQuote(lines[i:]) {
			return out.String()
		}
		out.WriteString(line)
	}
	return out.String()
}

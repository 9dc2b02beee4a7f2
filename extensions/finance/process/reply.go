package process

import "strings"

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

// unquoted returns what a reply says itself, without the mail it answers.
func unquoted(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		lower := strings.ToLower(strings.TrimSpace(line))
		if strings.HasPrefix(lower, ">") {
			continue
		}
		for _, head := range quoteHeads {
			if strings.HasSuffix(lower, head) || strings.HasPrefix(lower, head) {
				return out.String()
			}
		}
		for _, field := range quotedFields {
			if strings.HasPrefix(lower, field) && strings.Contains(lower, "@") {
				return out.String()
			}
		}
		out.WriteString(line)
	}
	return out.String()
}

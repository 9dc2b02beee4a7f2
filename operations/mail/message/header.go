package message

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	gomessage "github.com/emersion/go-message"
	gomail "github.com/emersion/go-message/mail"
)

// told are headers that say what kind of mail it is.
var told = []string{
	"Auto-Submitted", "Content-Language", "List-Id", "List-Unsubscribe", "Organization", "Precedence", "Return-Path", "X-Mailer",
}

func (p *parser) header(h gomessage.Header) {
	header, out := gomail.Header{Header: h}, p.out
	out.ID, _ = header.MessageID()
	out.InReplyTo, _ = header.MsgIDList("In-Reply-To")
	out.References, _ = header.MsgIDList("References")
	out.ID = clean(out.ID, maxValue)
	for _, ids := range []*[]string{&out.InReplyTo, &out.References} {
		*ids = (*ids)[:min(len(*ids), maxAddresses)]
		for i, id := range *ids {
			(*ids)[i] = clean(id, maxValue)
		}
	}
	out.Subject = p.value(h, "Subject")
	if date, err := header.Date(); err == nil && !date.IsZero() && date.Year() >= 1970 && date.Year() < 10000 {
		utc := date.UTC()
		out.Date = &utc
	} else if h.Has("Date") {
		p.warn("the Date cannot be read: %s", clean(h.Get("Date"), 100))
	}
	for name, to := range map[string]*[]Address{"From": &out.From, "Reply-To": &out.ReplyTo, "To": &out.To, "Cc": &out.Cc} {
		*to = p.addresses(header, name)
	}
	for _, name := range told {
		if value := p.value(h, name); value != "" {
			if out.Headers == nil {
				out.Headers = map[string]string{}
			}
			out.Headers[name] = value
		}
	}
}

// value is a header as text.
func (p *parser) value(h gomessage.Header, name string) string {
	text, err := h.Text(name)
	if err != nil {
		text = h.Get(name)
		p.warn("%s is not encoded as it should be", name)
	}
	return clean(text, maxValue)
}

func (p *parser) addresses(h gomail.Header, name string) []Address {
	list, err := h.AddressList(name)
	if err != nil {
		p.warn("%s cannot be read: %s", name, clean(h.Get(name), 100))
	}
	if len(list) > maxAddresses {
		p.warn("%s has %d addresses; the first %d are told", name, len(list), maxAddresses)
		list = list[:maxAddresses]
	}
	var out []Address
	for _, a := range list {
		out = append(out, Address{Name: clean(a.Name, 300), Address: clean(a.Address, 300)})
	}
	return out
}

// clean makes one line of text, without what controls a terminal or turns text around, of at most so many bytes.
func clean(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	text = strings.TrimSpace(text)
	if len(text) <= most {
		return text
	}
	text = text[:most]
	for len(text) > 0 && !utf8.ValidString(text) {
		text = text[:len(text)-1]
	}
	return text
}

// maxName bounds a file name, in bytes: file systems take 255.
const maxName = 200

// fileName is the first name that is one, as one path element.
func fileName(names ...string) string {
	for _, name := range names {
		name = clean(strings.ReplaceAll(name, `\`, "/"), 4*maxName)
		name = strings.Map(func(r rune) rune {
			if strings.ContainsRune(`<>:"|?*`, r) {
				return '_'
			}
			return r
		}, path.Base("/"+name))
		if name = strings.Trim(name, " ./"); name == "" {
			continue
		}
		if len(name) > maxName { // the end says what it is
			extension := path.Ext(name)
			if len(extension) > 20 {
				extension = ""
			}
			name = clean(strings.TrimSuffix(name, extension), maxName-len(extension)) + extension
		}
		return name
	}
	return ""
}

// carelessName is the file name in a header whose parameters are not written as they should be: without quotes around it, for one.
func carelessName(header string) string {
	for part := range strings.SplitSeq(header, ";") {
		key, value, found := strings.Cut(strings.TrimSpace(part), "=")
		if key = strings.ToLower(strings.TrimSpace(key)); found && (key == "filename" || key == "name") {
			return strings.Trim(value, ` "'`)
		}
	}
	return ""
}

package process

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/airlock-run/airlock/extensions/finance/mail"
	"github.com/airlock-run/airlock/extensions/finance/receipt"
	airlock "github.com/airlock-run/airlock/sdk/go"
)

const (
	// maxDocuments is how many attachments are read; receipts with more are not receipts.
	maxDocuments = 4
	// maxDocument is the size of an attachment that is still read.
	maxDocument = 20 << 20
	// minPicture is the size below which a picture is a logo or a dot that counts readers.
	minPicture = 4 << 10
	// maxText is how much text of a document is kept.
	maxText = 256 << 10
	// patience is how many attempts are spent on a document whose reader fails in a way that may pass.
	patience = 3
)

// findReceipt returns the receipt of a mail, or nil and why there is none. Documents go before the mail's body: a mail says
// "your invoice is attached". Of several documents the one that says most is taken.
func findReceipt(job *airlock.JobContext, message *mail.Message, s *state) (best *found, reason string, err error) {
	page := receipt.HTML(message.HTML)
	hints := receipt.Hints{ContentLanguage: message.Header("Content-Language")}
	from := sender(message)
	hints.Domain = from.Domain
	source := receipt.Source{Subject: message.Subject, Stated: page.Stated, Sender: from, Hints: hints, Mailed: message.Date}
	language := receipt.Language(message.Subject+"\n"+page.Text+"\n"+message.Text, hints)
	candidates := documents(message)
	for n, i := range candidates {
		attachment := message.Attachments[i]
		job.Progress(0.1+0.5*float32(n)/float32(len(candidates)), "reading "+describe(attachment))
		if err := readDocument(job, attachment, i, language, s); err != nil {
			return nil, "", err
		}
		read := s.Documents[i]
		if read.Failure != "" {
			continue
		}
		verdict := receipt.Judge(receipt.Evidence{Subject: message.Subject, Text: read.Text, Documents: []string{attachment.Filename}, Document: true, Scanned: read.Confidence > 0 && read.Confidence < 1, Private: from.Private})
		if !verdict.Receipt {
			reason = verdict.Reason
			continue
		}
		source := source
		source.Text, source.Document, source.Confidence = read.Text, true, read.Confidence
		if len(candidates) > 1 {
			source.Stated = receipt.Stated{} // of which document is not said
		}
		analysis := receipt.Extract(source)
		if best == nil || analysis.Confidence > best.Analysis.Confidence {
			best = &found{Source: kind(attachment), Text: read.Text, Analysis: analysis}
		}
	}
	if best != nil {
		return best, "", nil
	}
	job.Progress(0.6, "looking for a receipt in the mail itself")
	for _, body := range bodies(message, page) {
		verdict := receipt.Judge(receipt.Evidence{
			Subject: message.Subject, Text: body.text, Stated: body.stated, Reply: isReply(message.Subject),
			Bulk: message.Header("List-Unsubscribe") != "" || strings.EqualFold(message.Header("Precedence"), "bulk"),
		})
		if verdict.Receipt {
			source.Text, source.Stated = body.text, body.stated
			return &found{Source: body.source, Text: body.text, Analysis: receipt.Extract(source)}, "", nil
		}
		if reason == "" {
			reason = verdict.Reason
		}
	}
	if reason == "" {
		reason = "there is no text in it and no document that could be read"
	}
	return nil, reason, nil
}

// body is a text that a mail has in itself.
type body struct {
	source, text string
	stated       receipt.Stated
}

// bodies returns the texts of a mail, the HTML first, without what it quotes if it is a reply: that is another mail's receipt.
func bodies(message *mail.Message, page receipt.Page) []body {
	all := []body{{"html", clip(page.Text), page.Stated}, {"text", clip(receipt.Unwrap(message.Text)), receipt.Stated{}}}
	if isReply(message.Subject) {
		for i := range all {
			all[i].text, all[i].stated = unquoted(all[i].text), receipt.Stated{}
		}
	}
	return slices.DeleteFunc(all, func(b body) bool { return strings.TrimSpace(b.text) == "" })
}

// documents returns the places of the attachments worth reading, PDFs first. Pictures that the mail shows in its HTML are
// decoration.
func documents(message *mail.Message) []int {
	var pdfs, pictures []int
	for i, a := range message.Attachments {
		switch {
		case a.Size > maxDocument:
		case kind(a) == "pdf":
			pdfs = append(pdfs, i)
		case kind(a) == "image" && a.Size >= minPicture && (!a.Inline || strings.TrimSpace(message.HTML) == ""):
			pictures = append(pictures, i)
		}
	}
	all := slices.Concat(pdfs, pictures)
	return all[:min(maxDocuments, len(all))]
}

func kind(a mail.Attachment) string {
	switch {
	case a.MediaType == "application/pdf":
		return "pdf"
	case strings.HasPrefix(a.MediaType, "image/") && a.MediaType != "image/svg+xml":
		return "image"
	default:
		return ""
	}
}

func describe(a mail.Attachment) string {
	if a.Filename != "" {
		return a.Filename
	}
	return "an attachment (" + a.MediaType + ")"
}

// readDocument reads an attachment unless an earlier attempt has, and saves what it says: reading is what takes long. A document
// that cannot be read is remembered as such, with a warning.
func readDocument(job *airlock.JobContext, attachment mail.Attachment, i int, language string, s *state) error {
	if _, done := s.Documents[i]; done {
		return nil
	}
	if job.Interrupted() != airlock.Continue {
		return airlock.ErrInterrupted
	}
	result, err := recognise(job, attachment, language)
	read := document{Text: clip(result.Text), Confidence: result.Confidence}
	switch {
	case err != nil && !ofDocument(err, job.Attempt):
		return fmt.Errorf("read %s: %w", describe(attachment), err)
	case err != nil:
		read.Failure = err.Error()
	case strings.TrimSpace(result.Text) == "":
		read.Failure = "there is no text in it"
	}
	if read.Failure != "" {
		job.Warn("%s cannot be read: %s", describe(attachment), read.Failure)
	}
	for _, page := range result.Pages {
		if page.Error != "" {
			job.Warn("page %d of %s cannot be read: %s", page.Page, describe(attachment), page.Error)
		}
	}
	if s.Documents == nil {
		s.Documents = map[int]document{}
	}
	s.Documents[i] = read
	return job.Checkpoint(s)
}

// packs are the languages of an OCR by those of mails.
var packs = map[string]string{"de": "deu", "fr": "fra", "es": "spa", "it": "ita", "nl": "nld", "pt": "por", "ja": "jpn"}

// recognise reads an attachment. A picture is read in the mail's language beside English, where the host has that language.
func recognise(job *airlock.JobContext, attachment mail.Attachment, language string) (airlock.OCRResult, error) {
	read := func(options airlock.OCROptions) (airlock.OCRResult, error) {
		if attachment.Content != "" {
			return job.AI().OCRContent(attachment.Content, options)
		}
		return job.AI().OCR(attachment.Data, options)
	}
	if pack := packs[language]; pack != "" && kind(attachment) == "image" {
		result, err := read(airlock.OCROptions{Language: pack + "+eng"})
		if code := airlock.ErrorCode(err); code != airlock.FailedPrecondition && code != airlock.InvalidArgument {
			return result, err
		}
	}
	return read(airlock.OCROptions{})
}

// ofDocument tells that an error is about the document, so that another attempt would see it again. Errors that may pass count
// as the document's once it has failed often enough.
func ofDocument(err error, attempt int) bool {
	var call *airlock.Error
	if !errors.As(err, &call) {
		return false
	}
	switch call.Code {
	case airlock.InvalidArgument, airlock.FailedPrecondition, airlock.NotFound, airlock.Unimplemented:
		return true
	case airlock.DeadlineExceeded, airlock.Internal:
		return attempt >= patience
	case airlock.ResourceExhausted:
		return call.RetryAfter == 0 && attempt >= patience
	default:
		return false
	}
}

// clip cuts a text at maxText, at a line's end.
func clip(text string) string {
	if len(text) <= maxText {
		return text
	}
	text = text[:maxText]
	if end := strings.LastIndexByte(text, '\n'); end > 0 {
		return text[:end]
	}
	return strings.ToValidUTF8(text, "")
}

package mail

import (
	"bytes"
	"strings"
)

var signatures = []struct{ prefix, mediaType string }{
	{"\x89PNG\r\n\x1a\n", "image/png"},
	{"\xff\xd8\xff", "image/jpeg"},
	{"GIF87a", "image/gif"},
	{"GIF89a", "image/gif"},
	{"BM", "image/bmp"},
	{"II*\x00", "image/tiff"},
	{"MM\x00*", "image/tiff"},
}

// sniff returns what the bytes of a file are, of the types a receipt comes in, and declared for all others. Half the senders
// call a PDF application/octet-stream.
func sniff(data []byte, declared string) string {
	// Readers of PDF take up to a kilobyte of rubbish in front.
	if bytes.Contains(data[:min(len(data), 1024)], []byte("%PDF-")) {
		return "application/pdf"
	}
	if len(data) >= 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP" {
		return "image/webp"
	}
	for _, signature := range signatures {
		// Two letters are too few to overrule what the sender says.
		if strings.HasPrefix(string(data[:min(len(data), 8)]), signature.prefix) &&
			(len(signature.prefix) > 2 || strings.HasPrefix(declared, "image/")) {
			return signature.mediaType
		}
	}
	return declared
}

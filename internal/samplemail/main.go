// Samplemail writes the mails in examples/mail: three receipts and a newsletter, each as a real sender would have built it. The
// same program writes the same bytes every time.
//
//	go run ./internal/samplemail -out examples/mail
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "samplemail:", err)
		os.Exit(1)
	}
}

// samples are the mails by file name.
var samples = map[string]func() ([]byte, error){
	"receipt-pdf.eml":     pdfReceipt,
	"receipt-picture.eml": pictureReceipt,
	"receipt-html.eml":    htmlReceipt,
	"newsletter.eml":      newsletter,
}

func run(args []string, stderr io.Writer) error {
	flags := flag.NewFlagSet("samplemail", flag.ContinueOnError)
	flags.SetOutput(stderr)
	out := flags.String("out", "examples/mail", "the folder to write to")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("parse flags: %w", err)
	}
	if err := os.MkdirAll(*out, 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	for name, build := range samples {
		mail, err := build()
		if err != nil {
			return fmt.Errorf("build %s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(*out, name), mail, 0o644); err != nil {
			return fmt.Errorf("write mail: %w", err)
		}
	}
	return nil
}

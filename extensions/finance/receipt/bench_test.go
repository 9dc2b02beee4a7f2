package receipt_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/airlock-run/airlock/extensions/finance/receipt"
)

func BenchmarkExtract(b *testing.B) {
	invoice, err := os.ReadFile(filepath.Join("..", "process", "testdata", "invoice-de.txt"))
	if err != nil {
		b.Fatal(err)
	}
	for name, text := range map[string]string{
		"invoice":              string(invoice),
		"256 KiB of amounts":   strings.Repeat(strings.Repeat("1.234,56 € 12 ", 20)+"\n", 256<<10/281),
		"256 KiB without line": strings.Repeat("Total 1.234,56 ", 256<<10/15),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				receipt.Judge(receipt.Evidence{Text: text})
				receipt.Extract(receipt.Source{Text: text})
			}
		})
	}
}

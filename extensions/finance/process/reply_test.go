package process

import "testing"

func TestUnquoted(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Thanks!\n> Total $5.00\n":                                  "Thanks!\n",
		"Thanks!\nOn Mon, Acme <a@b.example> wrote:\nTotal $5.00\n": "Thanks!\n",
		"Danke\nAm 3. März schrieb Acme:\n> Summe 5,00\n":           "Danke\nAm 3. März schrieb Acme:\n",
		"ok\n-----Original Message-----\nTotal $5.00":               "ok\n",
		"ok\nFrom: Acme <billing@acme.example>\nTotal $5.00":        "ok\n",
		"ok\nDe: Acme\nEnviado: terça-feira\nTotal $5.00":           "ok\n",
		"Total $5.00\nfrom the shop\n":                              "Total $5.00\nfrom the shop\n",
	} {
		if got := unquoted(text); got != want {
			t.Errorf("unquoted(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestIsReply(t *testing.T) {
	t.Parallel()
	for subject, want := range map[string]bool{"Re: Your receipt": true, "AW: Rechnung": true, "RE : facture": true, "Receipt": false, "Fwd: Your receipt": false, "Reisebestätigung": false} {
		if got := isReply(subject); got != want {
			t.Errorf("isReply(%q) = %t", subject, got)
		}
	}
}

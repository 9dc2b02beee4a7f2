package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// orderDocument is the input of the small guest: an order of three lines.
func orderDocument() []byte {
	var items []map[string]any
	for i := range 3 {
		items = append(items, map[string]any{
			"sku": fmt.Sprintf("AB-%04d", 17*i), "description": "Fernhill \"classic\" no. " + strings.Repeat("I", i%4+1),
			"quantity": i%5 + 1, "price": float64(100+37*i) / 4,
		})
	}
	return encoded(map[string]any{
		"order": "2026-1177", "customer": map[string]any{"name": "Büro Fernhill & Co.", "city": "Köln"}, "items": items,
	})
}

// jsonDocument is the input of the Go guest's JSON job, 20 KB, in the form its encoder writes.
func jsonDocument() []byte {
	type item struct {
		SKU      string  `json:"sku"`
		Quantity int     `json:"quantity"`
		Price    float64 `json:"price"`
	}
	type order struct {
		ID       string            `json:"id"`
		Customer string            `json:"customer"`
		Total    float64           `json:"total"`
		Paid     bool              `json:"paid"`
		Tags     []string          `json:"tags"`
		Labels   map[string]string `json:"labels"`
		Items    []item            `json:"items"`
	}
	var orders []order
	for size := 0; size < 20<<10; size = len(encoded(orders)) {
		n := len(orders)
		o := order{
			ID: fmt.Sprintf("2026-%05d", n), Customer: "Café \"Zum Anker\", Köln", Total: float64(n) * 12.25, Paid: n%2 == 0,
			Tags: []string{"shop", "b2b"}, Labels: map[string]string{"channel": "web", "region": "eu-west"},
		}
		for i := range n%4 + 1 {
			o.Items = append(o.Items, item{fmt.Sprintf("SKU-%d", 31*i+n), i + 1, float64(n+i) + 0.5})
		}
		orders = append(orders, o)
	}
	return encoded(orders)
}

// mailDocument is a receipt of 60 KB by mail: a shop's HTML with all its markup, and many lines.
func mailDocument() []byte {
	var mail bytes.Buffer
	mail.WriteString(strings.ReplaceAll(`From: Larkspur Office <receipts@larkspur-office.example>
To: accounts@fernhill.example
Subject: Your receipt from Larkspur Office [LO-2026-7731]
Date: Sat, 14 Nov 2026 06:03:17 +0000
Message-ID: <20261114060317.7731.0e5@larkspur-office.example>
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: 8bit

`, "\n", "\r\n"))
	mail.WriteString("<!DOCTYPE html>\r\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Your receipt from Larkspur Office</title></head>\r\n" +
		"<body><h1>Receipt from Larkspur Office</h1><p>Receipt number LO-2026-7731</p>\r\n<p>Date paid: 14 November 2026</p>\r\n<table>\r\n")
	total := 0
	for line := 0; mail.Len() < 60_000-300; line++ {
		price := 199 + 7*(line%50)
		total += price
		fmt.Fprintf(&mail, "<tr style=\"border-bottom:1px solid #e3e6ee\"><td style=\"padding:6px 0;color:#1d2433\">Copy paper, A4, ream no. %d"+
			"</td><td style=\"padding:6px 0;text-align:right\">£%d.%02d</td></tr>\r\n", line+1, price/100, price%100)
	}
	fmt.Fprintf(&mail, "<tr><td>Total</td><td>£%d.%02d</td></tr>\r\n</table>\r\n<p>Amount paid £%d.%02d, Mastercard ending in 4444. Thank you.</p>\r\n</body></html>\r\n",
		total/100, total%100, total/100, total%100)
	return mail.Bytes()
}

func encoded(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts and numbers
	}
	return data
}

package main

import (
	"fmt"
	"strings"

	"github.com/airlock-run/airlock/extensions/finance/mail"
	airlock "github.com/airlock-run/airlock/sdk/go"
)

// categories are what a receipt may be for.
var categories = []airlock.Label{
	{Name: "groceries", Description: "food and household goods from a supermarket, bakery or market", Examples: []string{"milk, bread, bananas, detergent", "Vollmilch, Brötchen, Äpfel, Supermarkt"}},
	{Name: "dining", Description: "meals and drinks in a restaurant, café or bar, or delivered", Examples: []string{"table 4, two coffees and a sandwich, tip", "Restaurant Bewirtung, Pizza, Getränke", "food delivery order, burger and fries"}},
	{Name: "travel", Description: "flights, trains and travel agencies", Examples: []string{"e-ticket flight booking, one passenger", "Bahn Fahrkarte ICE Hinfahrt und Rückfahrt"}},
	{Name: "lodging", Description: "hotels and other places to sleep", Examples: []string{"hotel, 2 nights, room, city tax", "Übernachtung mit Frühstück, Zimmer"}},
	{Name: "transport", Description: "getting around: taxi, ride, fuel, parking, public transport, rental car", Examples: []string{"your trip with a driver, fare, distance", "Tankstelle Super E10 Liter", "parking garage, monthly bus pass"}},
	{Name: "software", Description: "software, subscriptions, cloud hosting, domains and other digital services", Examples: []string{"team plan, seats per month, cloud storage", "annual subscription, licence, domain renewal", "server hosting, API usage"}},
	{Name: "office", Description: "office supplies, furniture, printing and postage", Examples: []string{"printer paper, toner, desk chair, monitor arm", "Bürobedarf Ordner Kopierpapier Bürostuhl Druckerpatrone", "stamps and parcel postage"}},
	{Name: "electronics", Description: "computers, phones, devices and their accessories", Examples: []string{"laptop, USB-C cable, headphones, keyboard", "Smartphone mit Ladegerät"}},
	{Name: "utilities", Description: "electricity, gas, water, internet and telephone", Examples: []string{"electricity bill kWh usage", "Stromrechnung Abschlag, Internetanschluss, Mobilfunk"}},
	{Name: "health", Description: "pharmacy, doctors, glasses and fitness", Examples: []string{"pharmacy prescription, vitamins", "Apotheke Rezept Tabletten", "dental treatment, gym membership"}},
	{Name: "entertainment", Description: "cinema, concerts, games, streaming and books", Examples: []string{"two cinema tickets, concert", "video streaming monthly, game purchase", "Bücher, Theaterkarten"}},
	{Name: "clothing", Description: "clothes, shoes and accessories", Examples: []string{"shirt size M, jeans, sneakers", "Schuhe, Jacke, Kleid"}},
	{Name: "home", Description: "furniture, tools, garden and repairs at home", Examples: []string{"paint, drill, screws, lamp", "Baumarkt Holz Farbe, Sofa, Blumen"}},
	{Name: "services", Description: "craftsmen, consulting, insurance, education and fees", Examples: []string{"consulting hours, legal advice", "insurance premium, course fee", "Handwerker Arbeitszeit, Versicherung Beitrag"}},
}

const (
	// uncategorized is the category of what fits no label better than another.
	uncategorized = "uncategorized"
	// leastConfidence is twice what each label has if nothing speaks for any.
	leastConfidence = 0.14
	// maxJudged is how much text decides a category.
	maxJudged = 4000
)

// classify asks for the category of a receipt.
func classify(job *airlock.JobContext, message *mail.Message, f *found) error {
	job.Progress(0.7, "choosing a category")
	var text strings.Builder
	text.WriteString(f.Analysis.Vendor + "\n" + message.Subject + "\n")
	for _, item := range f.Analysis.Items {
		text.WriteString(item.Description + "\n")
	}
	text.WriteString(f.Text)
	judged := strings.ToValidUTF8(text.String()[:min(maxJudged, text.Len())], "")
	result, err := job.AI().ClassifyText(judged, categories)
	if err != nil {
		return fmt.Errorf("choose a category: %w", err)
	}
	f.Analysis.Category = result.Label
	if result.Confidence < leastConfidence {
		f.Analysis.Category = uncategorized
	}
	return nil
}
